"""The lists of a table's page: its columns, and its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from titian.kernel.scope import Permission
from titian.lake.masking import reader_rule
from titian.lake.schema import Column as LakeColumn
from titian.lake.schema import Mask, PiClass
from titian.lake.store import TableInfo, Version
from titian.web.i18n import formats, lazy, locale
from titian.web.listing import Column, Filter, FilterKind, Kind, State, Table, Tone, over
from titian.web.naming import person_name
from titian.web.words import TABLE_WRITES

if TYPE_CHECKING:
    from titian.web.context import Context

MAX_DATES_SHOWN = 3
CLASSES: dict[PiClass, State] = {
    PiClass.NONE: State(lazy("none")),
    PiClass.C1: State("C1"),
    PiClass.C2: State("C2", Tone.WARN),
    PiClass.C3: State("C3", Tone.BAD),
}
_KEY = {True: State(lazy("key"))}
_SHOWN = {True: State(lazy("masked")), False: State(lazy("plain"))}


def columns_table(
    ctx: Context, info: TableInfo, columns: tuple[LakeColumn, ...]
) -> Table[LakeColumn]:
    """Give the columns of a table: what they mean, how private they are, where they come from."""
    base = f"/tables/{info.table.qualified}/lineage"

    def masked(column: LakeColumn) -> bool:
        return reader_rule(ctx.scope, column) is not Mask.NONE

    table: Table[LakeColumn] = Table(
        "columns",
        lazy("Columns"),
        columns=(
            Column(
                "label",
                lazy("Meaning"),
                value=lambda column: column.label.text(locale()),
                link=lambda here, column: here.url(base, column=column.name),
                note=lambda column: column.description.text(locale()),
                main=True,
            ),
            Column("name", lazy("Column"), Kind.CODE),
            Column("type", lazy("Type"), Kind.CODE),
            Column("key", lazy("Key"), value=lambda one: one.key or None, states=_KEY),
            Column("pi_class", lazy("Class"), Kind.STATE, states=CLASSES),
            Column("level", lazy("Level"), Kind.NUMBER),
            Column("masked", lazy("Shown as"), value=masked, states=_SHOWN),
        ),
        filters=(
            Filter("q", lazy("Column or meaning"), FilterKind.SEARCH),
            Filter(
                "class",
                lazy("Class"),
                choices=lambda _ctx: [(one.value, word.label) for one, word in CLASSES.items()],
            ),
        ),
        page_size=100,
        export=Permission.VIEW_CATALOG,
        saved_views=False,
    )
    return over(
        table,
        columns,
        search=lambda one: f"{one.name} {one.zh} {one.en} {one.description.text(locale())}",
        keep={"class": lambda one, name: one.pi_class == name},
    )


def _dates(version: Version) -> str:
    dates = version.dates
    if len(dates) <= MAX_DATES_SHOWN:
        return formats.listed(dates)
    return f"{dates[0]} … {dates[-1]} ({formats.number(len(dates))})"


VERSIONS: Table[Version] = Table(
    "versions",
    lazy("Versions"),
    columns=(
        Column("version", lazy("Version"), Kind.NUMBER, main=True),
        Column("at", lazy("When"), Kind.MOMENT),
        Column("action", lazy("What"), states=TABLE_WRITES, raw=lambda one: one.action),
        Column("dates", lazy("Business dates"), value=_dates),
        Column(
            "user",
            lazy("Who"),
            value=lambda one: person_name(one.user),
            raw=lambda one: one.user,
        ),
    ),
    filters=(Filter("q", lazy("Who, what or date"), FilterKind.SEARCH),),
    sort="-version",
    export=Permission.VIEW_CATALOG,
    saved_views=False,
)


def versions_table(versions: list[Version]) -> Table[Version]:
    """Give the versions of a table, newest first."""
    return over(
        VERSIONS,
        versions,
        search=lambda one: f"{person_name(one.user)} {one.user} {one.action} {' '.join(one.dates)}",
        order={"dates": lambda one: one.dates},
    )
