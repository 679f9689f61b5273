from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sqlalchemy import insert

from titian.data.checks.tables import check_result
from titian.data.jobs.tables import job_state
from titian.kernel import audit, clock, db, users
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.web.pages.home import cards_for
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
DAY = date(2026, 3, 31)
AT = datetime(2026, 4, 1, 1, tzinfo=UTC)
UNION = Scope.system(None)
PLACES = {"union": "/at/union/", "qinghe": "/at/qinghe/"}
EXPECTED: dict[Role, tuple[str, list[str]]] = {
    Role.UNION_ADMIN: (
        "union",
        [
            "tasks",
            "runs",
            "feeds",
            "quality",
            "capacity",
            "indicators",
            "access",
            "people",
            "audit",
        ],
    ),
    Role.OPERATOR: ("union", ["tasks", "runs", "feeds", "quality", "capacity"]),
    Role.DATA_ENGINEER: ("union", ["tasks", "runs", "feeds", "quality", "capacity"]),
    Role.COMPLIANCE: ("union", ["tasks", "runs", "access", "audit"]),
    Role.BANK_ADMIN: (
        "qinghe",
        ["tasks", "runs", "quality", "indicators", "access", "people", "audit"],
    ),
    Role.ANALYST: ("qinghe", ["tasks", "customers", "runs", "indicators", "audiences"]),
    Role.RISK_OFFICER: ("qinghe", ["tasks", "customers", "indicators", "audiences"]),
    Role.LOAN_OFFICER: ("qinghe", ["tasks", "customers", "indicators", "audiences", "shortcuts"]),
    Role.CLERK: ("qinghe", ["tasks", "indicators", "shortcuts"]),
}


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


@pytest.fixture
def as_role(as_user: SignIn, people: None) -> Callable[[Role], tuple[Walker, str]]:
    """Give a way to be somebody of a role, at home."""

    def made(role: Role) -> tuple[Walker, str]:
        place = EXPECTED[role][0]
        bank = BankId(place) if place != "union" else None
        name = f"role_{role.value}"
        users.create(
            UNION, User(UserId(name), "Nan", bank, frozenset({role}), 3), "terrace field water"
        )
        return as_user(name), PLACES[place]

    return made


@pytest.mark.parametrize("role", EXPECTED)
def test_every_role_has_its_cards(
    as_role: Callable[[Role], tuple[Walker, str]],
    role: Role,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []

    def remember(ctx: Any) -> Any:
        found = cards_for(ctx)
        shown[:] = [card.name for card in found]
        return found

    monkeypatch.setattr("titian.web.pages.home.cards_for", remember)
    walker, home = as_role(role)
    page = walker.get(home)
    assert page.status_code == 200
    assert sorted(shown) == sorted(EXPECTED[role][1])
    for card in parse(page).css(".home-cards [hx-get]"):
        answer = walker.get(str(card.attributes["hx-get"]))
        assert answer.status_code == 200
        assert "could not" not in answer.text


def state(bank: str, day: date, value: str) -> dict[str, Any]:
    return {
        "bank": bank,
        "business_date": day,
        "job": "core.org",
        "state": value,
        "why": "",
        "order_id": "o",
        "rows": 1,
        "seconds": 1.0,
        "version": "v",
    }


def test_one_business_date_is_said_once(admin: Walker) -> None:
    with db.begin() as connection:
        rows = [state("qinghe", DAY, "succeeded"), state("qinghe", DAY - timedelta(7), "failed")]
        connection.execute(insert(job_state), rows)
    page = parse(admin.get("/at/union/"))
    assert "Business date Tue 31 March 2026" in node(page, ".page-head").text()
    assert "31 Mar" not in node(page, ".home-cards").text()
    earlier = parse(admin.get(f"/at/union/?date={DAY - timedelta(7)}"))
    assert "24 March 2026" in node(earlier, ".page-head").text()
    assert "1 red" in node(earlier, ".home-cards").text()


def test_runs_name_the_banks_that_are_behind_the_worst_first(admin: Walker) -> None:
    with db.begin() as connection:
        rows = [state("qinghe", DAY, "succeeded"), state("baishui", DAY, "failed")]
        connection.execute(insert(job_state), rows)
    lines = parse(admin.get("/at/union/")).css(".home-cards .panel-list li")
    assert [line.text(strip=True).split("Bank")[0] for line in lines[:2]] == [
        "FailedBaishui Rural ",
        "Not finishedQinghe Rural ",
    ]


def test_failing_checks_lead_to_their_run(admin: Walker) -> None:
    row = {
        "run_id": "run_1",
        "position": 0,
        "bank": "qinghe",
        "table_name": "core.loan",
        "business_date": DAY,
        "kind": "condition",
        "label": "balance_fen >= 0",
        "severity": "error",
        "passed": False,
        "rows": 10,
        "failing": 3,
        "measured": "",
        "sample": [],
        "checked_at": AT,
        "current": True,
    }
    with db.begin() as connection:
        connection.execute(insert(job_state), [state("qinghe", DAY, "succeeded")])
        connection.execute(insert(check_result), [row])
    part = parse(admin.get("/at/union/cards/quality"))
    assert node(part, "li a").attributes["href"] == "/at/qinghe/runs/log/run_1"
    assert "3 rows" in node(part, "li").text()


def test_delicate_acts_of_the_last_day_are_counted(admin: Walker) -> None:
    old = datetime(2026, 3, 1, 9, tzinfo=BANK_TZ)
    with clock.frozen(old):
        audit.record(UNION, "party.view", "P1")
    audit.record(UNION, "party.view", "P2")
    audit.record(UNION, "party.view", "P3")
    audit.record(UNION, "jobs.run", "o")
    part = parse(admin.get("/at/union/cards/access"))
    lines = [line.text(strip=True) for line in part.css("li")]
    assert any(line.startswith("Looked at a customer") and "2" in line for line in lines)
    assert not any("Signed in" in line or "Ordered runs" in line for line in lines)


def test_a_bank_counts_its_own_acts_and_people(as_user: SignIn, people: None) -> None:
    audit.record(Scope.system(BankId("baishui")), "party.view", "P2")
    qian = as_user("qian")
    assert "Looked at a customer" not in qian.get("/at/qinghe/cards/access").text
    assert "2 accounts" in qian.get("/at/qinghe/cards/people").text


def test_a_card_is_for_its_roles(as_user: SignIn, people: None) -> None:
    assert as_user("sun").get("/at/qinghe/cards/access").status_code == 404
