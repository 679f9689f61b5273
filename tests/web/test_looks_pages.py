from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from tests.support.sample_bank import pour

from titian.kernel import audit, clock, users
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION = Scope.system(None)
PARTY = "p00090"
HERE = f"/at/qinghe/customers/{PARTY}"
LOOKS = "/at/qinghe/looks"
REASON = "Visit before lending"


@pytest.fixture
def lou(sample_home: Path, home: Settings, password: str, as_user: SignIn) -> Walker:
    """Let a loan officer and a compliance officer of qinghe in; give the officer's browser."""
    pour(sample_home, home.home)
    for name, role in (("lou", Role.LOAN_OFFICER), ("hegui", Role.COMPLIANCE)):
        new = User(UserId(name), name.capitalize(), BankId("qinghe"), frozenset({role}), 3)
        users.create(UNION, new, password)
    return as_user("lou")


@pytest.fixture
def examiner(lou: Walker, as_user: SignIn) -> Walker:
    """Give the browser of the bank's compliance officer."""
    return as_user("hegui")


def look_around(lou: Walker) -> None:
    lou.get(HERE)
    lou.get(f"{HERE}/loans")
    lou.post("/at/qinghe/customers", {"q": PARTY})
    lou.post(f"{HERE}/clear", {"reason": REASON, "part": "accounts"})
    lou.post(f"{HERE}/mask", {"part": "accounts"})
    lou.get("/at/qinghe/customers/p00091")


def rows(answer: httpx.Response) -> list[str]:
    found = LexborHTMLParser(answer.text).css("table tbody tr")
    return [" ".join(row.text(separator=" ").split()) for row in found]


def test_it_works(lou: Walker, examiner: Walker) -> None:
    look_around(lou)
    listed = rows(examiner.get(f"{LOOKS}?party={PARTY}"))
    said = " | ".join(listed)
    for words in (
        "Looked at a customer", "Saw a customer in the clear", "Searched for a customer",
        "Masked a customer again", REASON, "in the clear", "lou",
    ):  # fmt: skip
        assert words in said, words
    assert len([line for line in listed if REASON in line]) == 2
    assert "p00091" not in said


def test_reading_the_looks_is_a_look(lou: Walker, examiner: Walker) -> None:
    examiner.get(f"{LOOKS}?party={PARTY}")
    (act,) = audit.entries(UNION, action="party.looks")
    assert (act.user, act.target) == ("hegui", PARTY)
    assert "Read who looked at a customer" in " ".join(rows(examiner.get(f"{LOOKS}?party={PARTY}")))


def test_the_export_holds_each_look_of_the_year(lou: Walker, examiner: Walker) -> None:
    last_year = clock.now() - timedelta(days=400)
    with clock.frozen(last_year):
        audit.record(Scope(UserId("lou"), BankId("qinghe"), frozenset()), "party.view", PARTY)
    look_around(lou)
    answer = examiner.get(f"{LOOKS}?party={PARTY}&year={clock.today().year}&export=csv")
    listed = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(listed) == 7
    assert {row["Who"] for row in listed} == {"lou"}
    assert [row["Shown"] for row in listed].count("in the clear") == 2
    assert [row["Reason"] for row in listed if row["Reason"]] == [REASON] * 2
    before = last_year.astimezone(BANK_TZ).year
    old = rows(examiner.get(f"{LOOKS}?party={PARTY}&year={before}"))
    assert len(old) == 1
    assert [act.target for act in audit.entries(UNION, action="list.export")] == ["looks"]


def test_a_year_ends_at_midnight_of_the_banks(lou: Walker, examiner: Walker) -> None:
    year = clock.today().year
    for moment in (
        datetime(year - 1, 12, 31, 23, 59, 59, tzinfo=BANK_TZ),
        datetime(year, 1, 1, tzinfo=BANK_TZ),
    ):
        with clock.frozen(moment):
            audit.record(Scope(UserId("lou"), BankId("qinghe"), frozenset()), "party.view", PARTY)
    assert len(rows(examiner.get(f"{LOOKS}?party={PARTY}&year={year - 1}"))) == 1


@pytest.mark.parametrize("given", ["", "nobody", "%", "_", "p0009", "' OR 1=1 --", "x" * 300])
def test_only_the_whole_number_finds(lou: Walker, examiner: Walker, given: str) -> None:
    look_around(lou)
    answer = examiner.client.get(LOOKS, params={"party": given, "year": "all"})
    assert answer.status_code == 200
    assert "lou" not in " ".join(rows(answer))


def test_a_banks_people_read_their_own_bank(lou: Walker, as_user: SignIn, admin: Walker) -> None:
    look_around(lou)
    assert as_user("li").get(f"{LOOKS}?party={PARTY}").status_code == 403
    own = as_user("li").get(f"/at/baishui/looks?party={PARTY}")
    assert "lou" not in " ".join(rows(own))
    assert "lou" in " ".join(rows(admin.get(f"{LOOKS}?party={PARTY}")))


def test_others_are_refused(lou: Walker, as_user: SignIn) -> None:
    assert lou.get(f"{LOOKS}?party={PARTY}").status_code == 403
    assert as_user("sun").get(f"{LOOKS}?party={PARTY}&export=csv").status_code == 403


def test_the_customers_page_leads_there(lou: Walker, admin: Walker) -> None:
    links = admin.links(admin.get(f"{HERE}/audit").text)
    (link,) = [one for one in links if one.startswith(LOOKS) and "party=" in one]
    assert "Looked at a customer" in " ".join(rows(admin.get(link)))
