"""Search over everything: pages first, then whatever each room finds."""

from __future__ import annotations

from collections.abc import Sequence
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
    groups: list[tuple[Text, Sequence[Hit]]] = [(lazy("Pages"), _pages(ctx, words))]
    if words:
        groups += _rooms(ctx, words)
    most = MAX_HITS_PER_KIND if words else MAX_PAGES_OFFERED
    found = [(label, hits[:most]) for label, hits in groups if hits]
    return fragment(ctx, "search/found.html", {"groups": found, "words": words})


def _pages(ctx: Context, words: str) -> list[Hit]:
    wanted = words.casefold()
    return [
        Hit(str(entry.label), entry.path, entry.icon, str(SECTION_NAMES[entry.section]))
        for entry in entries_for(ctx)
        if wanted in str(entry.label).casefold() or wanted in entry.path
    ]


def _rooms(ctx: Context, words: str) -> list[tuple[Text, Sequence[Hit]]]:
    from titian.web.pages import ROOMS

    found: list[tuple[Text, Sequence[Hit]]] = []
    for searcher in (searcher for room in ROOMS for searcher in room.searchers):
        if searcher.permission is not None and not ctx.allows(searcher.permission):
            continue
        try:
            found.append((searcher.label, searcher.find(ctx, words)))
        except TitianError as error:
            _log.warning("search failed", kind=repr(searcher.label), why=error.what)
    return found


ROOM = Room("search", router)
