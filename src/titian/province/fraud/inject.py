"""Plants all nine scenarios and their look-alikes in one bank and writes down the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa

from titian.province.codes import party_ids, words
from titian.province.fraud import (
    bonus_abuse,
    card_theft,
    credential_stuffing,
    identity_theft,
    malicious_registration,
    prohibited,
    telecom_fraud,
    unauthorised_use,
)
from titian.province.fraud.case import Case, open_case
from titian.province.fraud.dress import dress, mirror
from titian.province.fraud.laundering import look_alikes, rings
from titian.province.fraud.model import NEVER, Incidents, Part, Reporter, Role, Scenario, merge
from titian.province.model import (
    Entries,
    Events,
    Flags,
    Flows,
    Injection,
    Ints,
    ProvinceConfig,
    Refs,
    World,
    concat,
    replace,
    take,
)

Rows = TypeVar("Rows", Events, Entries)
Planter = Callable[[Case, np.random.Generator], Part]

PLANTERS: Final[tuple[tuple[str, Planter], ...]] = (
    ("credential_stuffing", credential_stuffing.frauds),
    ("bonus_abuse", bonus_abuse.frauds),
    ("card_theft", card_theft.frauds),
    ("telecom_fraud", telecom_fraud.frauds),
    ("laundering", rings.frauds),
    ("identity_theft", identity_theft.frauds),
    ("unauthorised_use", unauthorised_use.frauds),
    ("malicious_registration", malicious_registration.frauds),
    ("prohibited", prohibited.frauds),
    ("credential_stuffing.innocent", credential_stuffing.innocents),
    ("bonus_abuse.innocent", bonus_abuse.innocents),
    ("card_theft.innocent", card_theft.innocents),
    ("telecom_fraud.innocent", telecom_fraud.innocents),
    ("laundering.innocent", look_alikes.innocents),
    ("identity_theft.innocent", identity_theft.innocents),
    ("unauthorised_use.innocent", unauthorised_use.innocents),
    ("malicious_registration.innocent", malicious_registration.innocents),
    ("prohibited.innocent", prohibited.innocents),
)
"""Every planter draws from a stream of its own, so that changing one leaves the others alone."""


def inject(
    config: ProvinceConfig,
    world: World,
    flows: Flows,
    labels_before: int = 0,
    *,
    gangs: ProvinceConfig | None = None,
) -> Injection:
    """Plant fraud campaigns and innocent look-alikes in a bank's window.

    `flows` is what happens there honestly; nothing of it is changed. The truth table
    `fraud_incident` has one row per label: who, when, how, how much, and when it was reported.
    `gangs` is the configuration whose seed chooses the criminals' accounts, when another window
    of the same province knows them already.
    """
    stream = (gangs or config).stream(world.bank.no, "fraud.case")
    case, criminals = open_case(config, world, flows.events, stream)
    parts = [plant(case, config.stream(world.bank.no, f"fraud.{name}")) for name, plant in PLANTERS]
    part = merge(parts)
    events = _inside(case, dress(case, part.events))
    entries = _inside(case, concat([mirror(case, events), part.entries]))
    kept = np.unique(np.r_[events.label, entries.label])
    events, entries = (
        replace(events, label=_renumbered(events.label, kept, labels_before)),
        replace(entries, label=_renumbered(entries.label, kept, labels_before)),
    )
    incidents = take(part.incidents, kept - 1)
    truth = {"fraud_incident": _truth(world, incidents, events, entries, labels_before)}
    return Injection(entries, events, criminals, truth, len(kept))


def _inside(case: Case, rows: Rows) -> Rows:
    at = rows.at.astype(np.int64)
    return take(rows, (at >= case.start) & (at < case.end))


def _renumbered(label: Refs, kept: Refs, before: int) -> Refs:
    return (np.searchsorted(kept, label) + 1 + before).astype(np.int32)


def _truth(
    world: World, incidents: Incidents, events: Events, entries: Entries, before: int
) -> pa.Table:
    count = len(incidents.scenario)
    label = np.r_[events.label, entries.label] - 1 - before
    at = np.r_[events.at, entries.at].astype("datetime64[s]").astype(np.int64)
    first = np.full(count, np.iinfo(np.int64).max)
    last = np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(first, label, at)
    np.maximum.at(last, label, at)
    return pa.table(
        {
            "bank": pa.array([world.bank.bank] * count, pa.string()),
            "label": np.arange(before + 1, before + count + 1),
            "scenario": words(Scenario, incidents.scenario),
            "campaign": incidents.campaign,
            "fraud": incidents.fraud,
            "party_id": party_ids(world, incidents.party),
            "role": words(Role, incidents.role),
            "how": pa.array(incidents.how.tolist(), pa.string()),
            "started_at": _moments(first),
            "ended_at": _moments(last),
            "amount_fen": _moved_fen(entries, before, count),
            "reporter": words(Reporter, incidents.reporter),
            "reported_at": _moments(last + incidents.delay_s, incidents.delay_s == NEVER),
        }
    )


def _moved_fen(entries: Entries, before: int, count: int) -> Ints:
    label = entries.label - 1 - before
    sides = [
        np.bincount(label, weights=np.where(entries.direction == side, entries.amount_fen, 0),
                    minlength=count)
        for side in (-1, 1)
    ]  # fmt: skip
    return np.maximum(*sides).astype(np.int64)


def _moments(seconds: Ints, missing: Flags | None = None) -> pa.Array:
    return pa.array(seconds.astype("datetime64[s]"), pa.timestamp("us"), mask=missing)
