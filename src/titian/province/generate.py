"""Generates the province: worlds, flows, planted campaigns, unload files, truth."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from titian.kernel.errors import Conflict, InvalidInput
from titian.province import fraud, loanbook, movements, sheets, snapshots, truth
from titian.province.entries import honest_entries
from titian.province.events import honest_events
from titian.province.ledger import Ledger, order_by, raised_limits, settle
from titian.province.livestock import write_livestock
from titian.province.model import (
    Cards,
    Events,
    Flows,
    Injection,
    Payees,
    ProvinceConfig,
    World,
    concat,
    size,
    take,
)
from titian.province.parquet import ParquetFolder
from titian.province.sheets import Ids, Sheet
from titian.province.touches import Marketing, market
from titian.province.unload import Written, write_unload
from titian.province.vendors import write_vendors
from titian.province.world import build_worlds

Progress = Callable[[int], None]
Injector = Callable[[ProvinceConfig, World, Flows, int], Injection]

INJECTORS: Final[tuple[Injector, ...]] = (fraud.inject,)
MANIFEST: Final = "province.json"
LABEL: Final = (
    "Synthetic data: every person, firm, place and number is invented. 合成数据，均为虚构。"
)
FEEDS: Final = 13
STEPS_PER_BANK: Final = FEEDS + 2
STEPS_AFTER_BANKS: Final = 2
FOLDERS: Final = ("unload", "truth", "vendors", "livestock")


@dataclass(frozen=True, slots=True)
class Summary:
    """What was generated; `rows` counts the lines of all feed files, bad ones included."""

    out: Path
    banks: int
    customers: int
    dates: int
    files: int
    rows: dict[str, int]
    bad_rows: int
    size_bytes: int
    generate_seconds: float
    write_seconds: float
    seconds: float

    @property
    def all_rows(self) -> int:
        """Rows of all feeds together."""
        return sum(self.rows.values())

    def as_json(self) -> dict[str, object]:
        """Return the figures for machines."""
        return {**asdict(self), "out": str(self.out), "all_rows": self.all_rows}


@dataclass(frozen=True, slots=True)
class History:
    """Everything that happened in one bank, in the order in which it is written."""

    world: World
    payees: Payees
    ledger: Ledger
    events: Events
    cards: Cards
    marketing: Marketing
    truth: dict[str, pa.Table]


def steps(config: ProvinceConfig) -> int:
    """How many steps `generate` reports to its progress."""
    return config.banks * STEPS_PER_BANK + STEPS_AFTER_BANKS


def generate(
    config: ProvinceConfig, out: Path, progress: Progress = lambda _: None, *, force: bool = False
) -> Summary:
    """Write a province under `out`: unload/<bank>/<yyyymmdd>/, vendors/, livestock/, truth/.

    `progress` is called with steps done, `steps(config)` in all. The same configuration writes the
    same bytes. Raises Conflict when `out` holds files, unless they are a province and `force`.
    """
    began = time.perf_counter()
    prepare(out, force=force)
    _write_manifest(config, out, complete=False)
    generating = writing = 0.0
    written: list[Written] = []
    worlds = build_worlds(config)
    generating += time.perf_counter() - began
    with ParquetFolder(out / "truth") as folder:
        for world in worlds:
            started = time.perf_counter()
            happened = live(config, world)
            progress(1)
            ready = time.perf_counter()
            ids = sheets.ids_of(world)
            pages = sheets_of(config, happened, ids)
            written.append(write_unload(config, world.bank, pages, out / "unload", progress))
            folder.extend(_truth(config, happened, ids, written[-1]))
            progress(1)
            generating += ready - started
            writing += time.perf_counter() - ready
    started = time.perf_counter()
    write_vendors(config, worlds, out)
    progress(1)
    write_livestock(config, worlds, out)
    progress(1)
    generating += time.perf_counter() - started
    _write_manifest(config, out, complete=True, banks=_described(worlds, written))
    return Summary(
        out=out,
        banks=config.banks,
        customers=config.customers,
        dates=config.days,
        files=sum(part.files for part in written),
        rows=_summed(part.rows for part in written),
        bad_rows=sum(len(part.spoilt) for part in written),
        size_bytes=sum(part.size_bytes for part in written),
        generate_seconds=generating,
        write_seconds=writing,
        seconds=time.perf_counter() - began,
    )


def live(config: ProvinceConfig, world: World) -> History:
    """Let a bank live through the window: honest flows, then what the injectors add."""
    world, marketing = market(config, world)
    entries = honest_entries(config, world)
    flows = Flows(entries, honest_events(config, world, entries), marketing.touches)
    payees, labels, tables = world.payees, 0, dict[str, pa.Table]()
    entry_parts, event_parts = [flows.entries], [flows.events]
    for inject in INJECTORS:
        added = inject(config, world, flows, labels)
        entry_parts.append(added.entries)
        event_parts.append(added.events)
        payees = concat([payees, added.payees])
        labels += added.labels
        tables |= added.truth
    ledger = settle(config, world, concat(entry_parts))
    events = concat(event_parts)
    offset = (events.at - config.start_day.astype("datetime64[s]")).astype(np.int64)
    events = take(events, order_by(offset, np.arange(size(events))))
    cards = raised_limits(world, ledger)
    return History(world, payees, ledger, events, cards, marketing, tables)


def sheets_of(config: ProvinceConfig, happened: History, ids: Ids) -> list[Sheet]:
    """Return the feeds of a bank in the order of the control file."""
    world, payees, ledger = happened.world, happened.payees, happened.ledger
    return [
        snapshots.org_sheet(config, world, ids),
        snapshots.officer_sheet(config, world, ids),
        snapshots.village_sheet(config, world, ids),
        snapshots.household_sheet(config, world, ids),
        snapshots.party_sheet(config, world, ids),
        snapshots.account_sheet(config, world, ids),
        snapshots.balance_sheet(config, world, ids, ledger),
        snapshots.card_sheet(config, ids, happened.cards),
        loanbook.loan_sheet(config, world, ids),
        loanbook.repayment_sheet(config, world, ids),
        movements.entry_sheet(config, world, payees, ids, ledger),
        movements.event_sheet(config, world, payees, ids, happened.events),
        movements.touch_sheet(config, world, ids, happened.marketing.touches),
    ]


def prepare(out: Path, *, force: bool) -> None:
    """Make sure that `out` is an empty folder; with `force` an older province there is removed.

    Raises InvalidInput when it is a file, Conflict when it holds anything else.
    """
    if out.exists() and not out.is_dir():
        raise InvalidInput(f"{out} is a file", "Give a folder that is new or empty.")
    if out.is_dir() and any(out.iterdir()):
        if not (out / MANIFEST).is_file():
            raise Conflict(
                f"{out} is not empty and holds no province",
                "Give a folder that is new or empty; nothing was changed.",
            )
        if not force:
            raise Conflict(
                f"{out} already holds a province",
                "Add --force to replace it, or give another folder.",
            )
        for name in FOLDERS:
            shutil.rmtree(out / name, ignore_errors=True)
        (out / MANIFEST).unlink()
    out.mkdir(parents=True, exist_ok=True)


def _truth(
    config: ProvinceConfig, happened: History, ids: Ids, written: Written
) -> dict[str, pa.Table]:
    world = happened.world
    return {
        "party": truth.party_truth(world, ids),
        "loan": truth.loan_truth(world, ids),
        "village": truth.village_truth(world, ids),
        "marketing": truth.marketing_truth(world, ids, happened.marketing),
        "label": truth.label_truth(world, happened.ledger, happened.events),
        "bad_row": truth.bad_row_truth(config, world, written.spoilt),
        **happened.truth,
    }


def _write_manifest(
    config: ProvinceConfig, out: Path, *, complete: bool, banks: Sequence[dict[str, object]] = ()
) -> None:
    manifest = {
        "synthetic": True,
        "label": LABEL,
        "complete": complete,
        "banks": list(banks),
        "first_date": config.start.isoformat(),
        "last_date": config.end.isoformat(),
        "seed": config.seed,
        "bad_row_share": config.bad_row_share,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (out / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def _described(worlds: list[World], written: list[Written]) -> list[dict[str, object]]:
    return [
        {
            "bank": world.bank.bank,
            "name_zh": world.bank.name_zh,
            "name_en": world.bank.name_en,
            "customers": world.bank.customers,
            "rows": part.rows,
        }
        for world, part in zip(worlds, written, strict=True)
    ]


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in counts:
        for feed, rows in part.items():
            total[feed] = total.get(feed, 0) + rows
    return total
