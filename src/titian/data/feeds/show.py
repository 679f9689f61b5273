"""Feeds on the terminal: what a load came to, arrivals, quarantine, drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from titian.data.feeds.arrivals import Standing
from titian.data.feeds.drift import Difference
from titian.data.feeds.load import Fate, Outcome
from titian.data.feeds.model import Contract
from titian.data.feeds.quarantine import Act, Page, Waiting
from titian.data.feeds.reasons import remedy, say
from titian.data.feeds.service import Report
from titian.kernel.clock import BANK_TZ
from titian.kernel.errors import exit_code
from titian.kernel.labels import Label
from titian.kernel.terminal import Cell, counted, in_words, listing
from titian.kernel.terminal import say as line

MAX_LINES = 40
MAX_REASONS = 5
MAX_SHOWN = 60
LOCALE = "en"
_EXIT_REJECTED, _EXIT_MISSING = 2, 4
_STYLES = {
    Fate.LOADED: "green",
    Fate.ACCEPTABLE: "green",
    Fate.UNCHANGED: "dim",
    Fate.CONFIRMED: "green",
    Fate.WITHDRAWN: "yellow",
    Fate.MISSING: "yellow",
    Fate.REJECTED: "red",
    Fate.FAILED: "red",
}


def report(found: Report, *, json: bool, csv: bool) -> None:
    """Show what a load or check came to."""
    rows = []
    for one in _lines(found.outcomes):
        fate = Cell(one.fate, one.fate.value, _STYLES[one.fate])
        rows.append((one.feed, one.dates, one.good + one.bad, one.good, one.bad, fate))
    names = ("feed", "business_date", "rows", "good", "bad", "outcome")
    whole = _whole(found) if json else None
    listing(names, rows, none="no delivery is due", whole=whole, json=json, csv=csv)
    if not json and not csv:
        for outcome in found.outcomes[: 10 * MAX_LINES]:
            _details(outcome)
        _footnote(found)


def contracts(found: Sequence[Contract], *, json: bool, csv: bool) -> None:
    """List contracts that are right, with what is to be known of them."""
    rows = [
        (contract.feed, len(contract.fields), contract.file, " ".join(contract.notes))
        for contract in found
    ]
    names = ("feed", "columns", "file", "notes")
    listing(names, rows, none="there are no contracts", json=json, csv=csv)
    if not json and not csv:
        line(f"contracts valid: {len(found)}")


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
        held = made.setdefault(key, _Line(one.feed, one.fate, day, day))
        held.last = day or held.last
        held.good += one.good
        held.bad += one.bad
    return list(made.values())


def _details(outcome: Outcome) -> None:
    name = f"{outcome.feed} {outcome.business_date or ''}".strip()
    if outcome.fate is Fate.MISSING:
        near = (
            f"Nearest: {', '.join(outcome.near)}." if outcome.near else "Check --from and --date."
        )
        _say(name, f"nothing named {outcome.expected} is there", near)
    if outcome.fate is Fate.WITHDRAWN:
        _say(name, "these files were withdrawn", "Load them again with --force.")
    if outcome.error is not None:
        _say(name, outcome.error.what, outcome.error.remedy)
    for refusal in outcome.refusals[:MAX_REASONS]:
        params = {"column": "", **refusal.params}
        what = say(refusal.code, params, LOCALE)
        _say(name, what, remedy(refusal.code, params, LOCALE))
    for reason in outcome.reasons[:MAX_REASONS]:
        where = f"first at {reason.file}:{reason.line}"
        column = f"{reason.column}: " if reason.column else ""
        line(f"  {name}: {reason.rows:,} × {column}{reason.code}, {where}")
    for kind, column, detail, rows in outcome.drift[:MAX_REASONS]:
        many = f" ({counted(rows, 'row')})" if rows else ""
        line(f"  {name}: drift {kind} {column} {detail}{many}")


def _say(name: str, what: str, todo: str) -> None:
    line(f"  {name}: {what}. {todo}")


def _footnote(found: Report) -> None:
    rejected, missing = found.of(Fate.REJECTED), found.of(Fate.MISSING)
    words = [f"{counted(found.good, 'row')} good", f"{found.bad:,} in quarantine"]
    words += [f"{len(rejected)} rejected"] if rejected else []
    words += [f"{len(missing)} missing"] if missing else []
    line(f"{', '.join(words)}, {found.seconds:.2f} s")


def _whole(found: Report) -> dict[str, object]:
    outcomes = [
        {
            "feed": one.feed,
            "business_date": one.business_date,
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
    return {
        "bank": found.bank,
        "good": found.good,
        "bad": found.bad,
        "seconds": round(found.seconds, 3),
        "outcomes": outcomes,
    }


def report_exit(found: Report) -> int:
    """Give the exit code of a report: 0 when everything came in, whatever waits in quarantine."""
    for outcome in found.of(Fate.FAILED):
        assert outcome.error is not None, "a failed feed says why"
        return exit_code(outcome.error)
    if found.of(Fate.REJECTED):
        return _EXIT_REJECTED
    return _EXIT_MISSING if found.of(Fate.MISSING) else 0


def standings(found: Sequence[Standing], *, none: str, json: bool, csv: bool) -> None:
    """List arrivals."""
    rows = []
    for one in found:
        held = one.arrival
        numbers = (held.rows, held.bad, held.waiting) if held else (None, None, None)
        due = Cell(one.due, f"{one.due:%m-%d %H:%M}")
        arrival = held.arrival_id if held else None
        title = in_words(Label(one.title_zh, one.title_en))
        rows.append((one.business_date, one.feed, title, one.state, *numbers, due, arrival))
    names = ("business_date", "feed", "title", "state", "rows", "bad", "waiting", "due", "arrival")
    listing(names, rows, none=none, json=json, csv=csv)


def quarantine_page(found: Page, *, none: str, json: bool, csv: bool) -> None:
    """List quarantined rows."""
    rows = []
    for row in found.rows:
        place = f"{row.file.rpartition('/')[2]}:{row.line}"
        said = "; ".join(problem.say(LOCALE) for problem in row.problems)
        raw = (row.raw or "").strip()
        text = Cell(raw, raw[:MAX_SHOWN])
        rows.append(
            (row.row_id, row.feed, row.business_date, place, row.column, said, row.status, text)
        )
    names = ("row", "feed", "business_date", "place", "column", "reason", "status", "text")
    remark = f"{len(found.rows)} of {counted(found.total, 'row')}; personal data is masked"
    listing(names, rows, none=none, remark=remark, json=json, csv=csv)


def one_row(row: Waiting, history: Sequence[Act]) -> None:
    """Show one quarantined row with its fields and its history."""
    line(f"{row.feed} {row.business_date} {row.file}:{row.line} — {row.status}")
    for problem in row.problems:
        params = {"column": problem.column, **problem.params}
        line(f"  {problem.say(LOCALE)}. {remedy(problem.code, params, LOCALE)}")
    if row.raw is not None:
        line(f"  text: {row.raw}")
    for name, value in (row.fields or {}).items():
        line(f"  {name} = {'' if value is None else value}")
    for entry in history:
        columns = ", ".join(entry.columns)
        at = f"{entry.at.astimezone(BANK_TZ):%Y-%m-%d %H:%M}"
        line(f"  {at} {entry.user} {entry.action} {columns} {entry.note}")


def differences(found: Sequence[Difference], *, none: str, json: bool, csv: bool) -> None:
    """List drift."""
    rows = [
        (one.feed, one.say(LOCALE), one.first_date, one.last_date, one.deliveries, one.rows)
        for one in found
    ]
    names = ("feed", "what", "first_date", "last_date", "deliveries", "rows")
    listing(names, rows, none=none, json=json, csv=csv)
