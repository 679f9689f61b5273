"""The unload meets its contracts: only the planted rows stay outside, and mending lets them in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from titian.data.feeds import read_all
from titian.data.feeds.load import Fate
from titian.data.feeds.model import FeedKind
from titian.data.feeds.quarantine import Filter, arrivals_waiting, quarantine
from titian.data.feeds.repair import fix
from titian.data.feeds.replay import replay
from titian.data.feeds.service import Report, load
from titian.kernel.scope import Scope
from titian.lake import store
from titian.province import vocabulary
from titian.province.generate import Summary, live, sheets_of
from titian.province.model import ProvinceConfig
from titian.province.sheets import Flaw, Sheet, ids_of
from titian.province.world import build_worlds

Truth = Callable[[str], list[dict[str, Any]]]
Rows = Callable[[str, str], list[tuple[date, list[str]]]]
PRESETS = Path(vocabulary.__file__).parents[1] / "data" / "presets" / "feeds"
CONTRACTS = {contract.feed: contract for contract in read_all(sorted(PRESETS.glob("*.yaml")))}
PAGE = 500


@pytest.fixture(scope="module")
def sheets() -> dict[str, Sheet]:
    config = ProvinceConfig(banks=1, customers=100, days=3)
    world = build_worlds(config)[0]
    history = live(config, world)
    return {sheet.feed: sheet for sheet in sheets_of(config, history, ids_of(world))}


def test_every_feed_has_a_contract_with_the_same_fields(sheets: dict[str, Sheet]) -> None:
    assert set(CONTRACTS) == set(sheets)
    for feed, sheet in sheets.items():
        assert CONTRACTS[feed].headings == sheet.fields, feed
        assert CONTRACTS[feed].notes == (), feed


def test_contracts_add_up_what_control_files_state(sheets: dict[str, Sheet]) -> None:
    for feed, sheet in sheets.items():
        control = CONTRACTS[feed].source.control
        assert control is not None
        assert set(control.totals) == set(sheet.totals), feed


def test_event_feeds_are_declared_as_such() -> None:
    events = {feed for feed, contract in CONTRACTS.items() if contract.kind is FeedKind.EVENT}
    assert events == {"repayment", "entry", "event", "touch"}


@pytest.mark.parametrize(
    ("feed", "column", "codes", "width"),
    [
        ("org", "org_level", vocabulary.OrgLevel, 1),
        ("officer", "role", vocabulary.OfficerRole, 1),
        ("household", "house", vocabulary.House, 1),
        ("household", "industry", vocabulary.Industry, 2),
        ("party", "party_type", vocabulary.PartyType, 1),
        ("party", "id_type", vocabulary.IdType, 1),
        ("party", "gender", vocabulary.Gender, 1),
        ("party", "marital", vocabulary.Marital, 1),
        ("party", "education", vocabulary.Education, 1),
        ("party", "occupation", vocabulary.Occupation, 1),
        ("account", "product", vocabulary.Product, 2),
        ("account", "status", vocabulary.AccountStatus, 1),
        ("card", "card_type", vocabulary.CardType, 1),
        ("loan", "product", vocabulary.LoanProduct, 2),
        ("loan", "repay_method", vocabulary.RepayMethod, 1),
        ("loan", "guarantee", vocabulary.Guarantee, 1),
        ("loan", "purpose", vocabulary.Purpose, 2),
        ("loan", "five_class", vocabulary.FiveClass, 1),
        ("loan", "status", vocabulary.LoanStatus, 1),
        ("entry", "channel", vocabulary.Channel, 1),
        ("entry", "summary", vocabulary.Summary, 2),
        ("event", "event_type", vocabulary.EventType, 2),
        ("event", "result", vocabulary.Result, 1),
        ("touch", "channel", vocabulary.TouchChannel, 1),
    ],
)
def test_code_lists_mean_what_the_generator_means(
    feed: str, column: str, codes: type[vocabulary.Channel], width: int
) -> None:
    meanings = {f"{item.value:0{width}d}": item.name.lower() for item in codes}
    assert CONTRACTS[feed].field(column).codes == meanings


def test_spoilable_fields_are_declared_so_that_the_flaw_is_one(sheets: dict[str, Sheet]) -> None:
    for feed, sheet in sheets.items():
        contract = CONTRACTS[feed]
        for flaw, names in sheet.flaws.items():
            for field in map(contract.field, names):
                match flaw:
                    case Flaw.WRONG_CODE:
                        assert field.codes is not None, (feed, field.name)
                    case Flaw.MISSING_REQUIRED:
                        assert field.column.required, (feed, field.name)
                    case Flaw.BAD_DATE:
                        assert field.column.type in ("date", "timestamp"), (feed, field.name)
                    case Flaw.IMPOSSIBLE_AMOUNT:
                        assert field.limits.minimum is not None, (feed, field.name)
                    case _:
                        assert field.column.type == "string", (feed, field.name)


@pytest.fixture
def report(qinghe: Scope, unload: Summary) -> Report:
    return load(qinghe, unload.out / "unload")


def _waiting(scope: Scope) -> set[tuple[str, date, int]]:
    found: set[tuple[str, date, int]] = set()
    offset = 0
    while True:
        page = quarantine(scope, Filter(), offset=offset, limit=PAGE)
        found |= {(row.feed, row.business_date, row.line) for row in page.rows}
        offset += PAGE
        if offset >= page.total:
            return found


def test_exactly_the_planted_rows_are_quarantined(
    qinghe: Scope, report: Report, truth_rows: Truth, unload_config: ProvinceConfig
) -> None:
    assert {outcome.fate for outcome in report.outcomes} == {Fate.LOADED}
    assert len(report.outcomes) == len(CONTRACTS) * unload_config.days
    planted = {
        (row["feed"], row["business_date"], row["line"])
        for row in truth_rows("bad_row")
        if row["bank"] == "qinghe"
    }
    assert len(planted) > 100
    assert _waiting(qinghe) == planted
    assert report.bad == len(planted)


def test_good_rows_arrive_as_they_were_meant(
    qinghe: Scope, report: Report, repaired: Rows, truth_rows: Truth, unload_config: ProvinceConfig
) -> None:
    bad = [row for row in truth_rows("bad_row") if row["bank"] == "qinghe"]
    for feed in CONTRACTS:
        written = len(repaired("qinghe", feed))
        spoilt = sum(row["feed"] == feed for row in bad)
        table = store.read(qinghe, f"raw.{feed}")
        assert table.num_rows == written - spoilt, feed
    day = unload_config.end
    lost = {row["original"].split("|@|")[0] for row in bad if row["feed"] == "entry"}
    wanted = {
        row[0]: (row[3], row[4], row[5], row[10])
        for at, row in repaired("qinghe", "entry")
        if at == day and row[0] not in lost
    }
    read = store.read(qinghe, "raw.entry", business_date=day).to_pylist()
    got = {
        row["entry_id"]: (
            f"{row['occurred_at']:%Y%m%d%H%M%S}",
            {"credit": "C", "debit": "D"}[row["direction"]],
            f"{row['amount_fen'] // 100}.{row['amount_fen'] % 100:02d}",
            row["counterparty_name"] or "",
        )
        for row in read
    }
    assert got == wanted


def test_mended_rows_complete_the_tables(
    qinghe: Scope, report: Report, repaired: Rows, truth_rows: Truth
) -> None:
    originals = {
        (row["feed"], row["business_date"], row["line"]): row["original"]
        for row in truth_rows("bad_row")
        if row["bank"] == "qinghe" and row["feed"] == "account"
    }
    assert originals
    page = quarantine(qinghe, Filter(), limit=PAGE)
    assert page.total <= PAGE
    for row in page.rows:
        place = row.feed, row.business_date, row.line
        if place in originals:
            fix(qinghe, row.row_id, raw=originals[place])
    for arrival in arrivals_waiting(qinghe, "account"):
        assert replay(qinghe, arrival).left == 0
    table = store.read(qinghe, "raw.account", columns=["account_id"])
    wanted = sorted(row[0] for _, row in repaired("qinghe", "account"))
    assert sorted(table["account_id"].to_pylist()) == wanted
    assert "account" not in {feed for feed, _, _ in _waiting(qinghe)}
