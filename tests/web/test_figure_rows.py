"""The rows behind a figure, over a bank with customers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from tests.support.published import publish
from tests.support.sample_bank import pour

from titian.data import definitions
from titian.data.definitions import Kind, Presets
from titian.kernel.ids import BankId
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings
from titian.lake import store
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
QINGHE = Scope.system(BankId("qinghe"))
LAST = date(2026, 3, 31)
ROWS = "/at/qinghe/indicators/party_count/rows"


@pytest.fixture
def sun(sample_home: Path, home: Settings, as_user: SignIn) -> Walker:
    """Give the browser of an analyst of a bank with customers."""
    pour(sample_home, home.home)
    shutil.rmtree(definitions.folder(QINGHE, Kind.JOBS).parent)
    definitions.set_presets(QINGHE, Presets.ALL)
    orgs = store.read(QINGHE, "core.org", business_date=LAST).to_pylist()
    head = next(row["org_id"] for row in orgs if row["org_level"] == "head")
    below = {row["org_id"]: {"party_count": 1.0} for row in orgs if row["org_id"] != head}
    publish(QINGHE, LAST, {"party_count": 100.0}, head=head, below=below)
    return as_user("sun")


def rows(walker: Walker, path: str) -> list[LexborNode]:
    answer = walker.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return LexborHTMLParser(answer.text).css("#list-figure_rows tbody tr")


def cell(row: LexborNode, label: str) -> LexborNode:
    found = row.css_first(f"td[data-label='{label}']")
    assert found is not None, row.text()
    return found


def said(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def link(node: LexborNode) -> str:
    found = node.css_first("a")
    assert found is not None
    return found.attributes["href"] or ""


def test_it_works(sun: Walker) -> None:
    found = rows(sun, ROWS)
    assert len(found) == 50
    first = found[0]
    assert said(cell(first, "Type")) in ("Person", "Small business", "Company")
    party = cell(first, "Party")
    assert link(party) == f"/at/qinghe/customers/{said(party)}"
    assert sun.get(link(party)).status_code == 200
    assert "org=" in link(cell(first, "Home organisation"))
    assert not said(cell(first, "Home organisation")).startswith("o")


def test_it_pages_sorts_filters_and_exports(sun: Walker) -> None:
    first, second = (
        {said(cell(row, "Party")) for row in rows(sun, f"{ROWS}?page={number}")}
        for number in (1, 2)
    )
    assert first.isdisjoint(second)
    told = [said(cell(row, "Age")) for row in rows(sun, f"{ROWS}?sort=-age_years")]
    ages = [int(age) for age in told if age.isdecimal()]
    assert ages
    assert ages == sorted(ages, reverse=True)
    one = next(iter(second))
    assert [said(cell(row, "Party")) for row in rows(sun, f"{ROWS}?q={one}")] == [one]
    lines = sun.get(f"{ROWS}?export=csv&q={one}").text.splitlines()
    assert len([line for line in lines if one in line]) == 1
