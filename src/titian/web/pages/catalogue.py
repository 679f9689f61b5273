"""The table catalogue: what tables there are, what is in them, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian import lake
from titian.data.jobs import lineage
from titian.data.jobs.lineage import FEED, Lineage
from titian.kernel.errors import TitianError
from titian.kernel.scope import Permission, Scope
from titian.lake import store
from titian.lake.schema import Layer, PiClass, split_name
from titian.lake.store import TableInfo
from titian.web.context import Context, needs
from titian.web.flow import Box, Picture, draw
from titian.web.i18n import Text, _, lazy, locale
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
from titian.web.room import AT_PLACE, Entry, Hit, Room, Searcher, Section

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_CATALOG)]

SAMPLE_ROWS = 20
MAX_HITS = 6
LAYERS: dict[str, State] = {
    Layer.RAW: State(lazy("Raw"), Tone.CALM),
    Layer.CORE: State(lazy("Core"), Tone.NOTE),
    Layer.MART: State(lazy("Mart"), Tone.GOOD),
}
_CLASSES: dict[PiClass, Text] = {
    PiClass.NONE: lazy("none"),
    PiClass.C1: "C1",
    PiClass.C2: "C2",
    PiClass.C3: "C3",
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
    return ctx.table(TABLE)


@router.get("/tables/{name}")
def show_table(ctx: Reader, name: str) -> Response:
    """Show a table: its columns, classes and size."""
    info = store.info(ctx.scope, name)
    return _page(ctx, info, "columns", classes=_CLASSES)


@router.get("/tables/{name}/sample")
def show_sample(ctx: Reader, name: str) -> Response:
    """Show some rows of the newest date, masked for the reader."""
    info = store.info(ctx.scope, name)
    sample, refused = None, ""
    if info.last_date is not None:
        try:
            sample = _sample(ctx, info)
        except TitianError as error:
            refused = str(error)
    return _page(ctx, info, "sample", sample=sample, refused=refused)


def _sample(ctx: Context, info: TableInfo) -> lake.QueryResult:
    layer, table = split_name(info.table.qualified)
    sql = f'SELECT * FROM {layer.value}."{table}" WHERE business_date = $day LIMIT {SAMPLE_ROWS}'  # noqa: S608 - the name was checked by the lake
    return lake.query(ctx.scope, sql, {"day": info.last_date}, limit=SAMPLE_ROWS)


@router.get("/tables/{name}/lineage")
def show_lineage(ctx: Reader, name: str) -> Response:
    """Show what the table is made from and what is made from it; with `column`, for one column."""
    info = store.info(ctx.scope, name)
    column = ctx.query("column", most=63)
    found = _lineage(ctx, info, column)
    return _page(
        ctx,
        info,
        "lineage",
        column=column,
        picture=_tables_picture(ctx, info, found) if not column else _columns_picture(ctx, found),
        names=_names(ctx),
        readers=_readers(ctx, name),
    )


def _lineage(ctx: Context, info: TableInfo, column: str) -> list[Lineage]:
    wanted = [info.table.column(column)] if column else info.table.columns
    try:
        return [lineage.around(ctx.scope, f"{info.table.qualified}.{one.name}") for one in wanted]
    except TitianError:
        return []


def _readers(ctx: Context, name: str) -> Sequence[str]:
    return lineage.readers(ctx.scope, name)


def _tables_picture(ctx: Context, info: TableInfo, found: Sequence[Lineage]) -> Picture:
    names = dict.fromkeys(name for one in found for name in one.tables)
    names.setdefault(info.table.qualified, None)
    edges = {
        (edge.source.rpartition(".")[0], edge.target.rpartition(".")[0])
        for one in found
        for edge in one.edges
    }
    known = _names(ctx)
    boxes = [
        _table_box(ctx, name, known.get(name, ""), here=name == info.table.qualified)
        for name in names
    ]
    return draw(_("Tables before and after this one"), boxes, edges)


def _names(ctx: Context) -> dict[str, str]:
    return {info.table.qualified: name_of(info) for info in store.tables(ctx.scope)}


def _table_box(ctx: Context, name: str, called: str, *, here: bool) -> Box:
    if name.startswith(FEED):
        feed = name.removeprefix(FEED)
        return Box(name, feed, _("feed"), "note", _feed_url(ctx, feed))
    layer = name.partition(".")[0]
    tone = LAYERS[layer].tone if layer in LAYERS else Tone.CALM
    url = ctx.url(f"/tables/{name}/lineage")
    return Box(name, called or name, name if called else "", tone, url, here)


def _columns_picture(ctx: Context, found: Sequence[Lineage]) -> Picture:
    boxes = [_column_box(ctx, name, one.column) for one in found for name in one.columns]
    edges = [(edge.source, edge.target) for one in found for edge in one.edges]
    return draw(_("Columns before and after this one"), boxes, edges)


def _column_box(ctx: Context, name: str, asked: str) -> Box:
    table, _dot, column = name.rpartition(".")
    if table.startswith(FEED):
        feed = table.removeprefix(FEED)
        return Box(name, column, _("feed %(feed)s", feed=feed), "note", _feed_url(ctx, feed))
    url = ctx.url(f"/tables/{table}/lineage", column=column)
    return Box(name, column, table, "good" if name == asked else "calm", url, name == asked)


def _feed_url(ctx: Context, feed: str) -> str:
    return ctx.url(f"/feeds/{feed}") if ctx.allows(Permission.VIEW_JOBS) else ""


@router.get("/tables/{name}/versions")
def show_versions(ctx: Reader, name: str) -> Response:
    """Show the versions of a table: what was written when."""
    info = store.info(ctx.scope, name)
    return _page(ctx, info, "versions", versions=store.history(ctx.scope, name))


def _page(ctx: Context, info: TableInfo, part: str, **more: Any) -> Response:
    base = f"/tables/{info.table.qualified}"
    parts = (
        ("columns", _("Columns"), base),
        ("sample", _("Sample"), f"{base}/sample"),
        ("lineage", _("Lineage"), f"{base}/lineage"),
        ("versions", _("Versions"), f"{base}/versions"),
    )
    return ctx.render(
        f"catalogue/{part}.html",
        info=info,
        table=info.table,
        table_name=name_of(info),
        layer=LAYERS[info.table.layer],
        part=part,
        links=[(label, ctx.url(path), key == part) for key, label, path in parts],
        **more,
    )


def _find(ctx: Context, words: str) -> list[Hit]:
    rows = _fetch(ctx.scope, Query(filters={"q": words}, sort="qualified", limit=MAX_HITS)).rows
    return [
        Hit(name_of(info), f"/tables/{info.table.qualified}", "table-2", info.table.qualified)
        for info in rows
    ]


ROOM = Room(
    "catalogue",
    router,
    entries=(Entry(Section.DATA, lazy("Tables"), "/tables", "table-2", Permission.VIEW_CATALOG),),
    searchers=(Searcher(lazy("Tables"), _find, Permission.VIEW_CATALOG),),
    acts={"query": lazy("Asked tables")},
)
