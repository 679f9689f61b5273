"""Search over everything: pages first, then whatever each room finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.kernel import logs
from titian.kernel.errors import TitianError
from titian.web.context import Context, needs
from titian.web.frame import entries_for
from titian.web.i18n import Text, lazy
from titian.web.render import fragment
from titian.web.room import AT_PLACE, SECTION_NAMES, Hit, Room

MAX_QUERY_CHARACTERS = 80
MAX_HITS_PER_KIND = 6
MAX_PAGES_OFFERED = 40

router = APIRouter(prefix=AT_PLACE)
Reader = Annotated[Context, needs()]

_log = logs.get(__name__)


@router.get("/search")
def search(ctx: Reader) -> Response:
    """Answer with what every room finds for the words in the address."""
    return _answer(ctx, ctx.query("q", most=MAX_QUERY_CHARACTERS))


@router.post("/search")
def search_unseen(ctx: Reader) -> Response:
    """Answer the search palette; its words may name a customer and stay out of the address."""
    return _answer(ctx, ctx.form["q"].strip()[:MAX_QUERY_CHARACTERS])


def _answer(ctx: Context, words: str) -> Response:
    groups = [Group(lazy("Pages"), _pages(ctx, words))]
    if words:
        groups += [_ranked(group, words) for group in _rooms(ctx, words)]
        groups.sort(key=lambda group: not group.named)
    most = MAX_HITS_PER_KIND if words else MAX_PAGES_OFFERED
    values = {"groups": [group for group in groups if group.hits], "words": words, "most": most}
    return fragment(ctx, "search/found.html", values)


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `named` when the best of it has the words in its name."""

    label: Text
    hits: Sequence[Hit]
    everything: str = ""
    named: bool = True


def _ranked(group: Group, words: str) -> Group:
    """Put what has the words in its name first, and shorter names before longer ones."""
    asked = words.casefold().split()

    def rank(hit: Hit) -> tuple[bool, bool, int]:
        name = hit.label.casefold()
        return not all(word in name for word in asked), not name.startswith(asked[0]), len(name)

    hits = sorted(group.hits, key=rank)
    return replace(group, hits=hits, named=bool(hits) and not rank(hits[0])[0])


def _pages(ctx: Context, words: str) -> list[Hit]:
    wanted = words.casefold()
    return [
        Hit(str(entry.label), entry.path, entry.icon, str(SECTION_NAMES[entry.section]))
        for entry in entries_for(ctx)
        if wanted in str(entry.label).casefold() or wanted in entry.path
    ]


def _rooms(ctx: Context, words: str) -> list[Group]:
    from titian.web.pages import ROOMS

    found: list[Group] = []
    for searcher in (searcher for room in ROOMS for searcher in room.searchers):
        if searcher.permission is not None and not ctx.allows(searcher.permission):
            continue
        try:
            hits = searcher.find(ctx, words)
            found.append(Group(searcher.label, hits, searcher.everything))
        except TitianError as error:
            _log.warning("search failed", kind=repr(searcher.label), why=error.what)
    return found


ROOM = Room("search", router)
