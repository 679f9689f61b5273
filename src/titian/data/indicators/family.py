"""What belongs together: an indicator's other periods, and the units of its two parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from titian.data.indicators.model import (
    Aggregation,
    Catalogue,
    Constant,
    Derived,
    Expression,
    Formula,
    Indicator,
    Operand,
    Operation,
    Term,
    Timing,
    Unit,
)
from titian.data.indicators.periods import (
    FLOW,
    STOCK,
    STOCK_LOOKBACK_DAYS,
    last_year,
    month_start,
    year_start,
)
from titian.decide import Label
from titian.decide.conditions.tree import Ref

_DAY = timedelta(days=1)
_AT_CLOSE = Label("当日时点", "at the close of the day")
_KEEPS_UNIT = ("+", "-")


@dataclass(frozen=True, slots=True)
class Sibling:
    """One period of a measure; `code` is None where the bank does not publish it."""

    period: str
    label: Label
    code: str | None


class Against(StrEnum):
    """What a figure is compared with."""

    DAY_BEFORE = "day_before"
    MONTH_END = "month_end"
    YEAR_END = "year_end"
    LAST_YEAR = "last_year"


def siblings(found: Catalogue, indicator: Indicator) -> tuple[Sibling, ...]:
    """Give the periods a measure can be asked for, with the code that publishes each.

    A formula without periods of its own has none.
    """
    how = indicator.how
    if isinstance(how, Formula):
        return _of_formula(found, indicator)
    mine = (how.atomic.name, how.modifiers)
    codes = {
        other.how.period.name: other.code
        for other in found.indicators.values()
        if isinstance(other.how, Derived) and (other.how.atomic.name, other.how.modifiers) == mine
    }
    known = STOCK if how.atomic.source.timing is Timing.STOCK else FLOW
    return tuple(
        Sibling(name, period.label if period.label.zh else _AT_CLOSE, codes.get(name))
        for name, period in known.items()
        if name in codes or not name.endswith("_ly")
    )


def _of_formula(found: Catalogue, indicator: Indicator) -> tuple[Sibling, ...]:
    origin = (indicator.origin.file, indicator.origin.line)
    codes = {
        name: other.code
        for other in found.indicators.values()
        if isinstance(other.how, Formula) and (other.origin.file, other.origin.line) == origin
        for name in (*FLOW, *STOCK)
        if other.code.endswith(f"_{name}")
    }
    if len(codes) <= 1:
        return ()
    known = FLOW if any(name in FLOW for name in codes) else STOCK
    return tuple(
        Sibling(name, period.label, codes.get(name))
        for name, period in known.items()
        if name in codes or not name.endswith("_ly")
    )


def part_units(found: Catalogue, indicator: Indicator) -> tuple[Unit, Unit] | None:
    """Give the units of numerator and denominator; None for what is no quotient."""
    how = indicator.how
    if isinstance(how, Formula):
        term = how.term
        if not isinstance(term, Operation) or term.op != "/":
            return None
        return _unit(found, term.left) or Unit.NUMBER, _unit(found, term.right) or Unit.NUMBER
    if how.atomic.aggregation is Aggregation.AVG:
        return indicator.unit, Unit.COUNT
    if how.atomic.aggregation is Aggregation.RATIO:
        return _measured_in(how.atomic.measure), _measured_in(how.atomic.denominator)
    return None


def adds_up(found: Catalogue, indicator: Indicator) -> bool:
    """Say whether the figures of parts add up to the figure of the whole."""
    how = indicator.how
    if isinstance(how, Derived):
        return how.atomic.aggregation in (Aggregation.SUM, Aggregation.COUNT)
    return _is_sum(found, how.term)


def _is_sum(found: Catalogue, term: Term) -> bool:
    if isinstance(term, Operand):
        return adds_up(found, found.indicators[term.code])
    if isinstance(term, Constant):
        return False
    left, right = term.left, term.right
    if term.op in _KEEPS_UNIT:
        return _is_sum(found, left) and _is_sum(found, right)
    if isinstance(right, Constant):
        return _is_sum(found, left)
    return term.op == "*" and isinstance(left, Constant) and _is_sum(found, right)


def _measured_in(measure: Expression | None) -> Unit:
    field = measure.tree.field if measure is not None and isinstance(measure.tree, Ref) else None
    known = {unit.value: unit for unit in Unit}
    return known.get(field.unit, Unit.NUMBER) if field is not None else Unit.NUMBER


def _unit(found: Catalogue, term: Term) -> Unit | None:
    if isinstance(term, Constant):
        return None
    if isinstance(term, Operand):
        return found.indicators[term.code].unit
    left, right = _unit(found, term.left), _unit(found, term.right)
    if term.op in _KEEPS_UNIT:
        return left if left is right else Unit.NUMBER
    if term.op == "*":
        return right if left is None else left if right is None else Unit.NUMBER
    return left if right is None else Unit.RATIO if left is right else Unit.NUMBER


def reference(against: Against, day: date, held: list[date]) -> date | None:
    """Give the date to compare with, of those that are held; None where none is near enough.

    The day before must be held; the end of a month or year is looked for ten days back.
    """
    wanted = {
        Against.DAY_BEFORE: day - _DAY,
        Against.MONTH_END: month_start(day) - _DAY,
        Against.YEAR_END: year_start(day) - _DAY,
        Against.LAST_YEAR: last_year(day),
    }[against]
    patience = STOCK_LOOKBACK_DAYS if against in (Against.MONTH_END, Against.YEAR_END) else 0
    near = [one for one in held if wanted - _DAY * patience <= one <= wanted]
    return near[-1] if near else None
