"""Mended rows put back into their business dates, and then the jobs that depend on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.feeds import arrivals, registry
from titian.data.feeds import replay as replaying
from titian.kernel import clock
from titian.kernel.errors import TitianError
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.feed_words import contract_name
from titian.web.i18n import _, ngettext
from titian.web.pages.feed_arrival import Held, held_up, newest_of, order_again
from titian.web.problems import spoken
from titian.web.room import AT_PLACE, Level, Room

router = APIRouter(prefix=AT_PLACE)
Mender = Annotated[Context, needs(Permission.REPAIR_QUARANTINE, Level.BANK)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS, Level.BANK)]

MAX_REPLAYED = 60


@dataclass(frozen=True, slots=True)
class PutIn:
    """What became of one delivery's mended rows."""

    feed: str
    feed_name: str
    business_date: date
    good: int
    left: int
    held: Held
    refused: str = ""


@router.post("/quarantine/replay")
def replay(ctx: Mender) -> Response:
    """Put the mended rows of some deliveries into their business dates, and offer what is next."""
    chosen = list(dict.fromkeys(ctx.form.chosen("arrival")))[:MAX_REPLAYED]
    if not chosen:
        return ctx.go("/quarantine/mended", _("No delivery was chosen."), tone="error")
    done = [_put_in(ctx, arrival_id) for arrival_id in chosen]
    good = sum(one.good for one in done)
    return ctx.render(
        "quarantine/replayed.html",
        done=done,
        good=good,
        left=sum(one.left for one in done),
        jobs=list({job["job"]: job for one in done if one.good for job in one.held.jobs}.values()),
        newest=newest_of(ctx),
        first=min((one.business_date for one in done if one.good), default=None),
        last=max((one.business_date for one in done if one.good), default=None),
    )


def _put_in(ctx: Context, arrival_id: str) -> PutIn:
    found = arrivals.arrival(ctx.scope, arrival_id)
    contract = registry.contract(ctx.scope, found.feed)
    name = contract_name(contract)
    try:
        came = replaying.replay(ctx.scope, arrival_id)
    except TitianError as error:
        return PutIn(
            found.feed, name, found.business_date, 0, found.waiting, Held((), ()), spoken(error)
        )
    held = held_up(ctx, contract, found.business_date)
    return PutIn(found.feed, name, found.business_date, came.good, came.left, held)


@router.post("/quarantine/again")
def run_again(ctx: Operator) -> Response:
    """Run again what depends on the feeds that rows were put into."""
    feeds = list(dict.fromkeys(ctx.form.chosen("feed")))
    first = clock.parse_date(ctx.form.text("first", most=10), "first date")
    last = clock.parse_date(ctx.form.text("last", most=10), "last date")
    if ctx.form.ticked("later"):
        last = max(last, newest_of(ctx))
    jobs = order_again(ctx, feeds, first, last)
    say = ngettext(
        "Ordered %(num)s job; the board moves.", "Ordered %(num)s jobs; the board moves.", jobs
    )
    return ctx.go_to(ctx.url("/runs", date=last.isoformat()), say)


ROOM = Room("replay", router)
