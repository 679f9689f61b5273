"""A delivery: the parts of one feed that are loaded together, and the dates they are for."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from titian.data.feeds import discover
from titian.data.feeds.discover import Listing
from titian.data.feeds.model import Contract, Format
from titian.data.feeds.sources import Part
from titian.data.feeds.sources.batch import Whole
from titian.data.feeds.sources.database import BUSINESS_DATE
from titian.data.feeds.sources.http import fetch
from titian.data.feeds.sources.plain import digest_of, opened
from titian.data.feeds.spool import temporary_folder
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


@contextmanager
def gathered(
    contract: Contract, files: Listing, first: date | None, last: date | None
) -> Iterator[Delivery]:
    """Collect what there is of a feed for a range of business dates (either end may be open).

    Files without a date in their name, databases and downloads are of the one date asked for,
    else of the contract's `as_of`; a query with `:business_date` and a download with a date in
    its address are asked for every date of a closed range. Downloads are gone after the block.
    Raises InvalidInput when such a feed has no date, LimitExceeded for too much.
    """
    if contract.source.location is not None:
        folder = temporary_folder()
        try:
            yield _delivery(contract, _downloads(contract, first, last, folder), files)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    if contract.source.format is Format.SQL:
        parts = _queries(contract, first, last)
    else:
        found = discover.within(discover.find(contract.source.pattern, files), first, last)
        parts = [_part(contract, file, first, last) for file in found]
    yield _delivery(contract, parts, files)


def _delivery(contract: Contract, parts: Sequence[Part], files: Listing) -> Delivery:
    return Delivery(contract, tuple(parts), tuple(_units(contract, parts)), files)


def _part(contract: Contract, file: discover.Found, first: date | None, last: date | None) -> Part:
    size = file.path.lstat().st_size
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


def _asked_dates(
    contract: Contract, first: date | None, last: date | None, *, dated: bool
) -> list[date]:
    """Give the dates to ask a database or web address for."""
    if not dated or first is None or last is None or first == last:
        return [_one_date(contract, first, last)]
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if contract.expected_on(day)]


def _queries(contract: Contract, first: date | None, last: date | None) -> list[Part]:
    name = f"{contract.source.url_env}:{contract.source.table or 'query'}"
    if contract.business_date_from is not None:
        return [Part(name, None, None)]
    dated = f":{BUSINESS_DATE}" in (contract.source.query or "")
    return [Part(name, None, day) for day in _asked_dates(contract, first, last, dated=dated)]


def _downloads(
    contract: Contract, first: date | None, last: date | None, folder: Path
) -> list[Part]:
    location = contract.source.location
    assert location is not None, "only web sources are downloaded"
    if contract.business_date_from is not None:
        return [_download(contract, discover.fill(location, first), folder / "0", None)]
    days = _asked_dates(contract, first, last, dated="{" in location)
    return [
        _download(contract, discover.fill(location, day), folder / f"{number}", day)
        for number, day in enumerate(days)
    ]


def _download(contract: Contract, url: str, target: Path, day: date | None) -> Part:
    name = url.rpartition("/")[2].partition("?")[0] or contract.feed
    return Part(name, fetch(contract, url, target), day)


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
    """Hash a unit's files as they lie now; None for a database, and for what cannot be read."""
    pairs = []
    for number in unit.parts:
        part = delivery.parts[number]
        if part.path is None:
            return None
        try:
            with opened(part.path) as file:
                pairs.append((part.name, digest_of(file)))
        except OSError:
            return None
    return content_of(pairs)
