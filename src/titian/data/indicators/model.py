"""The words of indicators: source, atomic, modifier, period, derived, formula, catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from titian.data.indicators.periods import Period
from titian.decide import Condition, Label
from titian.decide.conditions.tree import Node
from titian.lake.schema import Table


class Subject(StrEnum):
    """The five subjects an indicator can belong to."""

    PUBLIC = "public"
    CREDIT = "credit"
    RISK = "risk"
    MARKETING = "marketing"
    OPERATIONS = "operations"

    @property
    def label(self) -> Label:
        """Its name in Chinese and English."""
        return _SUBJECTS[self]


_SUBJECTS = {
    Subject.PUBLIC: Label("公共", "Public"),
    Subject.CREDIT: Label("信贷", "Credit"),
    Subject.RISK: Label("风险", "Risk"),
    Subject.MARKETING: Label("营销", "Marketing"),
    Subject.OPERATIONS: Label("运营", "Operations"),
}


class Unit(StrEnum):
    """What an indicator's number counts; a ratio of 0.05 is shown as 5 %."""

    FEN = "fen"
    COUNT = "count"
    RATIO = "ratio"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    MU = "mu"
    NUMBER = "number"

    @property
    def label(self) -> Label:
        """Its name in Chinese and English."""
        return _UNITS[self]


_UNITS = {
    Unit.FEN: Label("分", "fen"),
    Unit.COUNT: Label("个", "count"),
    Unit.RATIO: Label("比率", "ratio"),
    Unit.HOURS: Label("小时", "hours"),
    Unit.DAYS: Label("天", "days"),
    Unit.MONTHS: Label("月", "months"),
    Unit.YEARS: Label("年", "years"),
    Unit.MU: Label("亩", "mu"),
    Unit.NUMBER: Label("数值", "number"),
}


class Aggregation(StrEnum):
    """How the measured values of many rows become one number."""

    SUM = "sum"
    COUNT = "count"
    AVG = "avg"
    RATIO = "ratio"
    MIN = "min"
    MAX = "max"
    COUNT_DISTINCT = "count_distinct"
    PERCENTILE = "percentile"

    @property
    def additive(self) -> bool:
        """Whether it is a sum, or a quotient of two sums, over the rows."""
        return self in (Aggregation.SUM, Aggregation.COUNT, Aggregation.AVG, Aggregation.RATIO)


class Timing(StrEnum):
    """Whether a source is a state at the close of a date, or what happened on dates."""

    STOCK = "stock"
    FLOW = "flow"


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed value over a table's columns."""

    text: str
    tree: Node


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one table that can be measured.

    `date` places a flow's rows in time: `business_date`, or a date column of a snapshot table
    (`grant_date`), of which the snapshot at the indicator's own date is then read. `org` is the
    organisation column, `rows` the columns a drill-down shows.
    """

    name: str
    label: Label
    table: Table
    timing: Timing
    date: str
    org: str
    rows: tuple[str, ...]
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something is defined, and whether a bank's own file did it."""

    file: str
    line: int
    own: bool = False


@dataclass(frozen=True, slots=True)
class Atomic:
    """A measure with its aggregation, before any modifier and period.

    `measure` is None for a plain count of rows; `denominator` belongs to RATIO, `share` (0 to 1)
    to PERCENTILE.
    """

    name: str
    label: Label
    source: Source
    aggregation: Aggregation
    measure: Expression | None
    denominator: Expression | None
    share: float
    where: Condition | None
    unit: Unit
    origin: Origin


@dataclass(frozen=True, slots=True)
class Modifier:
    """A named condition that narrows an atomic, stated over any source that has its columns."""

    name: str
    label: Label
    text: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Derived:
    """An atomic narrowed by modifiers, over a period; `where` holds all its conditions."""

    atomic: Atomic
    modifiers: tuple[Modifier, ...]
    period: Period
    where: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number written in a formula."""

    value: float


@dataclass(frozen=True, slots=True)
class Operand:
    """Another indicator's value in a formula."""

    code: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`+ - * /` of two parts of a formula."""

    op: str
    left: Term
    right: Term


Term = Constant | Operand | Operation


@dataclass(frozen=True, slots=True)
class Formula:
    """Arithmetic over other indicators; unknown where a part is unknown or divides by zero."""

    text: str
    term: Term

    @property
    def operands(self) -> tuple[str, ...]:
        """The codes it is made of, in order of writing, each once."""
        return tuple(dict.fromkeys(_operands(self.term)))


def _operands(term: Term) -> list[str]:
    if isinstance(term, Operand):
        return [term.code]
    if isinstance(term, Operation):
        return _operands(term.left) + _operands(term.right)
    return []


@dataclass(frozen=True, slots=True)
class Indicator:
    """One published figure: one code, one algorithm, one owner."""

    code: str
    label: Label
    subject: Subject
    unit: Unit
    owner: Label
    version: int
    description: Label
    how: Derived | Formula
    origin: Origin
    overridable: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All indicators of a bank, by code; `order` lists them so that operands come first."""

    indicators: Mapping[str, Indicator]
    order: tuple[str, ...]
    version: str
    sources: Mapping[str, Source] = field(default_factory=dict)

    def of_subject(self, subject: Subject) -> tuple[str, ...]:
        """List the codes a subject publishes."""
        return tuple(c for c in self.order if self.indicators[c].subject is subject)

    def closure(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Give the codes with all they are made of, operands first."""
        wanted: set[str] = set()
        stack = list(codes)
        while stack:
            code = stack.pop()
            if code not in wanted:
                wanted.add(code)
                how = self.indicators[code].how
                stack.extend(how.operands if isinstance(how, Formula) else ())
        return tuple(code for code in self.order if code in wanted)

    def tables(self, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Name the tables these indicators are measured on."""
        hows = (self.indicators[code].how for code in self.closure(codes))
        names = {how.atomic.source.table.qualified for how in hows if isinstance(how, Derived)}
        return tuple(sorted(names))
