"""Charts: what to draw, said in a few words; the browser's script gives colours and fonts.

`Chart.option()` is an ECharts option without colours; `told()` says in a sentence what is to be
seen, and `heads()` and `rows()` give the same numbers as a table, for people who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from titian.kernel.money import FEN_PER_YUAN
from titian.web.i18n import Text, _, formats, ngettext

MAX_POINTS = 5_000
MAX_TOLD = 4
Value = int | float | None


@dataclass(frozen=True, slots=True)
class Series:
    """One line or set of bars: a name and one value per category (None: no value).

    `unit` is the chart's unless given; `counted` names what is counted, after each value (rows).
    """

    name: Text
    values: Sequence[Value]
    kind: str = "line"
    stack: str = ""
    area: bool = False
    right: bool = False
    unit: str = ""
    counted: Text = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over categories (days, banks, products).

    `unit` says how values are written: number, compact, percent, seconds or yuan (values in yuan).
    `band` shades between two lists of values (a forecast's interval); `marks` draws horizontal
    lines; `links` gives the address each category leads to.
    """

    title: Text
    categories: Sequence[str]
    series: Sequence[Series]
    unit: str = "number"
    horizontal: bool = False
    marks: Sequence[tuple[Text, float]] = ()
    band: tuple[Sequence[Value], Sequence[Value]] | None = None
    links: Sequence[str] = ()
    zoom: bool = False

    def option(self) -> dict[str, Any]:
        """Give the ECharts option."""
        names: dict[str, Any] = {"type": "category", "data": list(self.categories)[:MAX_POINTS]}
        bars = any(one.kind == "bar" for one in self.series)
        names["boundaryGap"] = bars
        values: Any = {"type": "value", "unit": self._unit(right=False)}
        if any(one.right for one in self.series):
            right = {"type": "value", "splitLine": {"show": False}, "unit": self._unit(right=True)}
            values = [values, right]
        if self.horizontal:
            names["inverse"] = True
        several = len(self.series) > 1
        return {
            "titian": {"format": self.unit, "links": list(self.links)},
            "aria": _aria(self.told()),
            "grid": {
                "left": 4,
                "right": 12,
                "top": 34 if several else 12,
                "bottom": 36 if self.zoom else 4,
                "containLabel": True,
            },
            "legend": {"show": several, "top": 0, "left": 0, "type": "scroll"},
            "tooltip": {"trigger": "axis"},
            "xAxis": values if self.horizontal else names,
            "yAxis": names if self.horizontal else values,
            "dataZoom": [{"type": "inside"}, {"height": 18, "bottom": 6}] if self.zoom else [],
            "series": [*self._band(), *(self._series(one) for one in self.series)],
        }

    def _series(self, one: Series) -> dict[str, Any]:
        drawn: dict[str, Any] = {
            "name": str(one.name),
            "type": one.kind,
            "data": list(one.values)[:MAX_POINTS],
            "unit": one.unit or self.unit,
            "counted": str(one.counted),
        }
        if one.kind == "line":
            drawn |= {"showSymbol": len(one.values) <= 1, "connectNulls": False}
        else:
            drawn |= {"barMaxWidth": 28, "itemStyle": {"borderRadius": 2}}
        if one.stack:
            drawn["stack"] = one.stack
        if one.area:
            drawn["areaStyle"] = {"opacity": 0.14}
        if one.right:
            drawn["yAxisIndex"] = 1
        if self.marks and one is self.series[0]:
            lines = [{"name": str(name), "yAxis": at} for name, at in self.marks]
            label = {"formatter": "{b}", "position": "insideEndTop"}
            drawn["markLine"] = {"symbol": "none", "data": lines, "label": label}
        return drawn

    def _unit(self, *, right: bool) -> str:
        units = {one.unit or self.unit for one in self.series if one.right is right}
        return units.pop() if len(units) == 1 else self.unit

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None for one in self.series for value in one.values)

    def told(self) -> str:
        """Say what is drawn: title, span, and each series with its last, least and most."""
        if self.empty:
            return str(self.title)
        span = ngettext("%(num)s point", "%(num)s points", len(self.categories))
        if len(self.categories) > 1:
            span = _("%(span)s from %(first)s to %(last)s", span=span,
                     first=self.categories[0], last=self.categories[-1])  # fmt: skip
        said = [self._told(one) for one in self.series[:MAX_TOLD]]
        return _("%(title)s: %(span)s. %(series)s", title=self.title, span=span,
                 series=" ".join(filter(None, said)))  # fmt: skip

    def _told(self, one: Series) -> str:
        known = [(value, at) for at, value in enumerate(one.values) if value is not None]
        if not known:
            return ""
        (least, _low), (most, at) = min(known), max(known)
        unit = one.unit or self.unit
        return _(
            "%(name)s: lowest %(least)s, highest %(most)s (%(where)s), last %(last)s.",
            name=one.name,
            least=written(least, unit),
            most=written(most, unit),
            where=self.categories[at] if at < len(self.categories) else "",
            last=written(known[-1][0], unit),
        )

    def _band(self) -> list[dict[str, Any]]:
        if self.band is None:
            return []
        low, high = self.band
        gaps = [None if a is None or b is None else b - a for a, b in zip(low, high, strict=True)]
        hidden = {"type": "line", "stack": "band", "symbol": "none", "lineStyle": {"opacity": 0}}
        quiet = {"silent": True, "tooltip": {"show": False}}
        return [
            {**hidden, **quiet, "data": list(low)},
            {**hidden, **quiet, "data": gaps, "areaStyle": {"opacity": 0.16}},
        ]

    def heads(self) -> list[str]:
        """Give the heads of the table of numbers."""
        return ["", *(str(one.name) for one in self.series)]

    def rows(self) -> list[list[str]]:
        """Give the numbers as a table."""
        columns = [
            [written(value, one.unit or self.unit) for value in one.values] for one in self.series
        ]
        return [list(line) for line in zip(self.categories, *columns, strict=False)]


@dataclass(frozen=True, slots=True)
class Heat:
    """Values over two sets of categories (days by hours, bank by check)."""

    title: Text
    across: Sequence[str]
    down: Sequence[str]
    cells: Sequence[tuple[int, int, Value]]
    unit: str = "number"
    low: float | None = None
    high: float | None = None
    links: Sequence[str] = field(default=())

    def option(self) -> dict[str, Any]:
        """Give the ECharts option."""
        known = [value for _x, _y, value in self.cells if value is not None] or [0]
        low = min(known) if self.low is None else self.low
        high = max(known) if self.high is None else self.high
        return {
            "titian": {"format": self.unit, "links": list(self.links)},
            "aria": _aria(self.told()),
            "grid": {"left": 4, "right": 4, "top": 4, "bottom": 40, "containLabel": True},
            "tooltip": {},
            "xAxis": {"type": "category", "data": list(self.across), "splitArea": {"show": True}},
            "yAxis": {"type": "category", "data": list(self.down), "inverse": True},
            "visualMap": {
                "min": low,
                "max": high,
                "text": [written(high, self.unit), written(low, self.unit)],
                "orient": "horizontal",
                "left": "center",
                "bottom": 0,
                "itemHeight": 90,
                "itemWidth": 10,
            },
            "series": [
                {
                    "name": str(self.title),
                    "type": "heatmap",
                    "data": [[x, y, "-" if value is None else value] for x, y, value in self.cells],
                }
            ],
        }

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None for _x, _y, value in self.cells)

    def told(self) -> str:
        """Say what is drawn: title, size, and the highest value with its place."""
        known = [(value, x, y) for x, y, value in self.cells if value is not None]
        if not known:
            return str(self.title)
        most, x, y = max(known)
        return _(
            "%(title)s: %(across)s by %(down)s; highest %(most)s at %(x)s, %(y)s.",
            title=self.title,
            across=len(self.across),
            down=len(self.down),
            most=written(most, self.unit),
            x=self.across[x],
            y=self.down[y],
        )

    def heads(self) -> list[str]:
        """Give the heads of the table of numbers."""
        return ["", *self.across]

    def rows(self) -> list[list[str]]:
        """Give the numbers as a table."""
        found = {(x, y): value for x, y, value in self.cells}
        return [
            [name, *(written(found.get((x, y)), self.unit) for x in range(len(self.across)))]
            for y, name in enumerate(self.down)
        ]


def trend(
    title: Text, days: Sequence[str], values: Sequence[Value], *, unit: str = "number"
) -> Chart:  # the field's name
    """Give the usual chart of one figure over days."""
    return Chart(title, days, [Series(title, values, area=True)], unit=unit)


def written(value: Value, form: str) -> str:
    """Write a value as a chart of a unit does."""
    if value is None:
        return formats.number(None)
    match form:
        case "percent":
            return formats.percent(value, 2)
        case "yuan":
            return formats.money(round(value * FEN_PER_YUAN))
        case "seconds":
            return formats.seconds(value)
        case _:
            return formats.number(value if isinstance(value, int) else round(value, 4))


def _aria(text: str) -> dict[str, Any]:
    return {"enabled": True, "label": {"description": text}}
