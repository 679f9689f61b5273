"""What the frame shows around a page: the rail, the bank switcher, the picked day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from titian.web import days
from titian.web.context import query_text
from titian.web.i18n import Text
from titian.web.render import RAIL_COOKIE, theme
from titian.web.room import SECTION_NAMES, Entry, Level, Section

if TYPE_CHECKING:
    from titian.web.context import Context

PHONE_ENTRIES = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the rail, as shown."""

    label: Text
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One section of the rail, as shown."""

    section: Section
    label: Text
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything the frame's template needs beside the context."""

    groups: Sequence[Group]
    phone: Sequence[Line]
    theme: str
    folded: bool
    path: str
    address: str
    newest: str
    day: date | None

    def here_at(self, place: str) -> str:
        """Give the address of this page's list at another place."""
        return f"/at/{place}{self.path}"


def frame(ctx: Context) -> Frame:
    """Put the frame together for a reader at a place."""
    entries = entries_for(ctx)
    current = _current(ctx, entries)
    lines = {entry: _line(ctx, entry, current) for entry in entries}
    groups = [
        Group(section, SECTION_NAMES[section], [lines[e] for e in entries if e.section is section])
        for section in Section
    ]
    return Frame(
        groups=[group for group in groups if group.lines],
        phone=[line for group in groups for line in group.lines][:PHONE_ENTRIES],
        theme=theme(ctx.request),
        folded=ctx.request.cookies.get(RAIL_COOKIE) == "folded",
        path=current.path if current and current.level is Level.EITHER else "/",
        newest=ctx.request.url.path + query_text({**dict(ctx.request.query_params), "date": None}),
        day=ctx.business_date or days.newest(ctx),
        address=ctx.request.url.path + query_text(dict(ctx.request.query_params)),
    )


def entries_for(ctx: Context) -> list[Entry]:
    """List the rail's entries that a reader may open at this place."""
    from titian.web.pages import ROOMS

    return [entry for room in ROOMS for entry in room.entries if _shown(ctx, entry)]


def _shown(ctx: Context, entry: Entry) -> bool:
    if entry.permission is not None and not ctx.allows(entry.permission):
        return False
    if entry.level is Level.UNION:
        return ctx.scope.bank is None
    return entry.level is not Level.BANK or ctx.scope.bank is not None or bool(ctx.banks)


def _current(ctx: Context, entries: Sequence[Entry]) -> Entry | None:
    here = ctx.request.url.path.removeprefix(f"/at/{ctx.place}")
    fitting = [
        entry
        for entry in entries
        if here == entry.path or (entry.path != "/" and here.startswith(f"{entry.path}/"))
    ]
    return max(fitting, key=lambda entry: len(entry.path), default=None)


def _line(ctx: Context, entry: Entry, current: Entry | None) -> Line:
    return Line(entry.label, entry.icon, ctx.url(entry.path), entry is current)
