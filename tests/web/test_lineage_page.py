from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from selectolax.lexbor import LexborHTMLParser

from titian.data.jobs import catalogue
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import store
from titian.web.walk import Walker

QINGHE = Scope.system(BankId("qinghe"))
HERE = "/at/qinghe/tables/core.loan/lineage"


@pytest.fixture(autouse=True)
def _loans(people: None) -> None:
    table = catalogue.load(QINGHE).tables["core.loan"]
    store.write_date(
        QINGHE, table, date(2026, 3, 31), pa.Table.from_pylist([], table.arrow_schema())
    )


def boxes(text: str) -> dict[str, dict[str, str | None]]:
    page = LexborHTMLParser(text)
    return {str(one.attributes["data-name"]): one.attributes for one in page.css(".flow-box")}


def test_it_works_for_a_table(admin: Walker) -> None:
    found = boxes(admin.get(HERE).text)
    assert {"feed:loan", "raw.loan", "core.loan", "mart.indicator_risk"} <= set(found)
    assert found["core.loan"]["aria-current"] == "true"
    assert found["feed:loan"]["href"] == "/at/qinghe/feeds/loan"


def test_a_column_goes_from_the_file_to_indicators(admin: Walker) -> None:
    answer = admin.get(f"{HERE}?column=is_npl")
    found = boxes(answer.text)
    assert {"feed:loan.five_class", "raw.loan.five_class", "~indicator:risk"} <= set(found)
    assert "raw.loan.five_class IN" in str(found["core.loan.is_npl"]["data-how"])
    opened = boxes(admin.get(str(found["~indicator:risk"]["href"])).text)
    assert opened["indicator:risk.npl_ratio"]["href"] == "/at/qinghe/indicators/npl_ratio"
    assert "~indicator:risk" not in opened


@pytest.mark.parametrize(
    ("way", "there", "not_there"),
    [("up", "raw.loan.status", "mart.indicator.value"),
     ("down", "mart.indicator.value", "raw.loan.status")],
)  # fmt: skip
def test_one_side_alone(admin: Walker, way: str, there: str, not_there: str) -> None:
    found = boxes(admin.get(f"{HERE}?column=is_npl&way={way}").text)
    assert there in found
    assert not_there not in found


@pytest.mark.parametrize("query", ["column=nosuch", "column=%3Cb%3E"])
def test_an_unknown_column_is_not_found(admin: Walker, query: str) -> None:
    assert admin.get(f"{HERE}?{query}").status_code == 404


@pytest.mark.parametrize("query", ["way=sideways", "hops=99", "open=nothing", "focus=nobody"])
def test_odd_questions_are_answered(admin: Walker, query: str) -> None:
    answer = admin.get(f"{HERE}?column=is_npl&{query}")
    assert answer.status_code == 200
    assert "core.loan.is_npl" in boxes(answer.text)


def test_definitions_that_cannot_be_read_are_told(admin: Walker) -> None:
    folder = settings().definitions / "banks" / "qinghe" / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "core.loan.sql").write_text("SELECT", encoding="utf-8")
    catalogue._seen.clear()
    answer = admin.get(HERE)
    assert answer.status_code == 200
    assert "core.loan.sql" in LexborHTMLParser(answer.text).css(".notice")[0].text()
