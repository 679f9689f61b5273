"""Today's runs: how far every bank is, the picture of a bank's day, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter
from sqlalchemy import func, select
from starlette.responses import Response

from titian.data.checks import results
from titian.data.jobs import alerts, board, control, orders, pauses
from titian.data.jobs.board import BankBoard, HeatCell
from titian.data.jobs.model import State
from titian.data.jobs.tables import job_state
from titian.kernel import banks, clock, db
from titian.kernel.scope import Permission
from titian.web.context import Context, needs
from titian.web.flow import Box, Picture, draw
from titian.web.i18n import Text, _, lazy, locale
from titian.web.room import AT_PLACE, Card, Entry, Level, Room, Section
from titian.web.words import RUN_STATES

router = APIRouter(prefix=AT_PLACE)
Watcher = Annotated[Context, needs(Permission.VIEW_JOBS)]
BankWatcher = Annotated[Context, needs(Permission.VIEW_JOBS, Level.BANK)]
Operator = Annotated[Context, needs(Permission.RUN_JOBS, Level.BANK)]

MAX_ALERTS = 8
HEAT_DAYS = 30
POLL_S = 5


def newest_day(ctx: Context) -> date | None:
    """Give the newest business date that has runs at this place."""
    query = select(func.max(job_state.c.business_date))
    if ctx.scope.bank is not None:
        query = query.where(job_state.c.bank == ctx.scope.bank)
    with db.read() as connection:
        newest: date | None = connection.scalar(query)
    return newest


def day_of(ctx: Context) -> date:
    """Give the day picked, else the newest with runs, else yesterday."""
    return ctx.business_date or newest_day(ctx) or clock.today() - timedelta(days=1)


@router.get("/runs")
def show_board(ctx: Watcher) -> Response:
    """Show the board of the picked day: all banks at the union, one bank's jobs at a bank."""
    if ctx.scope.bank is None:
        return ctx.render("board/union.html", _union(ctx))
    return ctx.render("board/bank.html", _bank(ctx))


@router.get("/runs/live")
def live_board(ctx: Watcher) -> Response:
    """Give the moving part of the board again."""
    if ctx.scope.bank is None:
        return ctx.render_block("board/union.html", "live", _union(ctx))
    return ctx.render_block("board/bank.html", "live", _bank(ctx))


def _union(ctx: Context) -> dict[str, Any]:
    day = day_of(ctx)
    lines = board.board(ctx.scope, day)
    names = {str(bank.bank): bank.name(locale()) for bank in banks.visible(ctx.scope)}
    return {
        "day": day,
        "lines": lines,
        "names": names,
        "red": sum(line.red for line in lines),
        "late": sum(line.late for line in lines),
        "done": sum(line.done for line in lines),
        "total": sum(line.total for line in lines),
        "moving": any(_moves(line) for line in lines),
        "alerts": alerts.listed(ctx.scope, limit=MAX_ALERTS),
        "heat": _heat(ctx, board.heat(ctx.scope, day, days=HEAT_DAYS), day, names, by_job=False),
        "states": RUN_STATES,
        "poll_s": POLL_S,
    }


def _bank(ctx: Context) -> dict[str, Any]:
    day = day_of(ctx)
    line = board.board(ctx.scope, day)[0]
    stands = [] if line.problem else board.stands(ctx.scope, day)
    names = _job_names(ctx) if stands else {}
    cells = board.heat(ctx.scope, day, days=HEAT_DAYS, by_job=True)
    return {
        "day": day,
        "line": line,
        "stands": stands,
        "names": names,
        "moving": _moves(line) or _ordered(line, day),
        "alerts": alerts.listed(ctx.scope, limit=MAX_ALERTS),
        "paused": {pause.job: pause for pause in pauses.listed(ctx.scope)},
        "score": results.bank_scores(ctx.scope),
        "heat": _heat(ctx, cells, day, names, by_job=True),
        "states": RUN_STATES,
        "poll_s": POLL_S,
    }


def _moves(line: BankBoard) -> bool:
    return any(line.counts[state] for state in (State.RUNNING, State.RETRYING))


def _ordered(line: BankBoard, day: date) -> bool:
    return any(order.bank == line.bank and day in order.dates for order in orders.unfinished())


def _job_names(ctx: Context) -> dict[str, str]:
    nodes: Sequence[Mapping[str, Any]] = board.graph(ctx.scope)["nodes"]  # type: ignore[assignment]  # the graph's nodes
    return {str(node["id"]): str(node[locale()]) for node in nodes}


@dataclass(frozen=True, slots=True)
class Square:
    """One day of one line of the heat map."""

    tone: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class HeatLine:
    """One bank or job over the days of the heat map."""

    label: str
    url: str
    squares: Sequence[Square | None]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The last days, one line per bank or job."""

    days: Sequence[date]
    lines: Sequence[HeatLine]


def _heat(
    ctx: Context, cells: Sequence[HeatCell], last: date, labels: Mapping[str, str], *, by_job: bool
) -> HeatMap:
    days = [last - timedelta(days=back) for back in range(HEAT_DAYS - 1, -1, -1)]
    held: dict[str, dict[date, HeatCell]] = {}
    for cell in cells:
        held.setdefault(cell.job if by_job else str(cell.bank), {})[cell.business_date] = cell
    lines = []
    for name, found in sorted(held.items()):
        place = ctx.place if by_job else name
        url = ctx.url(f"/runs/jobs/{name}") if by_job else ctx.url("/runs", at=place)
        squares = [_square(ctx, found[day], place) if day in found else None for day in days]
        lines.append(HeatLine(labels.get(name, name), url, squares))
    return HeatMap(days, lines)


def _square(ctx: Context, cell: HeatCell, place: str) -> Square:
    word = RUN_STATES[cell.worst]
    day = cell.business_date.isoformat()
    return Square(word.tone, f"{day} {word.label}", ctx.url("/runs", at=place, date=day))


@router.get("/runs/graph")
def show_graph(ctx: BankWatcher) -> Response:
    """Show the picture of a bank's day: feeds and jobs with their states."""
    day = day_of(ctx)
    return ctx.render("board/graph.html", day=day, picture=_picture(ctx, day), states=RUN_STATES)


def _picture(ctx: Context, day: date) -> Picture:
    found: Any = board.graph(ctx.scope, day)
    boxes = [_box(ctx, node) for node in found["nodes"]]
    edges = [(link["source"], link["target"]) for link in found["links"]]
    return draw(_("What runs after what"), boxes, edges)


def _box(ctx: Context, node: Mapping[str, Any]) -> Box:
    label = str(node[locale()])
    if node["kind"] == "feed":
        return Box(node["id"], label, node["id"], "note", ctx.url(f"/tables/{node['id']}"))
    state = RUN_STATES.get(State(node["state"])) if node["state"] else None
    tone = state.tone if state else "calm"
    return Box(node["id"], label, node["id"], tone, ctx.url(f"/runs/jobs/{node['id']}"))


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
    first = clock.parse_date(form.text("first", most=10), "first date")
    last = clock.parse_date(form.text("last", most=10), "last date")
    job = form.text("job", most=127, need=False)
    orders = control.backfill(
        ctx.scope,
        first,
        last,
        jobs=[job] if job else None,
        downstream=form.ticked("downstream"),
        force=form.ticked("force"),
    )
    days = sum(len(order.dates) for order in orders)
    return _to_day(ctx, last, _("Ordered %(num)s days.", num=days))


def _choices(ctx: Context) -> list[tuple[str, Text]]:
    return [("", _("All jobs")), *((name, label) for name, label in _job_names(ctx).items())]


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


@router.post("/runs/alerts/{alert}")
def acknowledge(ctx: Annotated[Context, needs(Permission.RUN_JOBS)], alert: str) -> Response:
    """Note that somebody looks after an alert."""
    alerts.acknowledge(ctx.scope, alert)
    return ctx.go("/runs", _("Noted: you look after it."))


def _card(ctx: Context) -> dict[str, object]:
    day = day_of(ctx)
    lines = board.board(ctx.scope, day)
    return {
        "day": day,
        "done": sum(line.done for line in lines),
        "total": sum(line.total for line in lines),
        "red": sum(line.red for line in lines),
        "late": sum(line.late for line in lines),
        "alerts": alerts.listed(ctx.scope, limit=4),
        "states": RUN_STATES,
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
        "jobs.acknowledge": lazy("Took up an alert"),
    },
    newest_day=newest_day,
)
