"""Where a table or one of its columns comes from and goes, with how each hop is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data import indicators
from titian.data.jobs import lineage
from titian.data.jobs.catalogue import load
from titian.data.jobs.lineage import FEED, Edge, Lineage, Tables
from titian.data.jobs.origins import INDICATOR, TAG
from titian.data.tags import catalogue as tag_catalogue
from titian.kernel.errors import TitianError
from titian.kernel.labels import Label
from titian.kernel.scope import Permission
from titian.lake import store
from titian.lake.schema import Table
from titian.lake.store import TableInfo
from titian.web import naming
from titian.web.context import Context, needs
from titian.web.flow import Box, Group, Picture, draw, folded, layering
from titian.web.flow.asking import Ask, Shown, choices, narrowed
from titian.web.i18n import Text, _, locale, ngettext
from titian.web.pages.catalogue import LAYERS, page
from titian.web.problems import spoken
from titian.web.room import AT_PLACE, Room

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs(Permission.VIEW_CATALOG)]

LEAST_ENDS, LEAST_COLUMNS = 4, 8


class Way(StrEnum):
    """Which side of a column is shown."""

    BOTH = "both"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for: a table or one of its columns, a side, and how much of it."""

    table: str
    column: str
    way: Way
    ask: Ask

    def url(self, ctx: Context, *, opened: Sequence[str] | None = None) -> str:
        groups = self.ask.opened if opened is None else opened
        return ctx.url(
            f"/tables/{self.table}/lineage",
            column=self.column or None,
            way=self.way if self.column and self.way is not Way.BOTH else None,
            hops=self.ask.hops or None,
            open=",".join(groups) or None,
        )


@router.get("/tables/{name}/lineage")
def show_lineage(ctx: Reader, name: str) -> Response:
    """Show what the table is made from and what is made from it; with `column`, for one column."""
    info = store.info(ctx.scope, name)
    asked = _asked(ctx, info)
    problem, picture, shown = "", None, None
    try:
        picture, shown = _drawn(ctx, asked)
    except TitianError as error:
        problem = spoken(error)
    return page(
        ctx,
        info,
        "lineage",
        column=asked.column,
        column_name=_column_name(info.table, asked.column),
        way=asked.way,
        ways=[(Way.BOTH, _("both ways")), (Way.UP, _("where it comes from")),
              (Way.DOWN, _("where it goes"))],
        problem=problem,
        picture=picture,
        asking=shown,
        readers=() if problem or asked.column else _readers(ctx, name),
    )  # fmt: skip


def _asked(ctx: Context, info: TableInfo) -> _Asked:
    column = ctx.query("column", most=63)
    if column:
        info.table.column(column)
    way = ctx.query("way", most=4)
    opened = tuple(filter(None, ctx.query("open", most=400).split(",")))
    ask = Ask(ctx.query("focus", most=190), ctx.query("hops", most=10), opened)
    return _Asked(info.table.qualified, column, Way(way) if way in list(Way) else Way.BOTH, ask)


def _readers(ctx: Context, name: str) -> list[tuple[str, str]]:
    known = load(ctx.scope).jobs
    found = (known[job] for job in lineage.readers(ctx.scope, name))
    return [(job.name, job.zh if locale() == "zh" else job.en) for job in found]


def _drawn(ctx: Context, asked: _Asked) -> tuple[Picture, Shown]:
    boxes, edges = _columns(ctx, asked) if asked.column else _tables(ctx, asked)
    groups = [box.group for box in boxes]
    look = _Folder(ctx, asked)
    boxes, edges = folded(boxes, edges, look.box, opened=asked.ask.opened, least=1)
    part = narrowed([replace(box, group="") for box in boxes], edges, asked.ask, look.box)
    title = _("Columns before and after this one") if asked.column else _(
        "Tables before and after this one")  # fmt: skip
    opened = [(look.label(name), asked.url(ctx, opened=look.without(name)))
              for name in asked.ask.opened if name in groups]  # fmt: skip
    kept = {"column": asked.column, "way": asked.way, "open": ",".join(asked.ask.opened)}
    shown = Shown(
        url=ctx.url(f"/tables/{asked.table}/lineage").partition("?")[0],
        kept={name: value for name, value in kept.items() if value},
        typed=asked.ask.focus,
        hops=part.hops,
        choices=choices(len(boxes), groups=False),
        names=[(box.name, box.label) for box in boxes],
        opened=opened,
        missing=False,
    )
    return draw(title, part.boxes, part.edges), shown


def _tables(ctx: Context, asked: _Asked) -> tuple[list[Box], list[layering.Edge]]:
    found: Tables = lineage.tables_around(ctx.scope, asked.table)
    known = load(ctx.scope).tables
    boxes = [
        _table_box(ctx, name, known.get(name), here=name == asked.table) for name in found.tables
    ]
    return boxes, [(edge.source, edge.target) for edge in found.edges]


def _table_box(ctx: Context, name: str, table: Table | None, *, here: bool) -> Box:
    if name.startswith(FEED):
        feed = name.removeprefix(FEED)
        called = naming.names_at(ctx.scope.bank).get(name, feed)
        return Box(name, called, name, "note", _feed_url(ctx, feed), first=True)
    label = _named(table.zh, table.en) if table else name
    url = ctx.url(f"/tables/{name}/lineage")
    return Box(name, label, name, _tone(name), url, here=here)


def _tone(table: str) -> str:
    layer = table.partition(".")[0]
    return LAYERS[layer].tone if layer in LAYERS else "calm"


def _columns(ctx: Context, asked: _Asked) -> tuple[list[Box], list[layering.Edge]]:
    walk = {Way.UP: lineage.upstream, Way.DOWN: lineage.downstream, Way.BOTH: lineage.around}
    found: Lineage = walk[asked.way](ctx.scope, f"{asked.table}.{asked.column}")
    made = {edge.target: edge for edge in found.edges}
    names = _Names(ctx, found.columns)
    boxes = [
        replace(names.box(name), how=_how(made.get(name)), here=name == found.column)
        for name in found.columns
    ]
    counts = Counter(box.group for box in boxes)
    boxes = [
        box if counts[box.group] >= _least(box.group) and not box.here else replace(box, group="")
        for box in boxes
    ]
    return boxes, [(edge.source, edge.target) for edge in found.edges]


def _least(group: str) -> int:
    return LEAST_ENDS if group.startswith((INDICATOR, TAG)) else LEAST_COLUMNS


def _how(edge: Edge | None) -> str:
    if edge is None:
        return ""
    if not edge.exact:
        return _("Inside %(job)s, a job in Python; anything it reads may go in.", job=edge.job)
    return edge.how.text(locale())


class _Names:
    """What the ends of lineage are called, asked once for a picture."""

    def __init__(self, ctx: Context, names: Sequence[str]) -> None:
        self._ctx = ctx
        known = load(ctx.scope)
        self._tables, self._feeds = known.tables, known.feeds
        self._ends: dict[str, Label] = {}
        if any(name.startswith(INDICATOR) for name in names):
            self._ends |= {entry.code: entry.label for entry in indicators.catalogue(ctx.scope)}
        if any(name.startswith(TAG) for name in names):
            seen = tag_catalogue.visible(ctx.scope).tags
            self._ends |= {code: tag.label for code, tag in seen.items()}

    def box(self, name: str) -> Box:
        ctx = self._ctx
        table, _dot, column = name.rpartition(".")
        if table.startswith(FEED):
            feed = table.removeprefix(FEED)
            called, url = self._field(feed, column), _feed_url(ctx, feed)
            return Box(name, called, name, "note", url, group=table, first=True)
        if table.startswith(INDICATOR):
            note, url = _("indicator %(code)s", code=column), ctx.url(f"/indicators/{column}")
            return Box(name, self._end(column), note, "good", url, group=table)
        if table.startswith(TAG):
            note, url = _("tag %(code)s", code=column), ctx.url(f"/tags/{column}")
            return Box(name, self._end(column), note, "good", url, group=table)
        url = ctx.url(f"/tables/{table}/lineage", column=column)
        shown = _column_name(self._tables.get(table), column)
        return Box(name, shown, name, _tone(table), url, group=table)

    def _field(self, feed: str, source: str) -> str:
        known = self._feeds.get(feed)
        fields = known.contract.fields if known else ()
        found = [one.column.label.text(locale()) for one in fields if one.source == source]
        return " / ".join(found) or source

    def _end(self, code: str) -> str:
        label = self._ends.get(code)
        return label.text(locale()) if label else code


@dataclass(frozen=True, slots=True)
class _Folder:
    """Makes the box that stands for a group, and the addresses that open and fold it."""

    ctx: Context
    asked: _Asked

    def box(self, group: Group) -> Box:
        """Stand for a group; its address opens it."""
        opened = (*self.asked.ask.opened, group.name)
        return Box(
            f"~{group.name}",
            self.label(group.name),
            ngettext("%(num)s of them", "%(num)s of them", len(group.boxes)),
            group.boxes[0].tone,
            self.asked.url(self.ctx, opened=opened),
            many=True,
            first=group.boxes[0].first,
        )

    def label(self, name: str) -> Text:
        """Call a group by what its members are."""
        if name.startswith(INDICATOR):
            subject = indicators.Subject(name.removeprefix(INDICATOR))
            return _("%(subject)s indicators", subject=subject.label.text(locale()))
        if name.startswith(TAG):
            seen = tag_catalogue.visible(self.ctx.scope).categories
            code = name.removeprefix(TAG)
            labels = {one.code: one.label.text(locale()) for one in seen}
            return _("%(category)s tags", category=labels.get(code, code))
        if name.startswith(FEED):
            called = naming.names_at(self.ctx.scope.bank).get(name, name.removeprefix(FEED))
            return _("feed %(feed)s", feed=called)
        table = load(self.ctx.scope).tables.get(name)
        return _("Columns of %(table)s", table=_named(table.zh, table.en) if table else name)

    def without(self, name: str) -> list[str]:
        """List the open groups but one."""
        return [one for one in self.asked.ask.opened if one != name]


def _column_name(table: Table | None, column: str) -> str:
    known = next((one for one in table.columns if one.name == column), None) if table else None
    return _named(known.zh, known.en) if known else column


def _named(zh: str, en: str) -> str:
    return zh if locale() == "zh" else en


def _feed_url(ctx: Context, feed: str) -> str:
    return ctx.url(f"/feeds/{feed}") if ctx.allows(Permission.VIEW_JOBS) else ""


ROOM = Room("table_lineage", router)
