"""Building blocks of the scenarios: choosing parties, acting, moving money, being reported."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from titian.province.draws import chance
from titian.province.fraud.case import Case
from titian.province.fraud.model import NEVER, Incidents, Part, Reporter, Role, Scenario
from titian.province.model import (
    NOBODY,
    Channel,
    Direction,
    Entries,
    Events,
    Floats,
    Ints,
    Result,
    Summary,
    concat,
)

Whole = npt.NDArray[np.integer] | int

HOUR: Final = 3_600
DAY: Final = 86_400
_CARRIER_NETWORK: Final = 100 << 24 | 64 << 16
_CARRIER_HOSTS: Final = 1 << 22


def choose(stream: np.random.Generator, pool: npt.NDArray[np.integer], count: int) -> Ints:
    """Draw distinct members of a pool, fewer when the pool is smaller."""
    return stream.permutation(pool)[: max(count, 0)].astype(np.int64)


def teams(
    stream: np.random.Generator, pool: Ints, count: int, low: int, high: int
) -> tuple[Ints, Ints]:
    """Draw `count` teams of `low` to `high` parties: (team of each row, its party).

    A party may serve in several teams but only once in each; small pools make smaller teams.
    """
    sizes = stream.integers(low, high + 1, count)
    chosen = [choose(stream, pool, int(size)) for size in sizes]
    lengths = np.array([len(rows) for rows in chosen], dtype=np.int64)
    team = np.repeat(np.arange(count), lengths)
    return team, np.concatenate([*chosen, np.empty(0, np.int64)]).astype(np.int64)


def addresses(stream: np.random.Generator, count: int) -> Ints:
    """Draw network addresses of the block that is never routed in public."""
    return _CARRIER_NETWORK + stream.integers(0, _CARRIER_HOSTS, count)


def days_at(
    case: Case, stream: np.random.Generator, count: int, hours: tuple[float, float]
) -> Ints:
    """Draw moments of the window (seconds since 1970) between two hours of the day."""
    day = stream.integers(0, case.config.days, count)
    second = stream.uniform(hours[0] * HOUR, hours[1] * HOUR, count).astype(np.int64)
    return case.start + day * DAY + second


def round_fen(amount_fen: Floats, step_yuan: int) -> Ints:
    """Round to whole multiples of `step_yuan` yuan, at least one step."""
    step = step_yuan * 100
    return np.maximum(np.round(amount_fen / step), 1).astype(np.int64) * step


def act(
    label: Ints,
    at: Ints,
    channel: Whole,
    kind: Whole,
    party: Whole,
    *,
    account: Whole = NOBODY,
    card: Whole = NOBODY,
    amount_fen: Whole = NOBODY,
    payee: Whole = NOBODY,
    device: Whole = NOBODY,
    ip: Whole = 0,
    phone: Whole = 0,
    result: Whole = Result.SUCCESS,
) -> Events:
    """Channel events, one per label row; `label` counts from 0, `at` in seconds since 1970.

    What a channel sees besides (card, phone, merchant, terminal) is filled in by `dress`.
    """
    count = len(label)
    return Events(
        at=at.astype("datetime64[s]"),
        channel=_codes(channel, count),
        kind=_codes(kind, count),
        party=_refs(party, count),
        account=_refs(account, count),
        card=_refs(card, count),
        amount_fen=np.broadcast_to(np.asarray(amount_fen, np.int64), (count,)),
        payee=_refs(payee, count),
        device=_refs(device, count),
        ip=np.broadcast_to(np.asarray(ip, np.uint32), (count,)),
        phone=np.broadcast_to(np.asarray(phone, np.int64), (count,)),
        merchant=_refs(NOBODY, count),
        terminal=_refs(NOBODY, count),
        result=_codes(result, count),
        label=(label + 1).astype(np.int32),
    )


def post(
    label: Ints,
    at: Ints,
    account: Ints,
    direction: Direction,
    amount_fen: Ints,
    channel: Channel,
    summary: Summary,
    counterparty: Whole = NOBODY,
) -> Entries:
    """Ledger entries without a channel event; `label` counts from 0."""
    count = len(label)
    return Entries(
        account=account.astype(np.int32),
        at=at.astype("datetime64[s]"),
        direction=np.full(count, direction, np.int8),
        amount_fen=amount_fen.astype(np.int64),
        channel=np.full(count, channel, np.uint8),
        summary=np.full(count, summary, np.uint8),
        counterparty=np.broadcast_to(np.asarray(counterparty, np.int32), (count,)),
        label=(label + 1).astype(np.int32),
    )


def no_entries() -> Entries:
    """No ledger entries."""
    none = np.empty(0, np.int64)
    return post(none, none, none, Direction.DEBIT, none, Channel.MOBILE, Summary.TRANSFER)


def incidents(
    scenario: Scenario,
    campaign: Ints,
    party: Whole,
    role: Role,
    how: str | npt.NDArray[np.str_],
    reports: tuple[Ints, Ints] | None = None,
) -> Incidents:
    """Incident rows; without `reports` they are innocent look-alikes or never come to light."""
    count = len(campaign)
    reporter, delay_s = reports or (np.zeros(count, np.int64), np.full(count, NEVER))
    return Incidents(
        scenario=np.full(count, scenario, np.uint8),
        campaign=campaign.astype(np.int32),
        fraud=np.full(count, role != Role.INNOCENT),
        party=np.broadcast_to(np.asarray(party, np.int32), (count,)),
        role=np.full(count, role, np.uint8),
        how=np.broadcast_to(np.asarray(how), (count,)).astype("<U40"),
        reporter=reporter.astype(np.uint8),
        delay_s=delay_s.astype(np.int64),
    )


def reports(
    stream: np.random.Generator,
    count: int,
    median_hours: float,
    spread: float,
    never: float,
    reporter: Reporter = Reporter.CUSTOMER,
) -> tuple[Ints, Ints]:
    """Who reports and after how long: log-normal delays around a median; a share never."""
    silent = chance(stream, never, count)
    delay = median_hours * HOUR * np.exp(stream.normal(0, spread, count))
    return (
        np.where(silent, Reporter.NOBODY, reporter),
        np.where(silent, NEVER, np.maximum(delay, 300)).astype(np.int64),
    )


def part(events: list[Events], rows: Incidents, entries: list[Entries] | None = None) -> Part:
    """A part from its pieces."""
    return Part(concat(events), concat(entries) if entries else no_entries(), rows)


def nth_in_team(team: Ints) -> Ints:
    """The position of each row among the rows of its team; teams stand together."""
    return np.arange(len(team)) - np.searchsorted(team, team)


def spread_out(stream: np.random.Generator, count: Ints, mean_gap_s: float) -> tuple[Ints, Ints]:
    """Repeat row n `count[n]` times; give (row, seconds since the row's first, cumulative gaps)."""
    row = np.repeat(np.arange(len(count)), count)
    gap = stream.exponential(mean_gap_s, len(row)).astype(np.int64) + 1
    total = np.cumsum(gap)
    first = np.cumsum(count) - count
    since = total - total[np.minimum(first, max(len(total) - 1, 0))][row] if len(row) else total
    return row, since


def _refs(value: Whole, count: int) -> npt.NDArray[np.int32]:
    return np.broadcast_to(np.asarray(value, np.int32), (count,))


def _codes(value: Whole, count: int) -> npt.NDArray[np.uint8]:
    return np.broadcast_to(np.asarray(value, np.uint8), (count,))
