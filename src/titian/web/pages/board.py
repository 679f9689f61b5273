"""Today's runs: how far every bank is, the picture of a bank's day, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from titian.data.checks import results
from titian.data.feeds import arrivals
from titian.data.jobs import alerts, board, control, orders, pauses
from titian.data.jobs.board import BankBoard
from titian.data.jobs.model import State
from titian.data.jobs.orders import Order
from titian.data.jobs.tables import job_state
from titian.kernel import banks, clock, db
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission
from titian.web.board_tables import (
    BANK_STATES,
    BankLine,
    bank_table,
    job_lines,
    job_names,
    job_table,
)
from titian.web.context import Context, needs
from titian.web.days import day_of, newest
from titian.web.heat import DAYS
from titian.web.i18n import Text, _, lazy, locale
from titian.web.listing import Table, look
from titian.web.listing.answering import Around
from titian.web.naming import bank_name, names_at
from titian.web.pages.alerts import path_of
from titian.web.room import AT_PLACE, Card, Entry, Level, Room, Section
from titian.web.run_heat import bank_heat, job_heat
from titian.web.words import RUN_STATES

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS)]
BankWatcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS, Level.BANK)]

MAX_ALERTS = 8
CARD_LINES = 5
POLL_S = 5
SLOW_POLL_S = 30
BOARD = "board"
Values = Mapping[str, object]


def newest_day(ctx: Context) -> date | None:
    """Give the newest business date that has runs at this place."""
    query = select(func.max(job_state.c.business_date))
    if ctx.scope.bank is not None:
        query = query.where(job_state.c.bank == ctx.scope.bank)
    with db.read() as connection:
        found: date | None = connection.scalar(query)
    return found


@router.get("/runs")
def show_board(ctx: Watcher) -> Response:
    """Show the board of the picked day: all banks at the union, one bank's jobs at a bank."""
    return _union(ctx) if ctx.scope.bank is None else _bank(ctx)


def _answer(
    ctx: Context, template: str, table: Table[Any], values: Values, live: Around, around: Around
) -> Response:
    if ctx.partial and ctx.part == BOARD:
        shown = {**values, **live(), "view": look(ctx, table)}
        return ctx.render_block(template, "live", shown)
    return ctx.table(table, template, values, around=lambda: {**live(), **around()})


def _union(ctx: Context) -> Response:
    day = day_of(ctx)
    lines = board.board(ctx.scope, day)
    names = {str(bank.bank): bank.name(locale()) for bank in banks.visible(ctx.scope)}
    shown = [BankLine(names[line.bank], line, names_at(line.bank)) for line in lines]

    def live() -> Values:
        return {
            "lines": lines,
            "names": names,
            "red": sum(line.red for line in lines),
            "late": sum(line.late for line in lines),
            "done": sum(line.done for line in lines),
            "total": sum(line.total for line in lines),
            **_alerts(ctx),
            "poll_s": _pace(lines, day),
        }

    def around() -> Values:
        cells = board.heat(ctx.scope, day, days=DAYS)
        return {"heat": bank_heat(ctx, day, cells, names)}

    values = {"day": day, "states": RUN_STATES}
    return _answer(ctx, "board/union.html", bank_table(shown), values, live, around)


def _bank(ctx: Context) -> Response:
    day = day_of(ctx)
    line = board.board(ctx.scope, day)[0]
    paused = pauses.names(ctx.scope.bank_id)
    shown = [] if line.problem else job_lines(ctx, day, paused)

    def live() -> Values:
        return {
            "line": line,
            "names": {one.stand.job: one.name for one in shown},
            **_alerts(ctx),
            "score": results.bank_scores(ctx.scope),
            "idle": _idle(ctx, line, day),
            "poll_s": _pace([line], day),
        }

    def around() -> Values:
        cells = board.heat(ctx.scope, day, days=DAYS, by_job=True)
        names = {one.stand.job: one.name for one in shown}
        return {"heat": job_heat(ctx, day, cells, names)}

    values = {"day": day, "states": RUN_STATES}
    return _answer(ctx, "board/bank.html", job_table(shown), values, live, around)


def _alerts(ctx: Context) -> Values:
    return {
        "alerts": alerts.listed(ctx.scope, limit=MAX_ALERTS),
        "alert_path": path_of,
    }


def _pace(lines: Sequence[BankBoard], day: date) -> int:
    """Give how often the board is to be asked for again, in seconds; 0 when the day is done."""
    if any(_moves(line) for line in lines) or _ordered({line.bank for line in lines}, day):
        return POLL_S
    return SLOW_POLL_S if any(line.done < line.total for line in lines) else 0


def _moves(line: BankBoard) -> bool:
    return any(line.counts[state] for state in (State.RUNNING, State.RETRYING))


def _ordered(shown: Collection[BankId], day: date) -> bool:
    return any(order.bank in shown and day in order.dates for order in orders.unfinished())


class Idle(StrEnum):
    """Why nothing has happened for a date at a bank: it has no jobs, no files ever, or none yet."""

    JOBLESS = "jobless"
    NEVER = "never"
    ARRIVED = "arrived"
    NOTHING = "nothing"


def _idle(ctx: Context, line: BankBoard, day: date) -> Idle | None:
    if line.begun or line.problem or _ordered({line.bank}, day):
        return None
    if not line.total:
        return Idle.JOBLESS
    if newest(ctx) is None:
        return Idle.NEVER
    came = any(one.arrival for one in arrivals.arrivals(ctx.scope, day, day))
    return Idle.ARRIVED if came else Idle.NOTHING


@router.post("/runs/day")
def run_day(ctx: Operator) -> Response:
    """Order all jobs of the bank for a day; what is up to date is not run again."""
    day = clock.parse_date(ctx.form.text("day", most=10))
    control.run(ctx.scope, [day])
    return _to_day(ctx, day, _("Ordered. The board moves as jobs finish."))


@router.post("/runs/repeat")
def repeat_failed(ctx: Operator) -> Response:
    """Run a day's failed jobs again, and what they held up."""
    day = clock.parse_date(ctx.form.text("day", most=10))
    control.rerun_failed(ctx.scope, day)
    return _to_day(ctx, day, _("The failed jobs run again, then what waits for them."))


def _to_day(ctx: Context, day: date, say: Text) -> Response:
    return ctx.go_to(ctx.url("/runs", date=day.isoformat()), say)


@router.get("/runs/backfill")
def backfill_form(ctx: Operator) -> Response:
    """Ask which dates to fill."""
    day = day_of(ctx)
    first = (day - timedelta(days=6)).isoformat()
    form = ctx.form.starting(first=first, last=day.isoformat(), job="", downstream=True)
    return ctx.render("board/backfill.html", form=form, jobs=_choices(ctx))


@router.post("/runs/backfill")
def backfill(ctx: Operator) -> Response:
    """Order a range of dates."""
    form = ctx.form
    first = last = date.min
    orders: Sequence[Order] = ()
    with form.trying("first"):
        first = clock.parse_date(form.text("first", most=10), "first date")
    with form.trying("last"):
        last = clock.parse_date(form.text("last", most=10), "last date")
    job = form.text("job", most=127, need=False)
    if not form.wrong:
        with form.trying():
            orders = control.backfill(
                ctx.scope,
                first,
                last,
                jobs=[job] if job else None,
                downstream=form.ticked("downstream"),
                force=form.ticked("force"),
            )
    if form.wrong:
        values = {"form": form, "jobs": _choices(ctx)}
        return ctx.render("board/backfill.html", values, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    days = sum(len(order.dates) for order in orders)
    return _to_day(ctx, last, _("Ordered %(num)s days.", num=days))


def _choices(ctx: Context) -> list[tuple[str, Text]]:
    return [("", _("All jobs")), *job_names(ctx.scope.bank_id).items()]


@router.post("/runs/pause")
def pause(ctx: Operator) -> Response:
    """Hold a job, or the whole bank, back."""
    job = ctx.form.text("job", most=127, need=False)
    control.pause(ctx.scope, job or None, ctx.form.text("reason", most=200, need=False))
    return ctx.go(f"/runs/jobs/{job}" if job else "/runs", _("Paused until you resume it."))


@router.post("/runs/resume")
def resume(ctx: Operator) -> Response:
    """Let a job, or the whole bank, run again and order what it missed."""
    job = ctx.form.text("job", most=127, need=False)
    missed = control.resume(ctx.scope, job or None)
    say = _("Resumed; what was missed runs now.") if missed else _("Resumed.")
    return ctx.go(f"/runs/jobs/{job}" if job else "/runs", say)


def _card(ctx: Context) -> dict[str, object]:
    day = day_of(ctx)
    lines = board.board(ctx.scope, day)
    shown = [BankLine(bank_name(line.bank), line, names_at(line.bank)) for line in lines]
    behind = [one for one in shown if one.board.done < one.board.total or one.board.problem]
    return {
        "done": sum(line.done for line in lines),
        "total": sum(line.total for line in lines),
        "red": sum(line.red for line in lines),
        "late": sum(line.late for line in lines),
        "behind": sorted(behind, key=lambda one: one.urgency)[:CARD_LINES],
        "states": BANK_STATES,
    }


ROOM = Room(
    "board",
    router,
    entries=(Entry(Section.DATA, lazy("Runs"), "/runs", "workflow", Permission.VIEW_JOBS),),
    cards=(
        Card(
            "runs",
            "board/card.html",
            _card,
            permission=Permission.VIEW_JOBS,
            order=10,
        ),
    ),
    acts={
        "jobs.run": lazy("Ordered runs"),
        "jobs.pause": lazy("Paused jobs"),
        "jobs.resume": lazy("Resumed jobs"),
        "jobs.cancel": lazy("Called an order off"),
    },
    newest_day=newest_day,
)
