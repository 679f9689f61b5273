"""Control files: how many rows each file has and what its columns add up to, as the sender says.

A line is `file|@|rows|@|column=total;column=total`, with the contract's delimiter; the totals of
money are in yuan. They describe the file as written, bad rows included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from titian.data.feeds.delivery import Delivery, Unit
from titian.data.feeds.discover import Listing, fill
from titian.data.feeds.model import Contract, ControlSpec, Decoder, Field, Format
from titian.data.feeds.reasons import Code
from titian.data.feeds.sources import Findings, Part, RawBatch
from titian.data.feeds.sources.plain import NotPlain, opened
from titian.data.feeds.sources.quotes import split
from titian.data.feeds.validation import Checked
from titian.data.feeds.values import decode
from titian.data.feeds.values.numbers import unscaled
from titian.data.feeds.values.parsed import to_mask

MAX_BYTES = 16 << 20
FEN_DECIMALS = 2
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_TOTAL = re.compile(r"[+-]?\d{1,24}(\.\d{1,12})?", re.ASCII)
Json: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a control file says of one file; totals as written there."""

    control: str
    rows: int
    totals: Mapping[str, Decimal]


@dataclass(slots=True)
class Tally:
    """Rows and totals of every part as they are read.

    A total counts what can be read, in the column's smallest unit; `unread` counts the rows of
    which it cannot be read, `guessed` adds what such rows seem to say.
    """

    contract: Contract
    rows: dict[int, int] = field(default_factory=dict)
    totals: dict[tuple[int, str], int] = field(default_factory=dict)
    guessed: dict[tuple[int, str], int] = field(default_factory=dict)
    unread: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, batch: RawBatch, checked: Checked) -> None:
        """Count a batch."""
        _count(self.rows, batch.parts)
        for broken in batch.broken:
            self.rows[broken.part] = self.rows.get(broken.part, 0) + 1
        for name in _total_columns(self.contract):
            self._add_total(name, batch, checked)

    def _add_total(self, name: str, batch: RawBatch, checked: Checked) -> None:
        values = checked.decoded[name].values
        amounts = unscaled(values) if pa.types.is_decimal(values.type) else values
        unknown = to_mask(pc.is_null(values))
        sums = np.zeros(int(batch.parts.max(initial=-1)) + 1, np.int64)
        np.add.at(sums, batch.parts, amounts.fill_null(0).to_numpy(zero_copy_only=False))
        for part in np.unique(batch.parts).tolist():
            key = part, name
            self.totals[key] = self.totals.get(key, 0) + int(sums[part])
        for part in batch.parts[unknown].tolist():
            self.unread[part, name] = self.unread.get((part, name), 0) + 1
        for broken in batch.broken:
            key = broken.part, name
            self.unread[key] = self.unread.get(key, 0) + 1
            guess = _guess(self.contract, self.contract.field(name), broken.raw)
            self.guessed[key] = self.guessed.get(key, 0) + guess


def _count(counts: dict[int, int], parts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    present, rows = np.unique(parts, return_counts=True)
    for part, number in zip(present.tolist(), rows.tolist(), strict=True):
        counts[part] = counts.get(part, 0) + number


def _total_columns(contract: Contract) -> tuple[str, ...]:
    return contract.source.control.totals if contract.source.control else ()


def _guess(contract: Contract, wanted: Field, raw: bytes) -> int:
    """Read a broken row's amount where it should stand; 0 where there is none."""
    spec = contract.source
    if spec.format is not Format.CSV or spec.header:
        return 0
    try:
        fields = split(raw.decode(spec.encoding, "replace"), spec.delimiter, spec.quote)
    except ValueError:
        return 0
    at = contract.headings.index(wanted.source)
    text = pa.array([fields[at] if at < len(fields) else None], pa.string())
    value = decode(wanted, text).values
    amount = unscaled(value) if pa.types.is_decimal(value.type) else value
    return amount[0].as_py() or 0


def expected(
    contract: Contract, parts: Sequence[Part], files: Listing, findings: Findings
) -> dict[int, Expected]:
    """Read what control files say of each part; what is missing or unreadable is noted."""
    spec = contract.source.control
    if spec is None:
        return {}
    read: dict[str, dict[str, Expected] | None] = {}
    found: dict[int, Expected] = {}
    for number, part in enumerate(parts):
        name = fill(spec.pattern, part.business_date)
        if name not in read:
            read[name] = _read(spec, contract, name, files, number, findings)
        said = read[name]
        if said is None:
            if spec.required and not _refused(findings, number):
                findings.refuse(number, Code.CONTROL_MISSING, file=name)
            continue
        base = part.name.rpartition("/")[2].casefold()
        if base in said:
            found[number] = said[base]
        else:
            findings.refuse(number, Code.CONTROL_NOT_LISTED, control=name, file=part.name)
    return found


def says_otherwise(delivery: Delivery, unit: Unit, before: Sequence[Json]) -> bool:
    """Say whether control files state something else of a unit than `before`, when it was loaded.

    One that is missing states nothing; one that is unreadable, or leaves a file out, does.
    """
    contract, findings = delivery.contract, Findings()
    parts = [delivery.parts[number] for number in unit.parts]
    said = expected(contract, parts, delivery.files, findings)
    if any(refusal.code is not Code.CONTROL_MISSING for refusal in findings.refusals):
        return True
    known: dict[object, Json] = {line["file"]: line for line in before}
    return any(
        not _same(contract, stated, known.get(parts[number].name))
        for number, stated in said.items()
    )


def _same(contract: Contract, said: Expected, before: Json | None) -> bool:
    if before is None or before["expected_rows"] != said.rows:
        return False
    totals = cast("list[Json]", before["totals"])
    known = {total["column"]: Decimal(str(total["expected"])) for total in totals}
    columns = (contract.field(name) for name in _total_columns(contract))
    return all(_stated(said, column) == known.get(column.name) for column in columns)


def _stated(said: Expected, column: Field) -> Decimal | None:
    return said.totals.get(column.name, said.totals.get(column.source))


def _refused(findings: Findings, part: int) -> bool:
    return any(refusal.part == part for refusal in findings.refusals)


def _read(
    spec: ControlSpec,
    contract: Contract,
    name: str,
    files: Listing,
    number: int,
    findings: Findings,
) -> dict[str, Expected] | None:
    at = files.named(name)
    if not at:
        return None
    path = files.path(at[0])
    try:
        stamp = path.lstat()
        said = _parsed(path, (stamp.st_mtime_ns, stamp.st_size), spec, contract.source.encoding)
    except NotPlain:
        findings.refuse(number, Code.NOT_A_FILE, file=name)
        return None
    except OSError as error:
        findings.refuse(number, Code.UNREADABLE, file=name, why=str(error.strerror))
        return None
    if isinstance(said, int):
        findings.refuse(
            number, Code.CONTROL_UNREADABLE, file=name, line=said, delimiter=spec.delimiter
        )
        return None
    return said


@lru_cache(maxsize=4_096)
def _parsed(
    path: Path, _stamp: tuple[int, int], spec: ControlSpec, encoding: str
) -> dict[str, Expected] | int:
    """Parse a control file, which many feeds share; gives the number of a line that is none."""
    said: dict[str, Expected] = {}
    with opened(path) as file:
        text = file.read(MAX_BYTES).decode(encoding, "replace").removeprefix("\ufeff")
    for line, content in enumerate(text.splitlines(), 1):
        if not content.strip(" \t\x1a"):
            continue
        entry = _entry(spec, path.name, content)
        if entry is None or entry[0].casefold() in said:
            return line
        said[entry[0].casefold()] = entry[1]
    return said


def _entry(spec: ControlSpec, control: str, line: str) -> tuple[str, Expected] | None:
    file, *rest = line.strip().split(spec.delimiter)
    if not rest:
        return None
    if not _COUNT.fullmatch(rest[0].strip()):
        return None
    totals: dict[str, Decimal] = {}
    for item in rest[1].split(";") if len(rest) > 1 else []:
        if item.strip():
            column, _, total = (part.strip() for part in item.partition("="))
            if column in totals or not _TOTAL.fullmatch(total):
                return None
            totals[column] = Decimal(total)
    return file.strip(), Expected(control, int(rest[0]), totals)


def verify(
    contract: Contract, number: int, part: Part, said: Expected, tally: Tally, findings: Findings
) -> Json:
    """Compare a part with its control file; notes refusals and gives what was compared.

    A total that rows in quarantine make unreadable may differ; the difference is kept.
    """
    rows = tally.rows.get(number, 0)
    record: Json = {"file": part.name, "expected_rows": said.rows, "rows": rows, "totals": []}
    if rows != said.rows:
        findings.refuse(number, Code.CONTROL_ROWS, file=part.name, actual=rows, expected=said.rows)
    totals: list[Json] = []
    for name in _total_columns(contract):
        column = contract.field(name)
        stated = _stated(said, column)
        if stated is None:
            findings.refuse(
                number, Code.CONTROL_NO_TOTAL, file=part.name, control=said.control, column=name
            )
            continue
        total = tally.totals.get((number, name), 0)
        wanted = stated.scaleb(_scale(column))
        unread = tally.unread.get((number, name), 0)
        agrees = wanted in (total, total + tally.guessed.get((number, name), 0))
        if not agrees and not unread:
            findings.refuse(
                number,
                Code.CONTROL_TOTAL,
                file=part.name,
                column=name,
                actual=str(Decimal(total).scaleb(-_scale(column))),
                expected=str(stated),
            )
        open_difference = 0 if agrees else int(wanted) - total
        totals.append(
            {
                "column": name,
                "total": int(wanted),
                "expected": str(stated),
                "unread_rows": unread,
                "open_difference": str(Decimal(open_difference).scaleb(-_scale(column))),
            }
        )
    record["totals"] = totals
    return record


def _scale(column: Field) -> int:
    if column.decoder is Decoder.YUAN_TO_FEN:
        return FEN_DECIMALS
    kind = column.column.arrow
    return int(kind.scale) if pa.types.is_decimal(kind) else 0
