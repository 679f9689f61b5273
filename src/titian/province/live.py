"""Streams today's channel events as they happen, going on where the generated history ends.

The days after the history are generated a block at a time from the same worlds, with the same
gangs, so that customers, accounts, devices and habits stay who they were.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import msgspec
import numpy as np
import pyarrow as pa
import typer

from titian.kernel import clock
from titian.kernel.errors import Corrupt, InvalidInput, NotFound, Unavailable
from titian.province import fraud, text
from titian.province.codes import words
from titian.province.entries import honest_entries
from titian.province.events import honest_events
from titian.province.generate import MANIFEST
from titian.province.model import (
    Channel,
    Events,
    EventType,
    Flows,
    ProvinceConfig,
    Result,
    World,
    concat,
    size,
    take,
)
from titian.province.movements import event_ids
from titian.province.sheets import Ids, ids_of
from titian.province.touches import market
from titian.province.world import build_worlds

MAX_PARTY_DAYS: Final = 2_000_000
"""Customers times days generated ahead at once."""

LAST_YEAR: Final = 2039
MAX_SPEED: Final = 1_000_000.0
_SEED_STEP: Final = 7_919
_ROWS_AT_ONCE: Final = 4_096


class LiveEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A channel event as the raw feed has it; `occurred_at` is bank-local, money in fen."""

    bank: str
    event_id: str
    occurred_at: datetime
    channel: str
    event_type: str
    party_id: str | None
    account_id: str | None
    card_id: str | None
    amount_fen: int | None
    payee_account: str | None
    payee_name: str | None
    device_id: str | None
    ip: str | None
    phone: str | None
    merchant_id: str | None
    terminal_id: str | None
    result: str


def stream(
    config: ProvinceConfig,
    speed: float = 1.0,
    start: datetime | None = None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    ticks: Callable[[], float] = time.monotonic,
) -> Iterator[LiveEvent]:
    """Yield events of all banks in the order of their time, waiting until each is due.

    `speed` is how many times faster than real time (0 = without waiting). `start` is a moment
    after the history, bank-local or with a zone; by default the first after it. The stream ends
    with the year 2039. Raises InvalidInput when speed or start is out of range.
    """
    begin = _begin(config, start)
    if not 0.0 <= speed <= MAX_SPEED:
        raise InvalidInput(
            f"--speed is {speed}, outside 0 to {MAX_SPEED:,.0f}",
            "Give 1 for real time, 60 for a minute a second, 0 for no waiting.",
        )
    return _paced(_events(config, begin), begin, speed, sleep, ticks)


def config_of(folder: Path) -> ProvinceConfig:
    """The configuration of a generated province. Raises NotFound, Corrupt."""
    path = folder / MANIFEST
    if not path.is_file():
        raise NotFound(
            f"{folder} holds no province", "Run `titian province generate --out` there first."
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        first, last = (date.fromisoformat(manifest[name]) for name in ("first_date", "last_date"))
        return ProvinceConfig(
            banks=len(manifest["banks"]),
            customers=sum(bank["customers"] for bank in manifest["banks"]),
            days=(last - first).days + 1,
            seed=manifest["seed"],
            end=last,
            bad_row_share=manifest["bad_row_share"],
        )
    except (ValueError, KeyError, TypeError, InvalidInput):
        raise Corrupt(
            f"{path} does not describe a whole province",
            "Generate it again: `titian province generate --force`.",
        ) from None


def stream_command(
    province: Annotated[Path, typer.Option(help="Folder of a generated province.")],
    out: Annotated[Path | None, typer.Option(help="A file to append to; else print.")] = None,
    speed: Annotated[float, typer.Option(help="Times real time; 0 = without waiting.")] = 1.0,
    limit: Annotated[int, typer.Option(help="Stop after so many events; 0 = never.")] = 0,
    start: Annotated[
        str | None, typer.Option(help="Bank-local moment after the history: 2026-04-01T08:00.")
    ] = None,
) -> None:
    """Stream synthetic events, one JSON object a line, going on from a province's history."""
    if limit < 0:
        raise InvalidInput(f"--limit is {limit}", "Give 0 for no limit or a positive number.")
    begin = None if start is None else _moment(start)
    events = stream(config_of(province), speed, begin)
    encode = msgspec.json.Encoder().encode
    target = sys.stdout.buffer if out is None else _opened(out)
    try:
        for number, event in enumerate(events, start=1):
            target.write(encode(event) + b"\n")
            target.flush()
            if number == limit:
                break
    finally:
        if out is not None:
            target.close()


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"--start {text[:40]!r} is no moment", "Write it as 2026-04-01T08:00, bank-local."
        ) from None


def _opened(out: Path) -> BinaryIO:
    try:
        return out.open("ab")
    except OSError as error:
        raise Unavailable(
            f"{out} cannot be written ({error.strerror})", "Name a file you may write with --out."
        ) from None


@dataclass(frozen=True, slots=True)
class _Block:
    world: World
    ids: Ids
    payee_account: pa.Array
    payee_name: pa.Array
    events: Events


def _begin(config: ProvinceConfig, start: datetime | None) -> datetime:
    after = datetime.combine(config.end + timedelta(days=1), datetime.min.time())
    if start is None:
        return after
    local = start.astimezone(clock.BANK_TZ).replace(tzinfo=None) if start.tzinfo else start
    if not after <= local < datetime(LAST_YEAR + 1, 1, 1):  # noqa: DTZ001 - bank-local
        raise InvalidInput(
            f"--start {local.isoformat()} is not after the history",
            f"Give a moment from {after.isoformat()} to the end of {LAST_YEAR}.",
        )
    return local


def _paced(
    events: Iterator[LiveEvent],
    begin: datetime,
    speed: float,
    sleep: Callable[[float], None],
    ticks: Callable[[], float],
) -> Iterator[LiveEvent]:
    began = ticks()
    for event in events:
        if speed:
            due = began + (event.occurred_at - begin).total_seconds() / speed
            wait = due - ticks()
            if wait > 0:
                sleep(wait)
        yield event


def _events(config: ProvinceConfig, begin: datetime) -> Iterator[LiveEvent]:
    for table in _days(config, begin):
        for low in range(0, table.num_rows, _ROWS_AT_ONCE):
            for row in table.slice(low, _ROWS_AT_ONCE).to_pylist():
                yield LiveEvent(**row)


def _days(config: ProvinceConfig, begin: datetime) -> Iterator[pa.Table]:
    """One table a day, ordered by time, the first from `begin` on."""
    worlds = [(world, ids_of(world)) for world in build_worlds(config)]
    length = int(np.clip(MAX_PARTY_DAYS // config.customers, 1, config.days))
    number = (begin.date() - config.end - timedelta(days=1)).days // length
    while True:
        first = config.end + timedelta(days=1 + number * length)
        if first.year > LAST_YEAR:
            return
        end = min(first + timedelta(days=length - 1), date(LAST_YEAR + 1, 12, 31))
        seed = (config.seed + _SEED_STEP * (number + 1)) % 2**63
        window = replace(config, days=(end - first).days + 1, end=end, seed=seed)
        blocks = [_live_on(window, config, world, ids) for world, ids in worlds]
        for day in window.dates:
            if day >= begin.date():
                yield _day(blocks, np.datetime64(max(begin, _midnight(day)), "s"), day)
        number += 1


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _live_on(window: ProvinceConfig, history: ProvinceConfig, world: World, ids: Ids) -> _Block:
    entries = honest_entries(window, world)
    honest = honest_events(window, world, entries)
    flows = Flows(entries, honest, market(window, world)[1].touches)
    planted = fraud.inject(window, world, flows, gangs=history)
    events = concat([honest, planted.events])
    order = np.argsort(events.at, kind="stable")
    payees = concat([world.payees, planted.payees])
    number, name = (pa.array(part.tolist(), pa.string()) for part in (payees.number, payees.name))
    return _Block(world, ids, number, name, take(events, order))


def _day(blocks: list[_Block], begin: np.datetime64, day: date) -> pa.Table:
    first, last = np.datetime64(day, "s"), np.datetime64(day + timedelta(days=1), "s")
    parts, moments = [], []
    for block in blocks:
        low, high = np.searchsorted(block.events.at, [first, last])
        today = take(block.events, np.arange(low, high))
        table = _table(block, today)
        due = int(np.searchsorted(today.at, begin))
        parts.append(table.slice(due))
        moments.append(today.at[due:])
    order = np.argsort(np.concatenate(moments), kind="stable")
    return pa.concat_tables(parts).take(pa.array(order))


def _table(block: _Block, events: Events) -> pa.Table:
    ids, no = block.ids, f"{block.world.bank.no:02d}"
    known, payee = events.amount_fen >= 0, pa.array(events.payee, mask=events.payee < 0)
    phone = np.where(events.phone == 0, -1, events.phone)
    cells = {
        "event_id": event_ids(block.world, events.at),
        "party_id": text.take(ids.party, events.party),
        "account_id": text.take(ids.account, events.account),
        "card_id": text.take(ids.card, events.card),
        "device_id": text.devices(block.world.bank.no, events.device),
        "ip": text.addresses(events.ip),
        "phone": text.ids("", phone, 11),
        "merchant_id": text.ids(f"M{no}", events.merchant, 7),
        "terminal_id": text.ids(f"T{no}", events.terminal, 7),
    }
    return pa.table(
        {name: column.cast(pa.string()) for name, column in cells.items()}
        | {
            "bank": pa.array([block.world.bank.bank] * size(events), pa.string()),
            "occurred_at": pa.array(events.at),
            "channel": words(Channel, events.channel),
            "event_type": words(EventType, events.kind),
            "amount_fen": pa.array(events.amount_fen, mask=~known),
            "payee_account": block.payee_account.take(payee),
            "payee_name": block.payee_name.take(payee),
            "result": words(Result, events.result),
        }
    )
