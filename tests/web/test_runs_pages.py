from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlalchemy import insert

from titian.data.checks.tables import check_result
from titian.data.jobs.tables import job_run
from titian.kernel import db
from titian.web.pages.runs import CHART_RUNS
from titian.web.walk import Walker

DAY = date(2026, 3, 31)
BEGAN = datetime(2026, 3, 31, 17, 30, tzinfo=UTC)
LOG, HERE = "/at/union/runs/log", "/at/qinghe/runs/log"
JOBS = ("core.loan", "core.entry")
RUNS = 300


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


def codes(answer: httpx.Response) -> list[str]:
    return [found.text() for found in parse(answer).css("td.main .cell-note")]


def run_row(number: int, **other: Any) -> dict[str, Any]:
    return {
        "run_id": f"run_{number:06}",
        "order_id": "order",
        "bank": ("qinghe", "baishui")[number % 2],
        "job": JOBS[number // 2 % 2],
        "business_date": DAY - timedelta(days=number % 3),
        "state": "succeeded",
        "attempt": 1,
        "reason": "night",
        "started_at": BEGAN + timedelta(seconds=number),
        "finished_at": BEGAN + timedelta(seconds=number + 1),
        "rows": number,
        "bytes": 10,
        "seconds": number / 10,
        "batch": 1,
        "error": "",
        "error_code": "",
        "version": "v",
        "sql_hash": "",
        "table_version": None,
        **other,
    }


@pytest.fixture
def logged(people: None) -> None:
    failed = {"state": "failed", "error": "waits for loan", "job": "core.loan", "bank": "qinghe"}
    rows = [run_row(number) for number in range(RUNS)]
    with db.begin() as connection:
        connection.execute(insert(job_run), [*rows, run_row(RUNS, **failed)])


@pytest.fixture
def watcher(logged: None, admin: Walker) -> Walker:
    """Give the browser of somebody who sees all banks' runs."""
    return admin


class TestLog:
    def test_all_runs_are_counted_the_newest_first(self, watcher: Walker) -> None:
        page = parse(watcher.get(LOG))
        assert f"of {RUNS + 1}" in node(page, ".pager").text()
        assert node(page, "tbody .state").text() == "Failed"
        assert node(page, "td.main").text(strip=True).endswith("core.loan")

    def test_a_bank_sees_its_own_and_no_column_of_banks(self, watcher: Walker) -> None:
        page = parse(watcher.get(HERE))
        assert f"of {RUNS // 2 + 1}" in node(page, ".pager").text()
        heads = [head.text(strip=True) for head in page.css("th")]
        assert "Bank" not in heads
        assert not page.css("select[name=bank]")

    @pytest.mark.parametrize(
        ("query", "many"),
        [
            ("state=failed", 1),
            ("bank=baishui", RUNS // 2),
            (f"day={DAY}", RUNS // 3 + 1),
            (f"date={DAY}", RUNS // 3 + 1),
            ("q=core.entry", RUNS // 2),
            ("q=Loans", RUNS // 2 + 1),
            ("q=借据", RUNS // 2 + 1),
            ("q=waits for loan", 1),
        ],
    )
    def test_filters(self, watcher: Walker, query: str, many: int) -> None:
        pager = node(parse(watcher.get(f"{LOG}?{query}")), ".pager").text()
        assert pager.split()[2] == str(many)

    def test_a_search_takes_wildcards_for_letters(self, watcher: Walker) -> None:
        assert "Nothing fits" in watcher.get(f"{LOG}?q=%25").text

    def test_sorting_by_any_column(self, watcher: Walker) -> None:
        page = parse(watcher.get(f"{LOG}?sort=-seconds"))
        rows = node(page, "tbody tr td[data-label=Rows]").text()
        assert rows == str(RUNS)
        first, last = (
            codes(watcher.get(f"{LOG}?sort=name")),
            codes(watcher.get(f"{LOG}?sort=-name")),
        )
        assert (first[0], last[0]) == ("core.entry", "core.loan")


class TestRun:
    def test_checks_and_attempts_are_lists_of_their_own(self, watcher: Walker) -> None:
        run = f"run_{RUNS:06}"
        found = [
            {
                "run_id": run,
                "position": place,
                "bank": "qinghe",
                "table_name": "core.loan",
                "business_date": DAY,
                "kind": "condition",
                "label": f"rule {place}",
                "severity": severity,
                "passed": passed,
                "rows": 10,
                "failing": place,
                "measured": "",
                "sample": [{"loan_id": "<b>1</b>"}],
                "checked_at": BEGAN,
                "current": True,
            }
            for place, (severity, passed) in enumerate(
                [("error", True), ("warning", False), ("error", False)]
            )
        ]
        with db.begin() as connection:
            connection.execute(insert(check_result), found)
        page = parse(watcher.get(f"{HERE}/{run}"))
        states = [one.text() for one in page.css("#list-checks tbody .state")]
        assert states == ["error", "warning", "passed"]
        assert "<b>1</b>" not in str(node(page, "#list-checks").html)
        assert len(page.css("#list-attempts tbody tr")) >= 1
        kept = f"{HERE}/{run}?attempts.sort=rows&checks.outcome=error"
        page = parse(watcher.get(kept))
        assert len(page.css("#list-checks tbody tr")) == 1
        assert "checks.outcome=error" in str(node(page, "#list-attempts th a").attributes["href"])

    def test_one_list_is_swapped_alone_and_the_other_keeps_its_question(
        self, watcher: Walker
    ) -> None:
        at = f"{HERE}/run_{RUNS:06}?checks.outcome=error&attempts.sort=-rows"
        swap = {"hx-request": "true", "hx-request-type": "partial"}
        part = watcher.get(at, **swap, **{"hx-target": "div#list-attempts"})
        assert part.text.lstrip().startswith('<div class="panel data-panel" id="list-attempts"')
        assert "list-checks" not in part.text
        assert part.headers["hx-push-url"].endswith("?checks.outcome=error&attempts.sort=-rows")

    def test_one_list_is_a_file(self, watcher: Walker) -> None:
        answer = watcher.get(f"{HERE}/run_{RUNS:06}?attempts.export=csv")
        assert answer.headers["content-disposition"].startswith(
            "attachment; filename*=UTF-8''attempts-qinghe-"
        )
        assert answer.text.count("\n") >= 2


def test_a_jobs_last_runs_are_a_list(watcher: Walker) -> None:
    page = parse(watcher.get("/at/qinghe/runs/jobs/core.loan"))
    assert node(page, "#list-attempts h2").text() == "Last runs"
    assert len(page.css("#list-attempts tbody tr")) == CHART_RUNS
