from __future__ import annotations

from collections.abc import Callable

import pytest
from selectolax.lexbor import LexborHTMLParser

from titian.web.walk import Walker

SignIn = Callable[..., Walker]
HERE = "/at/qinghe/runs/graph"


def boxes(text: str) -> dict[str, dict[str, str | None]]:
    page = LexborHTMLParser(text)
    return {str(one.attributes["data-name"]): one.attributes for one in page.css(".flow-box")}


def test_it_works(admin: Walker) -> None:
    answer = admin.get(HERE)
    assert answer.status_code == 200
    found = boxes(answer.text)
    assert {"raw.loan", "core.loan", "mart.indicator"} <= set(found)
    assert "/at/qinghe/feeds/loan/" in str(found["raw.loan"]["href"])
    assert found["core.loan"]["href"] == "/at/qinghe/runs/jobs/core.loan"
    assert "Not started" in answer.text
    rows = LexborHTMLParser(answer.text).css(".flow-list tbody tr")
    assert len(rows) == len(found)


def test_it_can_be_narrowed_to_what_is_around_a_job(admin: Walker) -> None:
    found = boxes(admin.get(f"{HERE}?focus=core.loan&hops=1").text)
    assert "raw.loan" in found
    assert "raw.card" not in found
    assert found["core.loan"]["aria-current"] == "true"


def test_it_can_be_folded_and_opened(admin: Walker) -> None:
    found = boxes(admin.get(f"{HERE}?hops=folded").text)
    assert {"~raw", "~core", "~mart.indicator"} <= set(found)
    opened = boxes(admin.get(str(found["~core"]["href"])).text)
    assert "core.loan" in opened
    assert "~core" not in opened
    assert "~raw" in opened


def test_a_job_nobody_knows_is_told(admin: Walker) -> None:
    answer = admin.get(f"{HERE}?focus=core.lone")
    assert answer.status_code == 200
    assert "No feed and no job is called core.lone." in answer.text


@pytest.mark.parametrize(
    "query", ["hops=99", "open=,,", "focus=%00", "hops=2", f"focus={'x' * 300}"]
)
def test_odd_questions_are_answered(admin: Walker, query: str) -> None:
    assert admin.get(f"{HERE}?{query}").status_code == 200


def test_the_union_has_no_such_picture(admin: Walker) -> None:
    assert boxes(admin.get("/at/union/runs/graph").text) == {}


def test_another_bank_s_people_do_not_see_it(as_user: SignIn) -> None:
    assert as_user("li").get(HERE).status_code in (403, 404)
