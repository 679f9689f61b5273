"""The list that ranks banks or organisations by one indicator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from titian.data.indicators import Unit
from titian.web.context import Context
from titian.web.figures import Scale, moved, shift
from titian.web.i18n import Text, _, lazy
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    Table,
    rows_of,
)

LAST = -1e300


@dataclass(frozen=True, slots=True)
class Ranked:
    """One bank or organisation with its figure, those of two earlier days, and its place."""

    id: str
    name: str
    rank: int | None
    value: float | None
    before: float | None
    year_before: float | None
    share: float | None
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one line of the ranking before it has a place."""

    id: str
    name: str
    value: float | None
    before: float | None = None
    year_before: float | None = None
    note: Text = ""


def ranked(lines: Sequence[Figures], *, adds_up: bool) -> list[Ranked]:
    """Give each line its place, the greatest first, and its share where shares make sense."""
    known = sorted({line.value for line in lines if line.value is not None}, reverse=True)
    place = {value: at for at, value in enumerate(known, 1)}
    total = sum(line.value or 0.0 for line in lines)
    sensible = adds_up and total > 0 and all((line.value or 0) >= 0 for line in lines)
    return [
        Ranked(
            line.id,
            line.name,
            None if line.value is None else place[line.value],
            line.value,
            line.before,
            line.year_before,
            line.value / total if sensible and line.value is not None else None,
            line.note,
        )
        for line in sorted(lines, key=lambda one: -(LAST if one.value is None else one.value))
    ]


def table(
    title: Text,
    what: Text,
    lines: Sequence[Ranked],
    scale: Scale,
    link: Callable[[Context, Ranked], str | None],
    keep: Sequence[str] = (),
) -> Table[Ranked]:
    """Declare the ranking for one request; `what` heads the column of names."""
    shares = any(line.share is not None for line in lines)
    last_year = any(line.year_before is not None for line in lines)
    columns: list[Column[Ranked]] = [
        Column("rank", lazy("Rank"), Kind.NUMBER),
        Column("name", what, main=True, link=link, note=lambda line: line.note or None),
        _figure(scale),
    ]
    if shares:
        columns.append(Column("share", lazy("Share"), Kind.PERCENT, decimals=1))
    columns.append(_change("before", lazy("Day on day"), scale.unit))
    if last_year:
        columns.append(_change("year_before", lazy("Year on year"), scale.unit))
    return Table(
        "ranking",
        title,
        columns=columns,
        fetch=lambda _scope, query: _rows(lines, query, scale.unit),
        filters=(Filter("q", lazy("Find by name"), FilterKind.SEARCH),),
        sort="rank",
        empty=Empty(lazy("No figures yet"), lazy("They appear when the bank's day has run.")),
        saved_views=False,
        keep=keep,
    )


def _rows(lines: Sequence[Ranked], query: Query, unit: Unit) -> Rows[Ranked]:
    order: Mapping[str, Callable[[Ranked], object]] = {
        "value": lambda line: LAST if line.value is None else line.value,
        "before": lambda line: shift(line.value, line.before, unit),
        "year_before": lambda line: shift(line.value, line.year_before, unit),
    }
    return rows_of(lines, query, search=lambda line: f"{line.name} {line.id}", order=order)


def _figure(scale: Scale) -> Column[Ranked]:
    if scale.unit is Unit.RATIO:
        return Column("value", lazy("Figure"), Kind.PERCENT, decimals=2)
    name = str(scale.name)
    label = _("Figure (%(unit)s)", unit=name) if name else _("Figure")
    return Column(
        "value", label, Kind.NUMBER, value=lambda line: _whole(line.value, scale),
        decimals=scale.decimals,
    )  # fmt: skip


def _whole(value: float | None, scale: Scale) -> float | int | None:
    if value is None:
        return None
    shown = value / scale.size
    return int(shown) if scale.decimals is None and shown == int(shown) else shown


def _change(name: str, label: Text, unit: Unit) -> Column[Ranked]:
    def said(line: Ranked) -> str | None:
        return moved(line.value, getattr(line, name), unit)

    return Column(name, label, Kind.FIGURE, value=said, desk=name == "year_before")
