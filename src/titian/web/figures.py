"""Figures of indicators as people read them: one unit for all that stand together, and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from titian.data.indicators import Unit
from titian.web.i18n import Text, _, formats, lazy, locale

WAN, YI = 10_000, 100_000_000
MILLION = 1_000_000
FEN_IN_YUAN = 100
_NAMES: Mapping[Unit, Text] = {
    Unit.COUNT: "",
    Unit.HOURS: lazy("hours"),
    Unit.DAYS: lazy("days"),
    Unit.MONTHS: lazy("months"),
    Unit.YEARS: lazy("years"),
    Unit.MU: lazy("mu"),
    Unit.NUMBER: "",
}
# At least so many yuan, then divided by so many, under this name.
_ZH_MONEY = ((YI, YI, "亿元"), (100 * WAN, WAN, "万元"), (0, 1, "元"))
_EN_MONEY = ((MILLION, MILLION, "¥ M"), (0, 1, "¥"))
_CHARTS: Mapping[Unit, str] = {Unit.FEN: "yuan", Unit.RATIO: "percent"}


@dataclass(frozen=True, slots=True)
class Scale:
    """How figures of one unit are written: divided by `size`, with `decimals`, named `name`.

    `name` is the unit of the figures as they stand (万元), not of the values behind them (fen).
    """

    unit: Unit
    size: float
    decimals: int | None
    name: Text

    def number(self, value: float | None) -> str:
        """Write a figure without its unit; a dash where it cannot be known."""
        if value is None:
            return formats.NOTHING
        if self.decimals is None:
            return formats.number(round(value / self.size, 2) if value % 1 else int(value))
        return formats.number(value / self.size, self.decimals)

    def text(self, value: float | None) -> str:
        """Write a figure with its unit."""
        if value is None or not str(self.name):
            return self.number(value)
        if self.unit is Unit.RATIO:
            return f"{self.number(value)}{self.name}"
        if self.unit is Unit.FEN and locale() != "zh":
            return f"¥{self.number(value)}{str(self.name).removeprefix('¥')}"
        return f"{self.number(value)} {self.name}"


def scale_of(unit: Unit, values: Iterable[float | None]) -> Scale:
    """Choose the scale in which the largest of some figures reads well."""
    if unit is Unit.RATIO:
        return Scale(unit, 0.01, 2, "%")
    if unit is not Unit.FEN:
        return Scale(unit, 1, None, _NAMES[unit])
    largest = max((abs(value) for value in values if value is not None), default=0) / FEN_IN_YUAN
    steps = _ZH_MONEY if locale() == "zh" else _EN_MONEY
    size, name = next((size, name) for least, size, name in steps if largest >= least)
    return Scale(unit, size * FEN_IN_YUAN, 2, name)


def written(value: float | None, unit: Unit) -> str:
    """Write one figure by itself, with its unit."""
    return scale_of(unit, [value]).text(value)


def moved(value: float | None, before: float | None, unit: Unit) -> str | None:
    """Say how a figure moved: in percent, a ratio in percentage points; None if unknown."""
    change = shift(value, before, unit)
    if change is None:
        return None
    said = f"{change * 100:+,.2f}"
    said = said if said.strip("+-0.") else "0.00"
    return _("%(num)s points", num=said) if unit is Unit.RATIO else f"{said}%"


def shift(value: float | None, before: float | None, unit: Unit) -> float | None:
    """Give what `moved` says: of a ratio the difference, of others the share they rose by."""
    if unit is not Unit.RATIO:
        return rise(value, before)
    return None if value is None or before is None else value - before


def rise(value: float | None, before: float | None) -> float | None:
    """Give the share by which a figure rose; None from zero or from the unknown."""
    return None if value is None or not before else (value - before) / abs(before)


def charted(value: float | None, unit: Unit) -> float | None:
    """Give a figure in the unit that charts draw: yuan for money."""
    return value / FEN_IN_YUAN if value is not None and unit is Unit.FEN else value


def chart_unit(unit: Unit) -> str:
    """Name the form in which a chart writes a unit."""
    return _CHARTS.get(unit, "number")
