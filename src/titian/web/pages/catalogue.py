"""The table catalogue: what tables there are, what is in them, and where it comes from."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.jobs.dictionary import explained
from titian.kernel.scope import Permission, Scope
from titian.lake import store
from titian.lake.schema import Layer
from titian.lake.store import TableInfo
from titian.web.catalogue_tables import columns_table, versions_table
from titian.web.context import Context, needs
from titian.web.i18n import _, lazy, locale
from titian.web.lake_rows import rows_table
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Query,
    Rows,
    State,
    Table,
    Tone,
    rows_of,
)
from titian.web.room import AT_PLACE, MAX_FOUND, Entry, Hit, Room, Searcher, Section

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_CATALOG)]

MAX_VERSIONS = 500
LAYERS: dict[str, State] = {
    Layer.RAW: State(lazy("Raw"), Tone.CALM),
    Layer.CORE: State(lazy("Core"), Tone.NOTE),
    Layer.MART: State(lazy("Mart"), Tone.GOOD),
}


def name_of(info: TableInfo) -> str:
    """Give a table's name in the reader's language."""
    return info.table.zh if locale() == "zh" else info.table.en


def _fetch(scope: Scope, query: Query) -> Rows[TableInfo]:
    return rows_of(
        store.tables(scope),
        query,
        search=lambda info: (
            f"{info.table.qualified} {info.table.zh} {info.table.en} "
            + " ".join(f"{column.name} {column.zh}" for column in info.table.columns)
        ),
        keep={"layer": lambda info, layer: info.table.layer == layer},
        order={
            "name": name_of,
            "qualified": lambda info: info.table.qualified,
            "level": _level,
            "columns": lambda info: len(info.table.columns),
        },
    )


def _level(info: TableInfo) -> int:
    return max(column.level for column in info.table.columns)


TABLE: Table[TableInfo] = Table(
    "tables",
    lazy("Tables"),
    about=lazy("Every table of this place: what its columns mean, how private they are, its rows."),
    columns=(
        Column(
            "name",
            lazy("Table"),
            value=name_of,
            main=True,
            link=lambda ctx, info: ctx.url(f"/tables/{info.table.qualified}"),
        ),
        Column("qualified", lazy("Code"), Kind.CODE, value=lambda info: info.table.qualified),
        Column(
            "layer",
            lazy("Layer"),
            Kind.STATE,
            value=lambda info: info.table.layer,
            states=LAYERS,
            sortable=False,
        ),
        Column(
            "columns", lazy("Columns"), Kind.NUMBER, value=lambda i: len(i.table.columns), desk=True
        ),
        Column("rows", lazy("Rows"), Kind.NUMBER),
        Column("bytes", lazy("Size"), Kind.SIZE, desk=True),
        Column("level", lazy("Data level"), Kind.NUMBER, value=_level, desk=True),
        Column("last_date", lazy("Newest date"), Kind.DATE),
    ),
    fetch=_fetch,
    filters=(
        Filter("q", lazy("Table or column"), FilterKind.SEARCH),
        Filter(
            "layer",
            lazy("Layer"),
            choices=lambda _ctx: [(layer, LAYERS[layer].label) for layer in LAYERS],
        ),
    ),
    sort="qualified",
    empty=Empty(
        lazy("No tables here yet"),
        lazy("Tables appear with the first feed that is loaded."),
    ),
)


@router.get("/tables")
def list_tables(ctx: Reader) -> Response:
    """List the tables."""
    return ctx.table(TABLE, "catalogue/list.html")


@router.get("/tables/{name}")
def show_table(ctx: Reader, name: str) -> Response:
    """Show a table: its columns, classes and size."""
    info = store.info(ctx.scope, name)
    columns = explained(ctx.scope, info.table).columns
    return page(ctx, info, "columns", columns_table(ctx, info, columns))


@router.get("/tables/{name}/sample")
def show_sample(ctx: Reader, name: str) -> Response:
    """Show the rows of a business date, the newest unless one is picked, masked for the reader."""
    info = store.info(ctx.scope, name)
    day = ctx.business_date or info.last_date
    if day is None or not ctx.allows(Permission.QUERY):
        return page(ctx, info, "sample", day=day)
    return page(ctx, info, "sample", rows_table(ctx.scope, info.table, day), day=day)


@router.get("/tables/{name}/versions")
def show_versions(ctx: Reader, name: str) -> Response:
    """Show the versions of a table: what was written when."""
    info = store.info(ctx.scope, name)
    return page(ctx, info, "versions", versions_table(store.history(ctx.scope, name, MAX_VERSIONS)))


def page(
    ctx: Context, info: TableInfo, part: str, shown: Table[Any] | None = None, **more: Any
) -> Response:
    """Render a tab of a table's page, in the frame of all of them."""
    base = f"/tables/{info.table.qualified}"
    parts = (
        ("columns", _("Columns"), base),
        ("sample", _("Browse rows"), f"{base}/sample"),
        ("lineage", _("Lineage"), f"{base}/lineage"),
        ("versions", _("Versions"), f"{base}/versions"),
    )
    table = explained(ctx.scope, info.table)
    values = {
        "info": info,
        "table": table,
        "table_name": table.label.text(locale()),
        "layer": LAYERS[info.table.layer],
        "part": part,
        "links": [(label, ctx.url(path), key == part) for key, label, path in parts],
        **more,
    }
    if shown is None:
        return ctx.render(f"catalogue/{part}.html", {**values, "view": None})
    return ctx.table(shown, f"catalogue/{part}.html", values)


def _find(ctx: Context, words: str) -> list[Hit]:
    rows = _fetch(ctx.scope, Query(filters={"q": words}, sort="qualified", limit=MAX_FOUND)).rows
    return [
        Hit(name_of(info), f"/tables/{info.table.qualified}", "table-2", info.table.qualified)
        for info in rows
    ]


ROOM = Room(
    "catalogue",
    router,
    entries=(Entry(Section.DATA, lazy("Tables"), "/tables", "table-2", Permission.VIEW_CATALOG),),
    searchers=(Searcher(lazy("Tables"), _find, Permission.VIEW_CATALOG, "/tables"),),
    acts={"query": lazy("Asked tables")},
)
