from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlalchemy import Table, event, insert

from titian.data.feeds.tables import feed_arrival, feed_quarantine
from titian.data.jobs.tables import job_alert
from titian.data.tags.tables import audience, audience_export, business_tag
from titian.kernel import clock, db, users
from titian.kernel.errors import Unavailable
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.web import waiting
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
DAY = date(2026, 3, 31)
AT = datetime(2026, 4, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 2, 1, tzinfo=UTC)
HERE, UNION = "/at/qinghe/tasks", "/at/union/tasks"


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


def links(answer: httpx.Response) -> list[tuple[str, str | None]]:
    found = parse(answer).css("td.main > a")
    return [(one.text(strip=True), one.attributes["href"]) for one in found]


def alert(bank: str, job: str, kind: str = "failed", **other: Any) -> dict[str, Any]:
    return {
        "alert_id": f"alert_{bank}_{job}_{kind}"[:40],
        "bank": bank,
        "business_date": DAY,
        "job": job,
        "kind": kind,
        "message": "it broke",
        "run_id": "run_1" if kind == "failed" else None,
        "raised_at": AT,
        "resolved_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        **other,
    }


def arrival(number: int, status: str, feed: str = "loan", bank: str = "qinghe") -> dict[str, Any]:
    return {
        "arrival_id": f"arr_{number:03}",
        "bank": bank,
        "feed": feed,
        "business_date": DAY,
        "delivery_id": "d",
        "status": status,
        "rows": 1,
        "good": 0,
        "bad": 1,
        "bytes": 1,
        "content": "",
        "files": [],
        "contract_version": "1",
        "contract_digest": "",
        "control": [],
        "refusals": [],
        "reasons": [],
        "types": {},
        "loaded_by": "system",
        "started_at": AT,
    }


def row_of(arrival_id: str, line: int, status: str = "open") -> dict[str, Any]:
    return {
        "row_id": f"row_{line:03}",
        "arrival_id": arrival_id,
        "bank": "qinghe",
        "feed": "loan",
        "business_date": DAY,
        "file": "f",
        "line": line,
        "column_name": "x",
        "code": "type",
        "problems": [],
        "status": status,
        "created_at": AT,
        "changed_at": AT,
    }


def put(table: Table, *rows: dict[str, Any]) -> None:
    with db.begin() as connection:
        connection.execute(insert(table), list(rows))


@pytest.fixture
def wang(as_user: SignIn, people: None) -> Walker:
    """Give the browser of qinghe's operator."""
    waiting.forget(UserId("wang"))
    new = User(UserId("wang"), "Wang", BankId("qinghe"), frozenset({Role.OPERATOR}), 2)
    users.create(Scope.system(None), new, "terrace field water")
    return as_user("wang")


def test_nothing_waits(wang: Walker) -> None:
    page = parse(wang.get(HERE))
    assert node(page, ".empty-title").text() == "Nothing waits for you"
    part = wang.get(f"{HERE}/count").text
    assert "hidden" in part


def test_failed_and_late_jobs_of_ones_bank(wang: Walker) -> None:
    put(
        job_alert,
        alert("qinghe", "core.loan"),
        alert("qinghe", "feed:loan", "late"),
        alert("qinghe", "core.entry", acknowledged_by="hua", acknowledged_at=AT),
        alert("qinghe", "core.party", resolved_at=AT),
        alert("baishui", "core.loan"),
    )
    assert links(wang.get(HERE)) == [
        ("Loans · Failed", "/at/qinghe/runs/log/run_1"),
        ("Loan receipts · Late", f"/at/qinghe/feeds/loan/{DAY}"),
    ]
    assert "2 tasks wait" in wang.get(f"{HERE}/count").text


def test_the_union_sees_all_banks_and_filters_them(admin: Walker) -> None:
    put(job_alert, alert("qinghe", "core.loan"), alert("baishui", "core.loan"))
    assert len(links(admin.get(UNION))) == 2
    assert [url for _text, url in links(admin.get(f"{UNION}?bank=baishui"))] == [
        "/at/baishui/runs/log/run_1"
    ]


def test_refused_deliveries_until_a_good_one_comes(wang: Walker) -> None:
    put(feed_arrival, arrival(1, "rejected"), arrival(2, "rejected", "entry"))
    put(feed_arrival, arrival(3, "loaded"))
    with clock.frozen(NOW):
        assert [text for text, _url in links(wang.get(HERE))] == ["Refused: Ledger entries"]
    with db.begin() as connection:
        connection.execute(feed_arrival.update().values(started_at=AT - timedelta(days=900)))
    assert links(wang.get(HERE)) == []


def test_rows_to_mend_and_to_replay(wang: Walker) -> None:
    put(feed_arrival, arrival(1, "loaded"))
    rows = [row_of("arr_001", 1), row_of("arr_001", 2), row_of("arr_001", 3, "fixed")]
    put(feed_quarantine, *rows, row_of("arr_001", 4, "replayed"))
    assert links(wang.get(HERE)) == [
        ("Loan receipts · 2 rows to mend", "/at/qinghe/quarantine?feed=loan"),
        ("Loan receipts · 1 mended row to replay", "/at/qinghe/quarantine/mended?feed=loan"),
    ]


def tag(code: str, author: str, level: int = 1) -> dict[str, Any]:
    return {
        "bank": "qinghe",
        "code": code,
        "definition": {"zh": "好客户", "en": "Good", "when": "age > 1", "level": level},
        "status": "draft",
        "author": author,
        "created_at": AT,
        "comment": "",
        "members": 3,
    }


def test_a_second_pair_of_eyes_is_somebody_elses(as_user: SignIn, people: None) -> None:
    put(business_tag, tag("good", "hua"), tag("mine", "sun"))
    assert links(as_user("sun").get(HERE)) == [
        ("Decide on the tag Good", "/at/qinghe/tags/proposals")
    ]


def test_a_tag_above_the_clearance_is_nobodys_task(as_user: SignIn, people: None) -> None:
    put(business_tag, tag("good", "hua", level=5))
    assert links(as_user("sun").get(HERE)) == []


def export(number: int, by: str, status: str = "requested", **other: Any) -> dict[str, Any]:
    return {
        "export_id": f"export_{number}",
        "bank": "qinghe",
        "audience_id": "aud_1",
        "expression": "good",
        "business_date": DAY,
        "purpose": "service",
        "reason": "calls",
        "columns": [],
        "clear": False,
        "members": 7,
        "status": status,
        "requested_by": by,
        "requested_at": AT,
        "decided_by": None,
        "decided_at": None,
        "comment": "",
        "downloads": 0,
        **other,
    }


def test_requests_for_rows_to_decide_and_rows_to_take(as_user: SignIn, people: None) -> None:
    owner = {"bank": "qinghe", "name": "Farmers", "description": "", "expression": "good"}
    times = {"owner": "hua", "archived": False, "created_at": AT, "updated_at": AT}
    put(audience, {"audience_id": "aud_1", **owner, **times})
    taken = {"decided_by": "hua", "decided_at": clock.now()}
    old = {"decided_by": "hua", "decided_at": clock.now() - timedelta(days=30)}
    put(
        audience_export,
        export(1, "hua"),
        export(2, "sun"),
        export(3, "sun", "approved", **taken),
        export(4, "sun", "approved", **old),
        export(5, "sun", "approved", **{**taken, "downloads": 1}),
    )
    assert [text for text, _url in links(as_user("sun").get(HERE))] == [
        "Decide who may take the rows of Farmers",
        "Take the rows of Farmers",
    ]


def test_tasks_are_asked_of_those_who_may_do_them_only(as_user: SignIn, people: None) -> None:
    put(job_alert, alert("qinghe", "core.loan"))
    assert links(as_user("sun").get(HERE)) == []


def test_a_room_that_fails_hides_only_its_own(
    wang: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(job_alert, alert("qinghe", "core.loan"))
    put(feed_arrival, arrival(1, "rejected"))

    def fail(*_given: object) -> str:
        raise Unavailable("the table is locked", "Wait.")

    monkeypatch.setattr("titian.web.feed_tasks.feed_name", fail)
    with clock.frozen(NOW):
        assert [text for text, _url in links(wang.get(HERE))] == ["Loans · Failed"]


def test_each_kind_asks_the_database_once(wang: Walker) -> None:
    put(job_alert, *(alert("qinghe", f"core.j{number}") for number in range(50)))
    wang.get(HERE)
    said: list[str] = []

    def hear(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.engine(), "before_cursor_execute", hear)
    try:
        wang.get(f"{HERE}/count")
    finally:
        event.remove(db.engine(), "before_cursor_execute", hear)
    asked = [text for text in said if "job_alert" in text or "feed_" in text]
    assert len(asked) == 3


def test_the_count_is_kept_for_seconds_and_forgotten_by_doing(wang: Walker) -> None:
    assert "hidden" in wang.get(f"{HERE}/count").text
    put(job_alert, alert("qinghe", "core.loan"))
    assert "hidden" in wang.get(f"{HERE}/count").text
    found = "alert_qinghe_core.loan_failed"
    wang.post(f"/at/qinghe/runs/alerts/{found}", {"back": "list"})
    assert "1 task waits" in wang.get(f"{HERE}/count").text


def test_alerts_are_a_list_and_are_taken_up(wang: Walker) -> None:
    put(job_alert, alert("qinghe", "core.loan"), alert("qinghe", "core.old", resolved_at=AT))
    page = parse(wang.get("/at/qinghe/runs/alerts"))
    assert len(page.css("tbody tr")) == 1
    button = node(page, ".row-actions button")
    answer = wang.post(str(button.attributes["formaction"]), {"back": "list"})
    assert answer.url.path == "/at/qinghe/runs/alerts"
    assert "Wang" in answer.text or "wang" in node(parse(answer), "tbody").text()
    assert len(parse(wang.get("/at/qinghe/runs/alerts?show=all")).css("tbody tr")) == 2
    assert "Nothing fits" in wang.get("/at/qinghe/runs/alerts?show=open").text
