"""A delivery: the parts of one feed that are loaded together, and the dates they are for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from titian.data.feeds import discover
from titian.data.feeds.discover import Listing
from titian.data.feeds.model import Contract, Format
from titian.data.feeds.sources import Part
from titian.data.feeds.sources.batch import Whole
from titian.data.feeds.sources.http import fetch
from titian.data.feeds.sources.parquet import file_digest
from titian.kernel.errors import InvalidInput, LimitExceeded
from titian.kernel.settings import settings
from titian.lake.store import MAX_DATES


@dataclass(frozen=True, slots=True)
class Unit:
    """What stands or falls together: the parts of one business date.

    Without a date (the contract's `business_date_from`) it holds all parts, and the rows name
    their dates.
    """

    business_date: date | None
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Parts of one feed, in order, and the units they make."""

    contract: Contract
    parts: tuple[Part, ...]
    units: tuple[Unit, ...]
    files: Listing

    def unit_of_part(self) -> Whole:
        """Give each part's unit, by number."""
        owner = np.zeros(len(self.parts), np.int64)
        for number, unit in enumerate(self.units):
            owner[list(unit.parts)] = number
        return owner

    def only(self, keep: Sequence[Unit]) -> Delivery:
        """Keep some units and their parts."""
        parts = [part for unit in keep for part in unit.parts]
        renumbered = {part: number for number, part in enumerate(parts)}
        return Delivery(
            self.contract,
            tuple(self.parts[part] for part in parts),
            tuple(Unit(u.business_date, tuple(renumbered[p] for p in u.parts)) for u in keep),
            self.files,
        )


def gather(
    contract: Contract, files: Listing, first: date | None, last: date | None, spool: Path
) -> Delivery:
    """Collect what there is of a feed for a range of business dates (either end may be open).

    Files without a date in their name, databases and downloads are of the one date asked for,
    else of the contract's `as_of`. Raises InvalidInput when such a feed has no date,
    LimitExceeded for too much.
    """
    if contract.source.format is Format.SQL or contract.source.location is not None:
        parts = _remote(contract, first, last, spool)
    else:
        found = discover.within(discover.find(contract.source.pattern, files), first, last)
        parts = [_part(contract, file, first, last) for file in found]
    return Delivery(contract, tuple(parts), tuple(_units(contract, parts)), files)


def _part(contract: Contract, file: discover.Found, first: date | None, last: date | None) -> Part:
    size = file.path.stat().st_size
    if size > settings().feed_max_bytes:
        raise LimitExceeded(
            f"{file.name} has {size:,} bytes, over {settings().feed_max_bytes:,}",
            "Raise feed_max_bytes, or have it delivered in parts.",
        )
    if contract.business_date_from is not None or file.business_date is not None:
        return Part(file.name, file.path, file.business_date)
    return Part(file.name, file.path, _one_date(contract, first, last))


def _one_date(contract: Contract, first: date | None, last: date | None) -> date:
    if first is not None and first == last:
        return first
    if first is None and last is None and contract.as_of is not None:
        return contract.as_of
    if contract.as_of is not None and (first or date.min) <= contract.as_of <= (last or date.max):
        return contract.as_of
    raise InvalidInput(
        f"the file of feed {contract.feed} has no business date in its name",
        "Give one --date, or the property as_of in the contract.",
    )


def _remote(contract: Contract, first: date | None, last: date | None, spool: Path) -> list[Part]:
    day = None if contract.business_date_from else _one_date(contract, first, last)
    location = contract.source.location
    if location is None:
        name = contract.source.table or "query"
        return [Part(f"{contract.source.url_env}:{name}", None, day)]
    url = discover.fill(location, day or first)
    name = url.rpartition("/")[2].partition("?")[0] or contract.feed
    spool.mkdir(parents=True, exist_ok=True)
    return [Part(name, fetch(contract, url, spool / f"{contract.feed}.download"), day)]


def _units(contract: Contract, parts: Sequence[Part]) -> list[Unit]:
    if not parts:
        return []
    if contract.business_date_from is not None:
        return [Unit(None, tuple(range(len(parts))))]
    by_date: dict[date, list[int]] = {}
    for number, part in enumerate(parts):
        assert part.business_date is not None, "every part was given a date"
        by_date.setdefault(part.business_date, []).append(number)
    if len(by_date) > MAX_DATES:
        raise LimitExceeded(
            f"feed {contract.feed} has {len(by_date):,} business dates here",
            f"Load at most {MAX_DATES:,} at once, with --from-date and --to-date.",
        )
    return [Unit(day, tuple(numbers)) for day, numbers in sorted(by_date.items())]


def content_of(names_and_digests: Sequence[tuple[str, str]]) -> str:
    """Give one hash for the parts of a unit: their names and their contents."""
    text = "\n".join(f"{digest} {name}" for name, digest in sorted(names_and_digests))
    return hashlib.sha256(text.encode()).hexdigest()


def content_on_disk(delivery: Delivery, unit: Unit) -> str | None:
    """Hash a unit's files as they lie now; None for a database."""
    pairs = []
    for number in unit.parts:
        part = delivery.parts[number]
        if part.path is None:
            return None
        pairs.append((part.name, file_digest(part.path)))
    return content_of(pairs)
