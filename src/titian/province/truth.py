"""Truth tables: what the platform must not see, kept apart for tests to score against."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.province.flaws import Spoilt
from titian.province.ledger import Ledger
from titian.province.model import (
    Events,
    PartyType,
    ProvinceConfig,
    World,
)
from titian.province.movements import entry_ids, event_ids
from titian.province.sheets import Ids
from titian.province.touches import Marketing


def party_truth(world: World, ids: Ids) -> pa.Table:
    """One row a party: the true person and household behind the record, and hidden traits."""
    traits = world.traits
    person = np.where(world.people.kind == PartyType.PERSON, traits.person, -1)
    return _table(
        world,
        party_id=_words(ids.party),
        person=_known(person),
        household=_known(traits.household),
        risk=traits.risk,
        digital=traits.digital,
        migrant=traits.migrant,
    )


def loan_truth(world: World, ids: Ids) -> pa.Table:
    """One row a loan: the hidden monthly default hazard and the day it stopped being paid."""
    loans = world.loans
    return _table(
        world,
        loan_id=_words(ids.loan),
        monthly_hazard=loans.hazard_pd,
        default_on=loans.default_on,
    )


def village_truth(world: World, ids: Ids) -> pa.Table:
    """One row a village: its market phase (days since 1970 mod 5) and its disaster, if any."""
    villages = world.villages
    return _table(
        world,
        village_id=_words(ids.village),
        market_phase=villages.market_phase,
        shock_on=villages.shock_on,
        shock=villages.shock,
    )


def marketing_truth(world: World, ids: Ids, marketing: Marketing) -> pa.Table:
    """One row a targeted party and campaign, held out or treated, with the true uplift."""
    party = _words(ids.party).take(pa.array(marketing.party))
    campaign = [f"Q{world.bank.no:02d}{number + 1:03d}" for number in marketing.campaign.tolist()]
    return _table(
        world,
        party_id=party,
        campaign_id=pa.array(campaign, pa.string()),
        treated=marketing.treated,
        baseline=marketing.baseline,
        uplift=marketing.uplift,
        converted=marketing.converted,
    )


def label_truth(world: World, ledger: Ledger, events: Events) -> pa.Table:
    """One row a planted entry or event: its id and the label of the incident it belongs to."""
    planted = np.flatnonzero(ledger.entries.label > 0)
    seen = np.flatnonzero(events.label > 0)
    moved = _words(entry_ids(world, ledger.entries.at)).take(pa.array(planted))
    happened = _words(event_ids(world, events.at)).take(pa.array(seen))
    return _table(
        world,
        label=np.r_[ledger.entries.label[planted], events.label[seen]].astype(np.int64),
        kind=pa.array(["entry"] * len(planted) + ["event"] * len(seen), pa.string()),
        id=pa.concat_arrays([moved, happened]),
    )


def bad_row_truth(config: ProvinceConfig, world: World, spoilt: list[Spoilt]) -> pa.Table:
    """One row a bad row: file, line (from 1), what was done to which field, and the good line."""
    dates = config.dates
    return _table(
        world,
        feed=pa.array([row.feed for row in spoilt], pa.string()),
        business_date=pa.array([dates[row.day] for row in spoilt], pa.date32()),
        line=pa.array([row.line for row in spoilt], pa.int64()),
        flaw=pa.array([row.flaw.value for row in spoilt], pa.string()),
        field=pa.array([row.field for row in spoilt], pa.string()),
        original=pa.array([row.original_text for row in spoilt], pa.string()),
        written=pa.array([row.written.rstrip(b"\n") for row in spoilt], pa.binary()),
    )


def _table(
    world: World,
    **columns: pa.Array | npt.NDArray[Any],
) -> pa.Table:
    count = len(next(iter(columns.values())))
    bank = pa.array([world.bank.bank] * count, pa.string())
    return pa.table({"bank": bank, **columns})


def _words(ids: pa.Array) -> pa.Array:
    return ids.cast(pa.string())


def _known(numbers: npt.NDArray[np.integer]) -> pa.Array:
    return pa.array(numbers.astype(np.int64), mask=numbers < 0)
