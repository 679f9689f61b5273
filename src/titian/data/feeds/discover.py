"""Which files of a folder belong to which feed and business date."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from titian.data.feeds.model import Contract
from titian.kernel.errors import Conflict, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import BankId

MAX_FILES = 500_000
MAX_DEPTH = 6
_TOKEN = re.compile(r"\{(yyyymmdd|yyyy-mm-dd|yymmdd)\}|(\*+)|(\?)|(\[[^\]]+\])")
_DATES = {
    "yyyymmdd": r"(?P<date>\d{8})",
    "yyyy-mm-dd": r"(?P<date>\d{4}-\d\d-\d\d)",
    "yymmdd": r"(?P<date>\d{6})",
}
_SHORT_DATE = 6
_HIDDEN = ("Cc", "Cf", "Cs")


@dataclass(frozen=True, slots=True)
class Listing:
    """The files below a folder, by their path relative to it."""

    folder: Path
    names: tuple[str, ...]
    by_name: Mapping[str, tuple[str, ...]]

    def path(self, name: str) -> Path:
        """Give the path of a listed file."""
        return self.folder / name

    def named(self, name: str) -> list[str]:
        """List the files of a name, whatever its case, in any folder."""
        name = name.casefold()
        twins = self.by_name.get(name.rpartition("/")[2], ())
        return [twin for twin in twins if twin.casefold().endswith(name)]


@dataclass(frozen=True, slots=True)
class Found:
    """A file of a feed; `business_date` is None when its name holds no date."""

    name: str
    path: Path
    business_date: date | None


def listing(folder: Path, bank: BankId | None = None) -> Listing:
    """List the files below a folder; of its sub-folder named like the bank, if there is one.

    Links are listed and not followed: a feed that meets one refuses it.

    Raises NotFound, or LimitExceeded over `MAX_FILES` files.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", "Name the folder that holds the delivery.")
    if bank is not None and (folder / bank).is_dir():
        folder = folder / bank
    names: list[str] = []
    _walk(folder, "", 0, names)
    by_name: dict[str, tuple[str, ...]] = {}
    for name in sorted(names):
        base = name.rpartition("/")[2].casefold()
        by_name[base] = (*by_name.get(base, ()), name)
    return Listing(folder, tuple(sorted(names)), by_name)


def _walk(folder: Path, prefix: str, depth: int, names: list[str]) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if depth < MAX_DEPTH:
                    _walk(Path(entry.path), f"{prefix}{entry.name}/", depth + 1, names)
            else:
                names.append(prefix + entry.name)
            if len(names) > MAX_FILES:
                raise LimitExceeded(
                    f"{folder} holds over {MAX_FILES:,} files", "Name a smaller one."
                )


def find(pattern: str, files: Listing) -> list[Found]:
    """Find the files that match a contract's pattern, by date and name.

    Raises InvalidInput for a date that is none, Conflict when a pattern without wildcards meets
    two files of one date.
    """
    matcher = _matcher(pattern)
    whole = "/" in pattern
    found = []
    for name in files.names:
        match = matcher.search(name) if whole else matcher.fullmatch(name.rpartition("/")[2])
        if match:
            _check_name(name)
            found.append(Found(name, files.path(name), _date(name, match)))
    found.sort(key=lambda file: (file.business_date or date.min, file.name))
    if not _has_wildcard(pattern):
        _refuse_twins(pattern, found)
    return found


def _check_name(name: str) -> None:
    """Refuse names that cannot be stored, or that show as something else than they are."""
    odd = next((sign for sign in name if unicodedata.category(sign) in _HIDDEN), None)
    if odd is not None:
        raise InvalidInput(
            f"the name of the file {ascii(name)[1:-1]} holds signs that do not show",
            "Rename the file.",
        )


def expected_name(contract: Contract, business_date: date | None) -> str:
    """Say what a contract's file should be called."""
    return (
        fill(contract.source.pattern, business_date) if business_date else contract.source.pattern
    )


def fill(pattern: str, business_date: date | None) -> str:
    """Put a date into a pattern. Raises InvalidInput when it wants one and there is none."""
    if "{" not in pattern:
        return pattern
    if business_date is None:
        raise InvalidInput(f"{pattern!r} needs a business date", "Give --date YYYY-MM-DD.")
    return (
        pattern.replace("{yyyymmdd}", f"{business_date:%Y%m%d}")
        .replace("{yyyy-mm-dd}", business_date.isoformat())
        .replace("{yymmdd}", f"{business_date:%y%m%d}")
    )


def within(found: Iterable[Found], first: date | None, last: date | None) -> list[Found]:
    """Keep the files of a range of dates (either end may be open), and those without a date."""
    return [
        file
        for file in found
        if file.business_date is None
        or (
            (first is None or file.business_date >= first)
            and (last is None or file.business_date <= last)
        )
    ]


@lru_cache(maxsize=1_024)
def _matcher(pattern: str) -> re.Pattern[str]:
    pieces, at = [], 0
    for token in _TOKEN.finditer(pattern):
        pieces.append(re.escape(pattern[at : token.start()]))
        day, stars, mark, group = token.groups()
        if day:
            pieces.append(_DATES[day])
        elif stars:
            pieces.append("[^/]*")
        elif mark:
            pieces.append("[^/]")
        else:
            pieces.append(group.replace("[!", "[^"))
        at = token.end()
    pieces.append(re.escape(pattern[at:]))
    text = "".join(pieces)
    return re.compile(rf"(?:^|/){text}$" if "/" in pattern else text, re.IGNORECASE)


def _has_wildcard(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


def _date(name: str, match: re.Match[str]) -> date | None:
    text = match.groupdict().get("date")
    if text is None:
        return None
    try:
        return date.fromisoformat(f"20{text}" if len(text) == _SHORT_DATE else text)
    except ValueError:
        raise InvalidInput(
            f"{name} is dated {text}, which is no day", "Rename the file or take it away."
        ) from None


def _refuse_twins(pattern: str, found: Sequence[Found]) -> None:
    seen: dict[date | None, Found] = {}
    for file in found:
        other = seen.setdefault(file.business_date, file)
        if other is not file:
            raise Conflict(
                f"two files are {pattern} of one business date: {other.name} and {file.name}",
                "Keep one, or write the contract's physicalName with * if both belong together.",
            )
