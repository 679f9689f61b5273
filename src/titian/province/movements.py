"""Event feeds: entries, channel events and marketing touches, each on its own day."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from titian.province import text
from titian.province.ledger import Ledger, order_by
from titian.province.model import (
    Direction,
    Events,
    Ints,
    Payees,
    ProvinceConfig,
    Times,
    Touches,
    World,
    size,
    take,
)
from titian.province.sheets import Flaw, Ids, Sheet, starts_of, whole_columns

ENTRY_PREFIX: Final = "E"
EVENT_PREFIX: Final = "N"


def entry_sheet(
    config: ProvinceConfig, world: World, payees: Payees, ids: Ids, ledger: Ledger
) -> Sheet:
    """Ledger entries with the balance after each."""
    entries, balance = ledger.entries, ledger.balance_fen
    numbers = numbers_of(entries.at)
    accounts = world.accounts
    owner = text.join(ids.account, text.take(ids.party, accounts.party))
    org = text.take(ids.org, accounts.org)
    other = text.join(text.words(payees.number), text.words(payees.name))
    nobody = text.join(pa.array([b""], pa.binary()), pa.array([b""], pa.binary()))
    other = pa.concat_arrays([nobody, other])
    sides = pa.array([b"D", b"", b"C"], pa.binary())
    how = _pairs(entries.channel.max(initial=0), entries.summary.max(initial=0))

    def cells(low: int, high: int) -> list[pa.Array]:
        rows = slice(low, high)
        account = entries.account[rows]
        width = int(entries.summary.max(initial=0)) + 1
        manner = entries.channel[rows].astype(np.int32) * width + entries.summary[rows]
        return [
            text.ids(f"{ENTRY_PREFIX}{world.bank.no:02d}", numbers[rows], 15),
            text.take(owner, account),
            text.times(entries.at[rows]),
            text.take(sides, entries.direction[rows] - int(Direction.DEBIT)),
            text.money(entries.amount_fen[rows]),
            text.money(balance[rows]),
            text.take(how, manner),
            text.take(other, entries.counterparty[rows] + 1),
            text.take(org, account),
        ]

    fields = (
        "entry_id", "account_id", "party_id", "occurred_at", "direction", "amount_fen",
        "balance_after_fen", "channel", "summary", "counterparty_account", "counterparty_name",
        "org_id",
    )  # fmt: skip
    flaws = {
        Flaw.WRONG_CODE: ("direction", "channel"),
        Flaw.BAD_DATE: ("occurred_at",),
        Flaw.MISSING_REQUIRED: ("account_id", "entry_id"),
        Flaw.EXTRA_FIELD: (),
        Flaw.IMPOSSIBLE_AMOUNT: ("amount_fen",),
        Flaw.BROKEN_ENCODING: ("counterparty_name",),
    }
    return Sheet(
        "entry",
        fields,
        _starts(config, entries.at),
        cells,
        {"amount_fen": entries.amount_fen},
        flaws,
    )


def event_sheet(
    config: ProvinceConfig, world: World, payees: Payees, ids: Ids, events: Events
) -> Sheet:
    """Channel events; they must be ordered by time."""
    numbers = numbers_of(events.at)
    other = text.join(text.words(payees.number), text.words(payees.name))
    other = pa.concat_arrays([pa.array([text.DELIMITER], pa.binary()), other])
    no = f"{world.bank.no:02d}"
    known = events.amount_fen >= 0
    how = _pairs(events.channel.max(initial=0), events.kind.max(initial=0))

    def cells(low: int, high: int) -> list[pa.Array]:
        rows = slice(low, high)
        width = int(events.kind.max(initial=0)) + 1
        manner = events.channel[rows].astype(np.int32) * width + events.kind[rows]
        phone = events.phone[rows]
        return [
            text.ids(EVENT_PREFIX + no, numbers[rows], 15),
            text.times(events.at[rows]),
            text.take(how, manner),
            text.take(ids.party, events.party[rows]),
            text.take(ids.account, events.account[rows]),
            text.take(ids.card, events.card[rows]),
            text.money(events.amount_fen[rows], known[rows]),
            text.take(other, events.payee[rows] + 1),
            text.devices(world.bank.no, events.device[rows]),
            text.addresses(events.ip[rows]),
            text.ids("", np.where(phone == 0, -1, phone), 11),
            text.ids(f"M{no}", events.merchant[rows], 7),
            text.ids(f"T{no}", events.terminal[rows], 7),
            text.codes(events.result[rows]),
        ]

    fields = (
        "event_id", "occurred_at", "channel", "event_type", "party_id", "account_id", "card_id",
        "amount_fen", "payee_account", "payee_name", "device_id", "ip", "phone", "merchant_id",
        "terminal_id", "result",
    )  # fmt: skip
    flaws = {
        Flaw.WRONG_CODE: ("event_type", "channel", "result"),
        Flaw.BAD_DATE: ("occurred_at",),
        Flaw.MISSING_REQUIRED: ("event_id", "event_type"),
        Flaw.EXTRA_FIELD: (),
        Flaw.BROKEN_ENCODING: ("payee_name", "device_id"),
    }
    return Sheet("event", fields, _starts(config, events.at), cells, flaws=flaws)


def touch_sheet(config: ProvinceConfig, world: World, ids: Ids, touches: Touches) -> Sheet:
    """Marketing contacts."""
    touches = take(touches, order_by(_seconds(config, touches.at), np.arange(size(touches))))
    no = f"{world.bank.no:02d}"
    columns = [
        text.ids(f"K{no}", numbers_of(touches.at), 15),
        text.take(ids.party, touches.party),
        text.ids(f"Q{no}", touches.campaign + 1, 3),
        text.codes(touches.channel),
        text.times(touches.at),
        text.flags(touches.responded),
        text.times(touches.responded_at),
        text.flags(touches.converted),
    ]
    fields = (
        "touch_id",
        "party_id",
        "campaign_id",
        "channel",
        "sent_at",
        "responded",
        "responded_at",
        "converted",
    )
    flaws = {
        Flaw.WRONG_CODE: ("channel", "responded"),
        Flaw.BAD_DATE: ("sent_at",),
        Flaw.MISSING_REQUIRED: ("party_id",),
        Flaw.BROKEN_ENCODING: ("campaign_id",),
    }
    return Sheet("touch", fields, _starts(config, touches.at), whole_columns(columns), flaws=flaws)


def entry_ids(world: World, at: Times) -> pa.Array:
    """Return the ids of entries ordered by time."""
    return text.ids(f"{ENTRY_PREFIX}{world.bank.no:02d}", numbers_of(at), 15)


def event_ids(world: World, at: Times) -> pa.Array:
    """Return the ids of events ordered by time."""
    return text.ids(f"{EVENT_PREFIX}{world.bank.no:02d}", numbers_of(at), 15)


def numbers_of(at: Times) -> Ints:
    """Number rows ordered by time: yyyymmdd and the row of its day, counted from 1."""
    day = at.astype("datetime64[D]")
    first = np.flatnonzero(np.r_[np.ones(min(len(day), 1), bool), day[1:] != day[:-1]])
    nth = np.arange(len(day)) - np.repeat(first, np.diff(np.r_[first, len(day)])) + 1
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    figures = year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100
    numbers: Ints = (figures + (day - month).astype(np.int64) + 1) * 10_000_000 + nth
    return numbers


def _pairs(first: int, second: int) -> pa.Array:
    # Both codes of a row, joined: one look-up for two fields.
    return pa.array(
        [
            b"%d" % left + text.DELIMITER + (b"%02d" % right if right else b"")
            for left in range(int(first) + 1)
            for right in range(int(second) + 1)
        ],
        pa.binary(),
    )


def _seconds(config: ProvinceConfig, at: Times) -> Ints:
    seconds: Ints = (at - config.start_day.astype("datetime64[s]")).astype(np.int64)
    return seconds


def _starts(config: ProvinceConfig, at: Times) -> Ints:
    day = (at.astype("datetime64[D]") - config.start_day).astype(np.int64)
    return starts_of(config, day)
