"""Where a customer stands: the tags they wear, and key figures with their course."""

from __future__ import annotations

from datetime import date, timedelta

from titian.data.parties.model import Figure, Worn
from titian.data.parties.reading import PROFILE, Reader, on_days
from titian.data.tags import catalogue, store
from titian.decide import Label
from titian.kernel.ids import PartyId
from titian.kernel.scope import Permission
from titian.lake.schema import Column

FIGURE_DATES = 14
_FIGURES = ("aum_fen", "deposit_fen", "wealth_fen", "loan_fen", "entries_30d", "products_held")


def worn_tags(reader: Reader, party_id: PartyId) -> tuple[Worn, ...]:
    """Give the tags a customer wears that the person may see; none without VIEW_TAGS."""
    scope = reader.scope
    if not scope.allows(Permission.VIEW_TAGS) or not reader.has(PROFILE):
        return ()
    held = [day for day in store.dates(scope) if day <= reader.day]
    if not held:
        return ()
    numbers = reader.day_rows(PROFILE, ("dense_id",), "party_id", party_id, held[-1])
    dense = numbers.column(0).to_pylist()
    if not dense:
        return ()
    known = catalogue.visible(scope)
    worn = store.day_tags(scope, held[-1]).worn_by(dense[0], known.tags)
    return tuple(
        Worn(
            tag=tag.code,
            value=value.code,
            label=tag.label,
            value_label=None if tag.is_plain else value.label,
            category=tag.category.label,
            as_of=held[-1],
        )
        for tag in known.tags.values()
        for value in tag.values
        if (tag.code, value.code) in worn
    )


def figures(reader: Reader, party_id: PartyId) -> tuple[Figure, ...]:
    """Give the key figures, each with its weekly course over a quarter."""
    columns = ("party_id", *_FIGURES)
    days = [reader.day - timedelta(7 * back) for back in range(FIGURE_DATES)]
    given = {"party_id": party_id, "days": days, "most": FIGURE_DATES}
    shown, dates = reader.section_beside(
        PROFILE, columns, ("business_date",), on_days(PROFILE, columns), **given
    )
    held = [row["business_date"] for row in dates]
    return tuple(
        _figure(column, held, [row[column.name] for row in shown.rows])
        for column in shown.columns[1:]
    )


def _figure(column: Column, days: list[object], values: list[object]) -> Figure:
    course = tuple(
        (day, value if isinstance(value, int | float) else None)
        for day, value in zip(days, values, strict=True)
        if isinstance(day, date)
    )
    unit = "fen" if column.name.endswith("_fen") else "count"
    last = course[-1][1] if course else None
    return Figure(column.name, Label(column.zh, column.en), unit, last, course)
