"""One delivery of a feed: files, control totals, refusals, bad rows, and the jobs it holds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from titian.data.feeds import arrivals, quarantine, registry
from titian.data.feeds.arrivals import Arrival
from titian.data.feeds.discover import expected_name
from titian.data.feeds.model import Contract
from titian.data.feeds.record import ArrivalStatus
from titian.data.feeds.withdraw import withdraw
from titian.data.jobs import board, control
from titian.data.jobs.catalogue import Catalogue, load
from titian.data.jobs.impact import impact, readers
from titian.data.notes import MAX_NOTE_CHARACTERS
from titian.kernel import clock
from titian.kernel.errors import InvalidDefinition, NotFound, TitianError
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.feed_rows import Line, line_of
from titian.web.feed_tables import control as control_table
from titian.web.feed_tables import files as files_table
from titian.web.feed_words import (
    ARRIVAL_STATES,
    REASONS,
    STATES,
    contract_name,
    labels,
    refusals_words,
)
from titian.web.i18n import _, locale, ngettext
from titian.web.problems import spoken
from titian.web.room import AT_PLACE, Level, Room
from titian.web.words import RUN_STATES

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS, Level.BANK)]
Loader = Annotated[Context, needs(Permission.LOAD_FEEDS, Level.BANK)]

SAMPLE_ROWS = 8
ARRIVAL = "arr_"
MAX_ID_CHARACTERS = 40


@router.get("/feeds/{feed}/{when}")
def show_arrival(ctx: Watcher, feed: str, when: str) -> Response:
    """Show a delivery: of a business date the newest, or the one of an arrival's id."""
    return _page(ctx, registry.contract(ctx.scope, feed), when)


def _page(ctx: Context, contract: Contract, when: str, status: int = 200) -> Response:
    feed = contract.feed
    found, day = _delivered(ctx, contract, when)
    of_day = arrivals.deliveries(ctx.scope, feed, day)
    standing = next(iter(arrivals.arrivals(ctx.scope, day, day, feed)), None)
    here = f"/feeds/{feed}/{when}"
    numbers = _control(contract, found) if found else ()
    return ctx.tables(
        (
            replace(control_table(numbers), path=here),
            replace(files_table(found.files if found else ()), path=here),
        ),
        "feeds/arrival.html",
        status=status,
        contract=contract,
        feed_name=contract_name(contract),
        day=day,
        arrival=found,
        standing=standing,
        newest=found is None or not of_day or found.arrival_id == of_day[0].arrival_id,
        of_day=of_day,
        told=refusals_words(contract, list(found.refusals)) if found else (),
        has_control=bool(numbers),
        reasons=_reasons(contract, found) if found else (),
        sample=_sample(ctx, contract, found) if found else (),
        held=held_up(ctx, contract, day),
        expected=expected_name(contract, day),
        states=STATES,
        arrival_states=ARRIVAL_STATES,
        newest_day=newest_of(ctx),
        form=ctx.form.starting(day=day.isoformat()),
        control_file=control_name(contract, day),
        max_note=MAX_NOTE_CHARACTERS,
        still_held=_still_held(ctx, found),
    )


def _still_held(ctx: Context, found: Arrival | None) -> tuple[str, ...]:
    """Name the tables that hold what was made of a date that was withdrawn."""
    if found is None or found.status is not ArrivalStatus.WITHDRAWN:
        return ()
    try:
        return impact(ctx.scope, found.feed, found.business_date).tables
    except InvalidDefinition:
        return ()


def _delivered(ctx: Context, contract: Contract, when: str) -> tuple[Arrival | None, date]:
    if when.startswith(ARRIVAL):
        found = arrivals.arrival(ctx.scope, when[:MAX_ID_CHARACTERS])
        if found.feed != contract.feed:
            raise NotFound(
                f"{contract.feed} has no arrival {when[:MAX_ID_CHARACTERS]!r}",
                "Open it from its feed.",
            )
        return found, found.business_date
    day = clock.parse_date(when[:10], "business date")
    return next(iter(arrivals.deliveries(ctx.scope, contract.feed, day)), None), day


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of a control file beside what was found."""

    file: str
    what: str
    expected: Decimal
    found: Decimal
    unread: int
    agrees: bool


def _control(contract: Contract, found: Arrival) -> list[Compared]:
    names = labels(contract)
    lines = []
    for said in found.control:
        one: Mapping[str, Any] = said
        file = str(one["file"]).rpartition("/")[2]
        same = one["expected_rows"] == one["rows"]
        wanted, got = Decimal(one["expected_rows"]), Decimal(one["rows"])
        lines.append(Compared(file, _("Rows"), wanted, got, 0, same))
        lines += [_total(file, total, names) for total in one["totals"]]
    return lines


def _total(file: str, total: Mapping[str, Any], names: Mapping[str, str]) -> Compared:
    expected, gap = _decimal(total["expected"]), _decimal(total["open_difference"])
    column = str(total["column"])
    return Compared(
        file,
        names.get(column, column),
        expected,
        expected - gap,
        int(total["unread_rows"]),
        gap == 0,
    )


def _decimal(text: object) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return Decimal(0)


def _reasons(contract: Contract, found: Arrival) -> list[dict[str, object]]:
    names = labels(contract)
    lines = []
    for reason in found.reasons:
        one: Mapping[str, Any] = reason
        column = str(one["column"])
        lines.append({**one, "label": names.get(column, column), "why": REASONS.get(one["code"])})
    return lines


def _sample(ctx: Context, contract: Contract, found: Arrival) -> list[Line]:
    if not found.waiting or not ctx.allows(Permission.REPAIR_QUARANTINE):
        return []
    wanted = quarantine.Filter(arrival_id=found.arrival_id)
    rows = quarantine.quarantine(ctx.scope, wanted, limit=SAMPLE_ROWS).rows
    return [line_of(ctx.scope, contract, row) for row in rows]


@router.post("/feeds/{feed}/withdraw")
def take_out(ctx: Loader, feed: str) -> Response:
    """Take a business date out of the feed's table, for a reason; what was made of it is named."""
    contract = registry.contract(ctx.scope, feed)
    form = ctx.form
    day = clock.parse_date(form.text("day", most=10), "business date")
    reason = form.text("reason", most=MAX_NOTE_CHARACTERS)
    rows = 0
    if not form.wrong:
        with form.trying("reason"):
            rows = withdraw(ctx.scope, feed, day, reason).rows
    if form.wrong:
        return _page(ctx, contract, day.isoformat(), HTTPStatus.UNPROCESSABLE_ENTITY)
    say = ngettext("Withdrawn: %(num)s row was taken out.",
                   "Withdrawn: %(num)s rows were taken out.", rows)  # fmt: skip
    return ctx.go(f"/feeds/{feed}/{day}", say)


@router.post("/feeds/{feed}/again")
def run_again(ctx: Operator, feed: str) -> Response:
    """Run the jobs made of a feed again for a date, and all that depends on them."""
    day = clock.parse_date(ctx.form.text("day", most=10), "business date")
    last = max(day, newest_of(ctx)) if ctx.form.ticked("later") else day
    order_again(ctx, [feed], day, last)
    url = ctx.url("/runs", date=day.isoformat())
    return ctx.go_to(url, _("Ordered. The board moves as jobs finish."))


def newest_of(ctx: Context) -> date:
    """Give the newest business date of the bank's arrivals, whatever day is picked."""
    return arrivals.newest_date(ctx.scope) or clock.today()


def order_again(ctx: Context, feeds: Sequence[str], first: date, last: date) -> int:
    """Order the jobs made of some feeds again for a range of dates; gives how many jobs.

    Raises NotFound when nothing is made of them.
    """
    catalogue = load(ctx.scope)
    tables = [registry.contract(ctx.scope, feed).table.qualified for feed in feeds]
    direct = list(dict.fromkeys(job for table in tables for job in readers(catalogue, table)))
    if not direct:
        raise NotFound(f"no job reads {', '.join(feeds)}", "There is nothing to run again.")
    control.backfill(ctx.scope, first, last, jobs=direct, downstream=True, force=True)
    return len(catalogue.graph.downstream(direct))


@dataclass(frozen=True, slots=True)
class Held:
    """The jobs that a feed holds up on a day, in order; `first` read it themselves."""

    first: Sequence[str]
    jobs: Sequence[Mapping[str, Any]]
    problem: str = ""


def held_up(ctx: Context, contract: Contract, day: date) -> Held:
    """Name the jobs made of a feed, with where they stand on a day."""
    try:
        catalogue = load(ctx.scope)
    except TitianError as error:
        return Held((), (), spoken(error))
    first = readers(catalogue, contract.table.qualified)
    below = set(catalogue.graph.downstream(first)) if first else set()
    stands = {stand.job: stand for stand in board.stands(ctx.scope, day)} if first else {}
    jobs = [
        {
            "job": name,
            "label": _job_label(catalogue, name),
            "state": RUN_STATES[stands[name].state],
            "run": stands[name].run,
            "parents": catalogue.graph.parents[name],
        }
        for name in catalogue.graph.order
        if name in below
    ]
    return Held(first, jobs)


def _job_label(catalogue: Catalogue, name: str) -> str:
    job = catalogue.jobs[name]
    return job.zh if locale() == "zh" else job.en


def control_name(contract: Contract, day: date) -> str:
    """Name the control file of a business date; empty when the contract has none."""
    spec = contract.source.control
    if spec is None:
        return ""
    return spec.pattern.replace("{yyyymmdd}", f"{day:%Y%m%d}")


ROOM = Room("feed_arrival", router)
