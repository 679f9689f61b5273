"""The words of data quality: what is checked, how badly it matters, what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from titian.kernel.labels import UNSAID, Label


class CheckKind(StrEnum):
    """What a check asks of a table."""

    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED = "accepted"
    RANGE = "range"
    REFERENCE = "reference"
    CONDITION = "condition"
    ROW_COUNT = "row_count"
    ROW_COUNT_DRIFT = "row_count_drift"
    FRESHNESS = "freshness"
    SUM_EQUALS = "sum_equals"
    RECONCILE = "reconcile"


class Severity(StrEnum):
    """An error keeps the table from being published; a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


Literal = str | int | float | bool | date


@dataclass(frozen=True, slots=True)
class Check:
    """One rule for one table, as its header states it.

    Fields beyond `kind` and `severity` are those its kind needs; `label` is what people read.
    """

    kind: CheckKind
    table: str = ""
    severity: Severity = Severity.ERROR
    columns: tuple[str, ...] = ()
    values: tuple[Literal, ...] = ()
    low: Literal | None = None
    high: Literal | None = None
    to: str = ""
    to_columns: tuple[str, ...] = ()
    where: str = ""
    ours: str = ""
    theirs: str = ""
    tolerance: float = 0.0
    max_days: int = 0
    label: Label = UNSAID
    line: int = 0

    @property
    def reads(self) -> frozenset[str]:
        """The other tables the rule looks at."""
        return frozenset({self.to} if self.to else ())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found on one business date.

    `failing` counts rows (or is 1 where the check is about the table as a whole), `rows` is the
    size of the table, `measured` says what was found, `sample` names up to a few failing keys,
    masked.
    """

    check: Check
    business_date: date
    passed: bool
    rows: int
    failing: int
    measured: str = ""
    sample: tuple[dict[str, str], ...] = field(default=())

    @property
    def blocks(self) -> bool:
        """Whether this keeps the table from being published."""
        return not self.passed and self.check.severity is Severity.ERROR
