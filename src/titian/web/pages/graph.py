"""The picture of a bank's day: its feeds and jobs, where each stands, and what feeds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.feeds import arrivals
from titian.data.feeds.arrivals import Standing
from titian.data.jobs import board
from titian.data.jobs.model import State
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.days import day_of
from titian.web.feed_words import STATES as FEED_STATES
from titian.web.flow import Box, Group, draw
from titian.web.flow.asking import Ask, Shown, choices, narrowed, worst
from titian.web.flow.layering import Edge
from titian.web.i18n import Text, _, locale, ngettext
from titian.web.pages.catalogue import LAYERS
from titian.web.room import AT_PLACE, Level, Room
from titian.web.words import RUN_STATES

router = APIRouter(prefix=AT_PLACE)
BankWatcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]

PATH = "/runs/graph"
SUBJECT_JOBS = 3


@router.get(PATH)
def show_graph(ctx: BankWatcher) -> Response:
    """Show the picture of a bank's day: feeds and jobs with their states."""
    day = day_of(ctx)
    boxes, edges = _whole(ctx, day)
    ask = Ask(
        ctx.query("focus", most=127),
        ctx.query("hops", most=10),
        tuple(filter(None, ctx.query("open", most=400).split(","))),
    )
    part = narrowed(boxes, edges, ask, lambda group: _folded_box(ctx, ask, group))
    return ctx.render(
        "graph/show.html",
        day=day,
        picture=draw(_("What runs after what"), part.boxes, part.edges),
        asking=_shown(ctx, ask, part.hops, part.focus, boxes),
    )


def _whole(ctx: Context, day: date) -> tuple[list[Box], list[Edge]]:
    found: Any = board.graph(ctx.scope, day)
    stands = {one.feed: one for one in arrivals.arrivals(ctx.scope, day, day)}
    groups = _groups([node["id"] for node in found["nodes"]])
    boxes = [
        replace(_box(ctx, node, stands, day), group=groups[node["id"]]) for node in found["nodes"]
    ]
    return boxes, [(link["source"], link["target"]) for link in found["links"]]


def _box(ctx: Context, node: Mapping[str, Any], stands: Mapping[str, Standing], day: date) -> Box:
    name, label = node["id"], str(node[locale()])
    near = ctx.url(PATH, focus=name, hops=2)
    if node["kind"] == "feed":
        feed = name.partition(".")[2]
        stand = stands.get(feed)
        word = FEED_STATES.get(stand.state) if stand else None
        tone, said = (word.tone, word.label) if word else ("calm", _("Not expected"))
        url = ctx.url(f"/feeds/{feed}/{day}")
        return Box(name, label, name, tone, url, word=said, near=near, first=True)
    state = RUN_STATES[State(node["state"])]
    url = ctx.url(f"/runs/jobs/{name}")
    return Box(name, label, name, state.tone, url, word=state.label, near=near)


def _groups(names: Sequence[str]) -> dict[str, str]:
    """Name each job's group: its layer, and its subject where several jobs share one."""
    subjects = {name: name.partition("_")[0] for name in names}
    counts = Counter(subjects.values())
    return {
        name: subject if counts[subject] >= SUBJECT_JOBS else name.partition(".")[0]
        for name, subject in subjects.items()
    }


def _group_label(name: str) -> str:
    layer, _dot, subject = name.partition(".")
    said = str(LAYERS[layer].label) if layer in LAYERS else layer
    return f"{said} · {subject}" if subject else said


def _folded_box(ctx: Context, ask: Ask, group: Group) -> Box:
    tone, word, many = worst(group.boxes)
    url = _open_url(ctx, ask, {*ask.opened, group.name})
    note = ngettext("%(num)s of them", "%(num)s of them", len(group.boxes))
    said = word if many == len(group.boxes) else f"{word} {many}"
    return Box(f"~{group.name}", _group_label(group.name), note, tone, url, word=said, many=True)


def _open_url(ctx: Context, ask: Ask, opened: set[str]) -> str:
    more = ",".join(sorted(opened)) or None
    return ctx.url(PATH, focus=ask.focus or None, hops="folded", open=more)


def _shown(ctx: Context, ask: Ask, hops: str, focus: str, boxes: Sequence[Box]) -> Shown:
    kept = {"date": ctx.business_date.isoformat()} if ctx.business_date else {}
    if ask.opened:
        kept["open"] = ",".join(ask.opened)
    opened: list[tuple[Text, str]] = [
        (_group_label(name), _open_url(ctx, ask, {*ask.opened} - {name})) for name in ask.opened
    ]
    return Shown(
        url=ctx.url(PATH).partition("?")[0],
        kept=kept,
        typed=focus or ask.focus,
        hops=hops,
        choices=choices(len(boxes), groups=True),
        names=[(box.name, box.label) for box in boxes],
        opened=opened if hops == "folded" else (),
        missing=bool(ask.focus and not focus),
    )


ROOM = Room("graph", router)
