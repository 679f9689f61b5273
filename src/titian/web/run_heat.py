"""The last days of runs as squares: of a bank's jobs, or of every bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from titian.data.jobs.board import HeatCell
from titian.data.jobs.model import State
from titian.web.context import Context
from titian.web.heat import RUN_MARKS, HeatLine, HeatMap, Mark, Square, days_until
from titian.web.i18n import Text, _, ngettext
from titian.web.words import RUN_STATES

_LEGEND = (
    State.SUCCEEDED,
    State.RUNNING,
    State.WAITING,
    State.HELD,
    State.FAILED,
    State.PAUSED,
    State.SKIPPED,
)


def job_heat(
    ctx: Context, last: date, cells: Sequence[HeatCell], names: Mapping[str, str]
) -> HeatMap:
    """Give one line per job of a bank; each square leads to the board of its day."""
    held: dict[str, dict[date, Square]] = {}
    for cell in cells:
        held.setdefault(cell.job, {})[cell.business_date] = _square(ctx, cell, ctx.place)
    lines = [
        HeatLine(names.get(job, job), ctx.url(f"/runs/jobs/{job}"), squares)
        for job, squares in sorted(held.items())
    ]
    return _map(last, lines)


def bank_heat(
    ctx: Context, last: date, cells: Sequence[HeatCell], names: Mapping[str, str]
) -> HeatMap:
    """Give one line per bank; each square shows the worst job of a day and leads to its board."""
    held: dict[str, dict[date, Square]] = {}
    for cell in cells:
        total = sum(cell.counts.values())
        more = ngettext("%(part)s of %(num)s job", "%(part)s of %(num)s jobs", total,
                        part=cell.counts[cell.worst])  # fmt: skip
        square = _square(ctx, cell, str(cell.bank), more)
        held.setdefault(str(cell.bank), {})[cell.business_date] = square
    lines = [
        HeatLine(names.get(bank, bank), ctx.url("/runs", at=bank), squares)
        for bank, squares in sorted(held.items())
    ]
    return _map(last, lines)


def _square(ctx: Context, cell: HeatCell, place: str, more: str = "") -> Square:
    day, worst = cell.business_date, cell.worst
    url = ctx.url("/runs", at=place, date=day.isoformat())
    return Square(day, RUN_MARKS[worst], RUN_STATES[worst].label, url, more)


def _map(last: date, lines: Sequence[HeatLine]) -> HeatMap:
    words: dict[Mark, Text] = {RUN_MARKS[state]: RUN_STATES[state].label for state in _LEGEND}
    return HeatMap(_("Runs of the last 30 days"), days_until(last), lines, words, _("Nothing ran"))
