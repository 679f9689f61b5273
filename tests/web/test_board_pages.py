from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlalchemy import event, insert

from titian.data.jobs import catalogue, control, pauses
from titian.data.jobs.tables import job_alert, job_run, job_state
from titian.kernel import audit, banks, db, users
from titian.kernel.banks import Bank
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
DAY = date(2026, 3, 31)
BEGAN = datetime(2026, 3, 31, 17, 30, tzinfo=UTC)
UNION, BOARD = Scope.system(None), "/at/union/runs"
QINGHE, HERE = Scope.system(BankId("qinghe")), "/at/qinghe/runs"
POLL = {"hx-request": "true", "hx-request-type": "partial", "hx-target": "div#board"}
MANY = 51


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


def names(page: LexborHTMLParser) -> list[str]:
    return [cell.text(strip=True) for cell in page.css(".data-table td.main a")]


def jobs_of(bank: str) -> list[str]:
    return list(catalogue.load(Scope.system(BankId(bank))).jobs)


def stand(bank: str, job: str, state: str = "succeeded", why: str = "") -> dict[str, Any]:
    ran = state in ("succeeded", "failed", "running")
    return {
        "bank": bank,
        "business_date": DAY,
        "job": job,
        "state": state,
        "why": why,
        "run_id": f"run_{bank}_{job}"[:40] if ran else None,
        "order_id": "order",
        "started_at": BEGAN if ran else None,
        "finished_at": BEGAN + timedelta(seconds=2) if ran and state != "running" else None,
        "rows": 100,
        "seconds": 1.5,
        "version": "v",
    }


def record(*stands: dict[str, Any]) -> None:
    with db.begin() as connection:
        connection.execute(insert(job_state), list(stands))


def record_run(bank: str, job: str, state: str, minutes: int = 0) -> str:
    run = f"run_{bank}_{job}_{minutes}"[:40]
    row = {
        "run_id": run,
        "order_id": "order",
        "bank": bank,
        "job": job,
        "business_date": DAY,
        "state": state,
        "attempt": 1,
        "reason": "night",
        "started_at": BEGAN + timedelta(minutes=minutes),
        "finished_at": BEGAN + timedelta(minutes=minutes, seconds=2),
        "rows": 100,
        "bytes": 10,
        "seconds": 2.0,
        "batch": 1,
        "error": "it broke" if state == "failed" else "",
        "error_code": "",
        "version": "v",
        "sql_hash": "",
        "table_version": None,
    }
    with db.begin() as connection:
        connection.execute(insert(job_run), [row])
    return run


def late(bank: str, job: str) -> None:
    row = {
        "alert_id": f"alert_{bank}",
        "bank": bank,
        "business_date": DAY,
        "job": job,
        "kind": "late",
        "message": "job core.org of 2026-03-31 was due at 04-01 06:00 and is not through",
        "raised_at": BEGAN,
    }
    with db.begin() as connection:
        connection.execute(insert(job_alert), [row])


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.engine(), "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(db.engine(), "before_cursor_execute", hear)


def polled(walker: Walker) -> int:
    """Count the statements of a poll of the board; the least of three, for what is kept ends."""
    walker.get(BOARD)
    counts = []
    for _ in range(3):
        with statements() as said:
            walker.get(BOARD, **POLL)
        counts.append(len(said))
    return min(counts)


@pytest.fixture
def operators(people: None) -> None:
    for name, bank in (("wang", "qinghe"), ("hua", None)):
        at = BankId(bank) if bank else None
        new = User(UserId(name), name.capitalize(), at, frozenset({Role.OPERATOR}), 2)
        users.create(UNION, new, "terrace field water")


@pytest.fixture
def wang(as_user: SignIn, operators: None) -> Walker:
    """Give the browser of qinghe's operator."""
    return as_user("wang")


@pytest.fixture
def hua(as_user: SignIn, operators: None) -> Walker:
    """Give the browser of the union's operator."""
    return as_user("hua")


def many_banks() -> None:
    for number in range(MANY - 2):
        new = BankId(f"bank{number:02}")
        banks.register(UNION, Bank(new, f"第{number:02}农商行", f"Bank {number:02}"))
    stands = []
    for bank in (one.bank for one in banks.visible(UNION)):
        jobs = jobs_of(bank)
        if bank == "bank07":
            stands += [stand(bank, jobs[0], "failed", "it broke")]
            stands += [stand(bank, job, "held", f"held up by {jobs[0]}") for job in jobs[1:]]
        elif bank == "bank09":
            stands += [stand(bank, job, "waiting", "waits for loan") for job in jobs]
        elif bank == "bank11":
            stands += [stand(bank, job) for job in jobs[:3]]
        else:
            stands += [stand(bank, job) for job in jobs]
    record(*stands)
    late("bank11", jobs_of("bank11")[0])


class TestUnion:
    def test_a_line_a_bank_the_worst_first(self, hua: Walker) -> None:
        many_banks()
        page = parse(hua.get(BOARD))
        assert len(page.css(".data-table tbody tr")) == MANY
        assert names(page)[:3] == ["Bank 07", "Bank 09", "Bank 11"]
        states = [found.text() for found in page.css(".data-table tbody td:nth-child(2)")]
        assert states[:4] == ["Failed", "Waits for a feed", "Not finished", "Done"]

    def test_it_says_who_holds_a_bank_up(self, hua: Walker) -> None:
        many_banks()
        rows = parse(hua.get(BOARD)).css(".data-table tbody tr")
        broken = rows[0].css_first(".cell-clip:not(a)")
        assert broken is not None
        assert broken.text(strip=True).endswith("Failed")
        assert f"/at/bank07/runs/log/run_bank07_{jobs_of('bank07')[0]}" in str(rows[0].html)
        assert "waits for loan" in rows[1].text()
        assert f"and {len(jobs_of('bank09')) - 1} more" in rows[1].text()

    @pytest.mark.parametrize(
        ("shown", "expected"),
        [
            ("red", ["Bank 07"]),
            ("late", ["Bank 11"]),
            ("waiting", ["Bank 09"]),
            ("open", ["Bank 07", "Bank 09", "Bank 11"]),
            ("paused", ["Bank 12"]),
        ],
    )
    def test_filters(self, hua: Walker, shown: str, expected: list[str]) -> None:
        many_banks()
        pauses.add(Scope.system(BankId("bank12")), pauses.WHOLE_BANK, "moving house")
        assert names(parse(hua.get(f"{BOARD}?show={shown}"))) == expected

    def test_a_file_names_codes_and_roots(self, hua: Walker) -> None:
        many_banks()
        answer = hua.get(f"{BOARD}?show=red&export=csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["Code"], row["Failed"]) for row in rows] == [("bank07", "1")]
        assert rows[0]["Held up by"].endswith(": Failed")
        act = audit.entries(UNION, action="list.export")[0]
        assert act.detail == {"form": "csv", "rows": 1, "filters": ["show"]}

    def test_more_banks_ask_the_database_no_more(self, hua: Walker) -> None:
        few = polled(hua)
        many_banks()
        assert polled(hua) == few

    def test_broken_definitions_come_first_and_are_said(
        self, hua: Walker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record(*(stand("qinghe", job, "failed") for job in jobs_of("qinghe")))
        real = catalogue.lately

        def load(scope: Scope) -> catalogue.Catalogue:
            if scope.bank == "baishui":
                raise ValueError("line 3: no header")
            return real(scope)

        monkeypatch.setattr("titian.data.jobs.board.lately", load)
        page = parse(hua.get(BOARD))
        assert names(page) == ["Baishui Rural Bank", "Qinghe Rural Bank"]
        assert "line 3: no header" in node(page, ".data-table").text()


class TestBank:
    def test_jobs_are_a_list_in_the_order_they_run(self, wang: Walker) -> None:
        jobs = jobs_of("qinghe")
        record(*(stand("qinghe", job) for job in jobs))
        page = parse(wang.get(HERE))
        codes = [found.text() for found in page.css(".data-table td.main .cell-note")]
        assert codes == jobs
        assert page.css("th[data-kind=number]")

    def test_jobs_filter_and_sort(self, wang: Walker) -> None:
        first, second, *rest = jobs_of("qinghe")
        record(
            stand("qinghe", first),
            stand("qinghe", second, "failed", "it broke"),
            *(stand("qinghe", job, "held", f"held up by {second} (failed)") for job in rest),
        )
        assert len(names(parse(wang.get(f"{HERE}?state=failed")))) == 1
        page = parse(wang.get(f"{HERE}?sort=state"))
        assert node(page, "tbody .state").text() == "Failed"
        again = node(page, "tbody tr .row-actions button").attributes["formaction"]
        assert again == f"{HERE}/log/run_qinghe_{second}/repeat"

    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [
            ("2026-03-31", "2026-03-01", "after"),
            ("31/03/2026", "2026-03-31", "date"),
            ("2026-03-01", "", "date"),
        ],
    )
    def test_a_refused_backfill_keeps_what_was_written(
        self, wang: Walker, first: str, last: str, words: str
    ) -> None:
        answer = wang.post("/at/qinghe/runs/backfill", {"first": first, "last": last})
        assert answer.status_code == 422
        page = parse(answer)
        assert node(page, "[name=first]").attributes["value"] == first
        assert words in node(page, "form.form").text()

    def test_nothing_was_ever_loaded(self, wang: Walker) -> None:
        page = parse(wang.get(HERE))
        assert node(page, ".empty-title").text() == "Nothing has been loaded yet"
        assert "titian feeds load --bank qinghe" in node(page, ".empty-state").text()
        assert not page.css(".data-table")
        assert "Run the day" not in node(page, "main").text()

    def test_nothing_for_this_date(self, wang: Walker) -> None:
        record(stand("qinghe", jobs_of("qinghe")[0]))
        page = parse(wang.get(f"{HERE}?date=2026-04-09"))
        assert node(page, ".empty-title").text().startswith("Nothing arrived for 9 Apr 2026")

    def test_an_ordered_day_is_no_empty_day(self, wang: Walker) -> None:
        control.run(QINGHE, [DAY])
        page = parse(wang.get(f"{HERE}?date={DAY}"))
        assert len(names(page)) == len(jobs_of("qinghe"))

    def test_buttons_follow_the_state(self, wang: Walker) -> None:
        jobs = jobs_of("qinghe")
        record(stand("qinghe", jobs[0], "running"))
        assert "Run the day" in wang.get(HERE, **POLL).text
        with db.begin() as connection:
            connection.execute(job_state.update().values(state="failed"))
        part = wang.get(HERE, **POLL).text
        assert part.lstrip().startswith('<div id="board"')
        assert "Repeat from the failed" in part
        assert "Run the day" not in part
        pauses.add(QINGHE, pauses.WHOLE_BANK, "")
        assert "Resume the bank" in wang.get(HERE, **POLL).text


class TestPolling:
    def test_it_is_quick_while_jobs_run(self, wang: Walker) -> None:
        record(stand("qinghe", jobs_of("qinghe")[0], "running"))
        assert node(parse(wang.get(HERE)), "#board").attributes["hx-trigger"] == "every 5s, wake"

    def test_it_is_slow_while_the_day_is_open(self, wang: Walker) -> None:
        record(stand("qinghe", jobs_of("qinghe")[0]))
        assert node(parse(wang.get(HERE)), "#board").attributes["hx-trigger"] == "every 30s, wake"

    def test_it_ends_with_the_day(self, wang: Walker) -> None:
        record(*(stand("qinghe", job) for job in jobs_of("qinghe")))
        page = parse(wang.get(HERE, **POLL))
        assert "hx-get" not in node(page, "#board").attributes
        assert not page.css("#board-pause")

    def test_the_part_keeps_the_question_and_pushes_no_address(self, wang: Walker) -> None:
        record(*(stand("qinghe", job) for job in jobs_of("qinghe")))
        answer = wang.get(f"{HERE}?q=core.loan", **POLL)
        assert names(parse(answer)) == names(parse(wang.get(f"{HERE}?q=core.loan")))
        assert "hx-push-url" not in answer.headers
        assert "data-heat" not in answer.text
