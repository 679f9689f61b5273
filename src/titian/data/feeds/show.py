"""Feeds on the terminal: what a load came to, arrivals, quarantine, drift."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from titian.data.feeds.arrivals import Standing
from titian.data.feeds.drift import Difference
from titian.data.feeds.load import Fate, Outcome
from titian.data.feeds.quarantine import Page, Repair, Waiting
from titian.data.feeds.reasons import remedy, say
from titian.data.feeds.service import Report
from titian.kernel.errors import exit_code

MAX_LINES = 40
MAX_REASONS = 5
MAX_SHOWN = 60
LOCALE = "en"
_EXIT_REJECTED, _EXIT_MISSING = 2, 4
_STYLES = {
    Fate.LOADED: "green",
    Fate.ACCEPTABLE: "green",
    Fate.UNCHANGED: "dim",
    Fate.MISSING: "yellow",
    Fate.REJECTED: "red",
    Fate.FAILED: "red",
}


def console() -> Console:
    """Give the console for results; wide enough for tables when nobody looks."""
    made = Console(highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(highlight=False, width=140)


def report(found: Report, out: Console) -> None:
    """Show what a load or check came to."""
    grid = Table("feed", "business date", "rows", "good", "bad", "outcome")
    for line in _lines(found.outcomes):
        numbers = (f"{number:,}" for number in (line.good + line.bad, line.good, line.bad))
        style = _STYLES[line.fate]
        grid.add_row(line.feed, line.dates, *numbers, f"[{style}]{line.fate}[/]")
    out.print(grid)
    for outcome in found.outcomes[: 10 * MAX_LINES]:
        _details(outcome, out)
    _footnote(found, out)


@dataclass(slots=True)
class _Line:
    feed: str
    fate: Fate
    first: date | None
    last: date | None
    good: int = 0
    bad: int = 0

    @property
    def dates(self) -> str:
        if self.first is None:
            return ""
        return f"{self.first}" if self.first == self.last else f"{self.first} … {self.last}"


def _lines(outcomes: Sequence[Outcome]) -> list[_Line]:
    """Give a line a date, or a line a feed and fate when there are many dates."""
    alone = len(outcomes) <= MAX_LINES
    made: dict[tuple[object, ...], _Line] = {}
    for number, one in enumerate(outcomes):
        key = (number,) if alone else (one.feed, one.fate)
        day = one.business_date
        line = made.setdefault(key, _Line(one.feed, one.fate, day, day))
        line.last = day or line.last
        line.good += one.good
        line.bad += one.bad
    return list(made.values())


def _details(outcome: Outcome, out: Console) -> None:
    name = f"{outcome.feed} {outcome.business_date or ''}".strip()
    if outcome.fate is Fate.MISSING:
        near = (
            f"Nearest: {', '.join(outcome.near)}." if outcome.near else "Check --from and --date."
        )
        _say(out, name, f"nothing named {outcome.expected} is there", near)
    if outcome.error is not None:
        _say(out, name, outcome.error.what, outcome.error.remedy)
    for refusal in outcome.refusals[:MAX_REASONS]:
        params = {"column": "", **refusal.params}
        what = say(refusal.code, params, LOCALE)
        _say(out, name, what, remedy(refusal.code, params, LOCALE))
    for reason in outcome.reasons[:MAX_REASONS]:
        where = f"first at {reason.file}:{reason.line}"
        column = f"{reason.column}: " if reason.column else ""
        out.print(f"  {name}: {reason.rows:,} × {column}{reason.code}, {where}", markup=False)
    for kind, column, detail, rows in outcome.drift[:MAX_REASONS]:
        many = f" ({rows:,} rows)" if rows else ""
        out.print(f"  {name}: drift {kind} {column} {detail}{many}", markup=False)


def _say(out: Console, name: str, what: str, todo: str) -> None:
    out.print(f"  {name}: {what}. {todo}", markup=False, soft_wrap=True)


def _footnote(found: Report, out: Console) -> None:
    rejected, missing = found.of(Fate.REJECTED), found.of(Fate.MISSING)
    words = [f"{found.good:,} rows good", f"{found.bad:,} in quarantine"]
    words += [f"{len(rejected)} rejected"] if rejected else []
    words += [f"{len(missing)} missing"] if missing else []
    out.print(f"{', '.join(words)}, {found.seconds:.2f} s")


def report_json(found: Report) -> str:
    """Give a report as JSON."""
    outcomes = [
        {
            "feed": one.feed,
            "business_date": one.business_date and one.business_date.isoformat(),
            "outcome": one.fate,
            "rows": one.rows,
            "good": one.good,
            "bad": one.bad,
            "arrival": one.arrival_id,
            "refusals": [
                {"code": r.code, "message": say(r.code, r.params, LOCALE)} for r in one.refusals
            ],
            "reasons": [
                {"column": r.column, "code": r.code, "rows": r.rows, "file": r.file, "line": r.line}
                for r in one.reasons
            ],
            "drift": [
                {"kind": kind, "column": column, "detail": detail, "rows": rows}
                for kind, column, detail, rows in one.drift
            ],
            "error": str(one.error) if one.error else None,
        }
        for one in found.outcomes
    ]
    whole = {
        "bank": found.bank,
        "good": found.good,
        "bad": found.bad,
        "seconds": round(found.seconds, 3),
        "outcomes": outcomes,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def report_exit(found: Report) -> int:
    """Give the exit code of a report: 0 when everything came in, whatever waits in quarantine."""
    for outcome in found.of(Fate.FAILED):
        assert outcome.error is not None, "a failed feed says why"
        return exit_code(outcome.error)
    if found.of(Fate.REJECTED):
        return _EXIT_REJECTED
    return _EXIT_MISSING if found.of(Fate.MISSING) else 0


def standings(found: Sequence[Standing], out: Console) -> None:
    """Show arrivals."""
    grid = Table(
        "business date", "feed", "名称", "state", "rows", "bad", "waiting", "due", "arrival"
    )
    for one in found:
        arrival = one.arrival
        numbers = ("", "", "")
        if arrival is not None:
            numbers = (f"{arrival.rows:,}", f"{arrival.bad:,}", f"{arrival.waiting:,}")
        due = f"{one.due:%m-%d %H:%M}"
        last = arrival.arrival_id if arrival else ""
        grid.add_row(
            f"{one.business_date}", one.feed, escape(one.title_zh), one.state, *numbers, due, last
        )
    out.print(grid)


def quarantine_page(found: Page, out: Console) -> None:
    """Show quarantined rows."""
    grid = Table("row", "feed", "date", "file:line", "column", "reason", "status", "text")
    for row in found.rows:
        place = escape(f"{row.file.rpartition('/')[2]}:{row.line}")
        said = escape("; ".join(problem.say(LOCALE) for problem in row.problems))
        text = escape((row.raw or "").strip()[:MAX_SHOWN])
        grid.add_row(
            row.row_id,
            row.feed,
            f"{row.business_date}",
            place,
            row.column,
            said,
            row.status,
            text,
        )
    out.print(grid)
    out.print(f"{len(found.rows)} of {found.total:,} rows; personal data is masked", markup=False)


def one_row(row: Waiting, history: Sequence[Repair], out: Console) -> None:
    """Show one quarantined row with its fields and its history."""
    out.print(f"{row.feed} {row.business_date} {row.file}:{row.line} — {row.status}", markup=False)
    for problem in row.problems:
        params = {"column": problem.column, **problem.params}
        out.print(f"  {problem.say(LOCALE)}. {remedy(problem.code, params, LOCALE)}", markup=False)
    if row.raw is not None:
        out.print(f"  text: {row.raw}", markup=False, soft_wrap=True)
    for name, value in (row.fields or {}).items():
        out.print(f"  {name} = {'' if value is None else value}", markup=False, soft_wrap=True)
    for entry in history:
        columns = ", ".join(entry.columns)
        out.print(
            f"  {entry.at:%Y-%m-%d %H:%M} {entry.user} {entry.action} {columns} {entry.note}",
            markup=False,
        )


def differences(found: Sequence[Difference], out: Console) -> None:
    """Show drift."""
    grid = Table("feed", "what", "first date", "last date", "deliveries", "rows")
    for one in found:
        dates = (f"{one.first_date}", f"{one.last_date}")
        grid.add_row(
            one.feed, escape(one.say(LOCALE)), *dates, f"{one.deliveries:,}", f"{one.rows:,}"
        )
    out.print(grid)
