"""What a source hands over: files named, and rows split into fields but not yet read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from titian.data.feeds.reasons import Code, Params

Whole: TypeAlias = npt.NDArray[np.int64]


class DriftKind(StrEnum):
    """Ways in which a delivery differs from its contract without being unusable."""

    MISSING = "missing"
    EXTRA = "extra"
    REORDERED = "reordered"
    RENAMED = "renamed"
    TRAILING_DELIMITER = "trailing_delimiter"
    NEW_CODE = "new_code"
    TYPE = "type"
    LENGTH = "length"


MAX_DRIFT_A_PART = 200
MAX_PRINTED = 200


def printable(text: str) -> str:
    r"""Give a text from a file so that it can be shown and stored: control signs as \xNN."""
    shown = text[:MAX_PRINTED]
    if shown.isprintable():
        return shown
    return "".join(
        sign if sign.isprintable() or sign in " \u3000\xa0" else f"\\x{ord(sign):02x}"
        for sign in shown
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One file (or one answer of a database) of a delivery; `path` is None for a database."""

    name: str
    path: Path | None
    business_date: date | None


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that cannot be split into its fields; `heading` is the field at fault, if known."""

    part: int
    line: int
    code: Code
    params: Params
    raw: bytes
    heading: str = ""


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Rows of a delivery: one Arrow column per field of the file, text or typed.

    `parts` and `lines` say for each row which part it is from and on which line it starts
    (from 1); `raw` gives a row's bytes exactly as delivered.
    """

    columns: Mapping[str, pa.Array]
    parts: Whole
    lines: Whole
    raw: Callable[[int], bytes]
    broken: Sequence[BrokenRow] = ()

    @property
    def rows(self) -> int:
        """How many rows could be split."""
        return len(self.lines)


@dataclass(frozen=True, slots=True)
class Drift:
    """One way in which a delivery differs from its contract; `detail` names no person's data."""

    part: int
    kind: DriftKind
    column: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a part as a whole cannot be used."""

    part: int
    code: Code
    params: Params = field(default_factory=dict)


@dataclass(slots=True)
class Findings:
    """What is noticed about the parts of a delivery while they are read."""

    refusals: list[Refusal] = field(default_factory=list)
    drift: list[Drift] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    noted: dict[int, int] = field(default_factory=dict)

    def refuse(self, part: int, code: Code, **params: str | int) -> None:
        """Note that a part cannot be used."""
        self.refusals.append(Refusal(part, code, params))

    def differs(self, part: int, kind: DriftKind, column: str, detail: str = "") -> None:
        """Note a difference from the contract; of very many, the first."""
        noted = self.noted.get(part, 0)
        if noted < MAX_DRIFT_A_PART:
            self.noted[part] = noted + 1
            self.drift.append(Drift(part, kind, printable(column), printable(detail)))
