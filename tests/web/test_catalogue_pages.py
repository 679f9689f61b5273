from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
import pyarrow as pa
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.kernel import audit, users
from titian.kernel.ids import BankId, UserId
from titian.kernel.labels import Label
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import configure, settings
from titian.kernel.users import User
from titian.lake import store
from titian.lake.schema import Code, Column, Layer, Mask, PiClass, Table, arrow_type
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION, QINGHE = Scope.system(None), Scope.system(BankId("qinghe"))
DAY, NEXT = date(2026, 3, 30), date(2026, 3, 31)
PAGE = "/at/qinghe/tables/core.herd"
HERD = Table(
    Layer.CORE,
    "herd",
    "畜群",
    "Herds",
    (
        Column("herd_id", "string", "畜群编号", "Herd", key=True),
        Column("keeper", "string", "养殖户", "Keeper", PiClass.C2, 2, Mask.NAME),
        Column("value_fen", "integer", "价值", "Value"),
        Column("kind", "string", "畜种", "Kind", codes=(Code("1", Label("牛", "cattle")),)),
        Column("insured", "boolean", "已投保", "Insured"),
        Column("counted", "date", "清点日", "Counted"),
    ),
)
ROWS = [
    ("H3", "赵大", 300_00, "1", True, DAY),
    ("H1", "钱二", 100_00, "2", False, DAY),
    ("H2", "=cmd|' /C calc'!A0", 200_00, "1", None, None),
]


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


def ids(answer: httpx.Response) -> list[str]:
    return [cell.text(strip=True) for cell in parse(answer).css("td.main")]


def arrow(rows: list[tuple[Any, ...]]) -> pa.Table:
    names = [column.name for column in HERD.columns]
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows],
        schema=pa.schema([(column.name, arrow_type(column.type)) for column in HERD.columns]),
    )


@pytest.fixture
def herds(people: None) -> None:
    store.write_date(QINGHE, HERD, DAY, arrow(ROWS[:1]))
    store.write_date(QINGHE, HERD, NEXT, arrow(ROWS))


@pytest.fixture
def sun(as_user: SignIn, herds: None) -> Walker:
    """Give the browser of the bank's analyst."""
    return as_user("sun")


class TestRows:
    def test_it_works(self, sun: Walker) -> None:
        page = parse(sun.get(f"{PAGE}/sample"))
        assert node(page, ".panel h2").text() == "Rows of 31 Mar 2026"
        first = [cell.text(strip=True) for cell in page.css("tbody tr")[0].css("td")]
        assert first == ["H1", "钱*", "¥100.00", "2", "no", "30 Mar 2026"]
        assert node(page, "th[data-kind=number] .head-code").text(strip=True) == "value_fen"

    def test_codes_have_words(self, sun: Walker) -> None:
        page = sun.get(f"{PAGE}/sample?sort=-herd_id")
        assert "cattle" in node(parse(page), "tbody tr").text()

    def test_they_sort_and_filter_at_the_lake(self, sun: Walker) -> None:
        assert ids(sun.get(f"{PAGE}/sample?sort=-value_fen")) == ["H3", "H2", "H1"]
        assert ids(sun.get(f"{PAGE}/sample?q=h2")) == ["H2"]
        assert "Nothing fits" in sun.get(f"{PAGE}/sample?q=h9").text

    def test_a_search_does_not_see_behind_a_mask(self, sun: Walker) -> None:
        assert ids(sun.get(f"{PAGE}/sample?q=钱二")) == []
        assert ids(sun.get(f"{PAGE}/sample?q=钱")) == ["H1"]

    def test_a_picked_date_is_shown(self, sun: Walker) -> None:
        assert ids(sun.get(f"{PAGE}/sample?date={DAY}")) == ["H3"]
        assert "No rows on this date" in sun.get(f"{PAGE}/sample?date=2020-01-01").text

    def test_looking_is_audited(self, sun: Walker) -> None:
        sun.get(f"{PAGE}/sample?q=h2")
        act = audit.entries(UNION, action="query")[0]
        assert act.user == "sun"
        assert "h2" not in str(act.detail)

    def test_a_file_is_masked_disarmed_and_audited(self, sun: Walker) -> None:
        answer = sun.get(f"{PAGE}/sample?sort=herd_id&export=csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["Keeper"] for row in rows] == ["钱*", "'=*", "赵*"]
        assert [row["Value (yuan)"] for row in rows] == ["100.00", "200.00", "300.00"]
        assert [row["Kind"] for row in rows] == ["2", "cattle", "cattle"]
        assert audit.entries(UNION, action="list.export")[0].detail["rows"] == len(ROWS)

    def test_a_file_has_a_limit(self, sun: Walker) -> None:
        configure(settings().model_copy(update={"query_max_rows": 2}))
        answer = sun.get(f"{PAGE}/sample?export=csv")
        assert answer.status_code == 413
        assert "Search for fewer" in answer.text

    @pytest.mark.parametrize("query", ["sort=password", "sort=%22%3B", "page=9999", "q=%27%22%25"])
    def test_nonsense_is_harmless(self, sun: Walker, query: str) -> None:
        assert sun.get(f"{PAGE}/sample?{query}").status_code == 200

    @pytest.mark.usefixtures("herds")
    def test_who_may_not_ask_is_told(self, as_user: SignIn) -> None:
        new = User(UserId("mei"), "Mei", BankId("qinghe"), frozenset({Role.CLERK}), 2)
        users.create(UNION, new, "terrace field water")
        page = as_user("mei").get(f"{PAGE}/sample")
        assert page.status_code == 200
        assert "You do not see the rows of tables" in page.text


class TestColumns:
    def test_they_are_a_list(self, sun: Walker) -> None:
        page = parse(sun.get(PAGE))
        assert len(page.css("tbody tr")) == len(HERD.columns)
        assert "keeper" in node(parse(sun.get(f"{PAGE}?class=C2")), "tbody tr").text()
        assert len(parse(sun.get(f"{PAGE}?q=畜种")).css("tbody tr")) == 1

    def test_a_swap_gives_the_list_alone(self, sun: Walker) -> None:
        part = sun.get(f"{PAGE}?q=kind", **{"hx-request": "true", "hx-request-type": "partial"})
        assert part.text.lstrip().startswith('<div class="panel data-panel" id="list-columns"')

    def test_versions_are_a_list(self, sun: Walker) -> None:
        page = parse(sun.get(f"{PAGE}/versions"))
        assert ids(sun.get(f"{PAGE}/versions"))[0] == "2"
        assert node(page, "th[aria-sort=descending]").text(strip=True) == "Version"
        assert sun.get(f"{PAGE}/versions?export=xlsx").status_code == 200
