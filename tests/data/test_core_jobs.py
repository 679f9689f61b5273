"""The conform jobs of the province and of the Czech bank, run on small deliveries made here."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from titian.data import definitions, indicators
from titian.data.checks.evaluate import Facts
from titian.data.feeds import discover, load, registry
from titian.data.jobs import catalogue, inflow
from titian.data.jobs.task import Brake, Task
from titian.data.jobs.work import perform
from titian.kernel import banks
from titian.kernel.ids import BankId, OrgId
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import store
from titian.lake.schema import Table

FIRST, SECOND, THIRD = date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31)
DAYS = (FIRST, SECOND, THIRD)
FACTS = Facts(lambda *_: None, lambda *_: None)
Row = dict[str, Any]
BERKA = Path(__file__).parents[2] / "examples" / "berka"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


CLERK = {"officer_id": "f1", "name": "李四", "org_id": "o2", "role": "loan", "status": "active"}
VILLAGE = {"village_id": "v1", "name": "上村", "township": "镇", "county": "县", "org_id": "o2",
           "grid_id": "g1", "households": 90, "credit_village": True}  # fmt: skip
PARTY = {"party_id": "p1", "party_type": "person", "name": "张三", "id_type": "id_card",
         "id_no": "610102198003310012", "gender": "male", "birth_date": date(1980, 3, 31),
         "phone": "13800000001", "village_id": "v1", "household_id": "h1", "occupation": "farmer",
         "monthly_income_fen": 400_000, "open_date": date(2020, 1, 1), "org_id": "o2",
         "status": "active", "opt_out": False}  # fmt: skip
FIRM = {"party_id": "p2", "party_type": "enterprise", "name": "某厂", "id_type": "uscc",
        "id_no": "91610000000000000X", "open_date": date(2026, 3, 30), "org_id": "o2",
        "status": "active", "opt_out": True}  # fmt: skip
ACCOUNT = {"account_id": "a1", "account_no": "6217000000000001", "party_id": "p1",
           "product": "time", "currency": "CNY", "open_date": date(2025, 8, 31), "org_id": "o2",
           "status": "active", "term_months": 6, "annual_rate": Decimal("0.015")}  # fmt: skip
LOAN = {"loan_id": "l1", "party_id": "p1", "account_id": "a1", "product": "farmer_e",
        "amount_fen": 5_000_000, "balance_fen": 5_000_000, "annual_rate": Decimal("0.0435"),
        "term_months": 12, "grant_date": date(2025, 6, 1), "due_date": date(2026, 6, 1),
        "repay_method": "bullet", "guarantee": "credit", "purpose": "planting", "agri": True,
        "inclusive": True, "five_class": "normal", "overdue_days": 0, "officer_id": "f1",
        "org_id": "o2", "status": "active"}  # fmt: skip
RAW: dict[str, Mapping[date, Sequence[Row]]] = {
    "org": {FIRST: [
        {"org_id": "o1", "name": "总行", "org_level": "head", "county": "县"},
        {"org_id": "o2", "name": "城关支行", "parent_org_id": "o1", "org_level": "outlet"},
    ]},
    "officer": {FIRST: [CLERK], THIRD: [CLERK | {"status": "left"}]},
    "village": {FIRST: [VILLAGE]},
    "household": {FIRST: [{"household_id": "h1", "village_id": "v1", "head_party_id": "p1",
                           "members": 4, "land_mu": Decimal("6.50"), "house": "brick",
                           "industry": "pig"}]},
    "party": {FIRST: [PARTY], SECOND: [FIRM], THIRD: [PARTY | {"phone": "13900000009"}]},
    "account": {FIRST: [ACCOUNT], SECOND: [ACCOUNT | {"account_id": "a2", "party_id": "p2",
                                                      "product": "wealth", "term_months": None}]},
    "balance": {FIRST: [{"account_id": "a1", "balance_fen": 100}],
                SECOND: [{"account_id": "a1", "balance_fen": 250}]},
    "card": {FIRST: [{"card_id": "c1", "card_no": "6217000000000009", "party_id": "p1",
                      "account_id": "a1", "card_type": "debit", "open_date": FIRST,
                      "status": "active"}]},
    "loan": {FIRST: [LOAN], THIRD: [LOAN | {"five_class": "substandard", "overdue_days": 95}]},
    "repayment": {SECOND: [{"repayment_id": "r1", "loan_id": "l1", "period": 1,
                            "due_date": FIRST, "due_principal_fen": 10, "due_interest_fen": 5,
                            "paid_principal_fen": 10, "paid_interest_fen": 5,
                            "paid_date": SECOND}]},
    "entry": {SECOND: [{"entry_id": "e1", "account_id": "a1", "party_id": "p1",
                        "occurred_at": _at("2026-03-30 23:15"),
                        "direction": "debit",
                        "amount_fen": 70, "balance_after_fen": 180,
                        "channel": "mobile", "summary": "transfer",
                        "org_id": "o2"}]},
    "event": {SECOND: [{"event_id": "v1", "occurred_at": _at("2026-03-30 05:59"),
                        "channel": "mobile", "event_type": "transfer", "party_id": "p1",
                        "result": "success"}]},
    "touch": {SECOND: [{"touch_id": "t1", "party_id": "p2", "campaign_id": "m1", "channel": "sms",
                        "sent_at": _at("2026-03-30 09:00"), "responded": True,
                        "responded_at": _at("2026-04-02 09:00"), "converted": False}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the place where the first test of each bank leaves its lake for the others."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def conformed(qinghe: Scope, made: Path) -> Scope:
    """Give a bank with three delivered dates, conformed in one go."""
    if (made / "qinghe").exists():
        shutil.copytree(made / "qinghe", settings().lake)
        return qinghe
    for name, feed in inflow.feeds_of(qinghe).items():
        _deliver(qinghe, feed.table, RAW[name])
    _run(qinghe, DAYS, "core.")
    shutil.copytree(settings().lake, made / "qinghe")
    return qinghe


def _deliver(scope: Scope, table: Table, rows: Mapping[date, Sequence[Row]]) -> None:
    schema = table.arrow_schema(with_date=True)
    flat = [row | {"business_date": day} for day, found in rows.items() for row in found]
    store.write_dates(scope, table, pa.Table.from_pylist(flat, schema=schema), DAYS)


def _run(scope: Scope, dates: Sequence[date], *prefixes: str) -> None:
    found = catalogue.load(scope)
    for name in found.graph.order:
        if name.startswith(prefixes):
            perform(scope, Task(found.jobs[name], tuple(dates), found.tables, FACTS), Brake())


def _rows(scope: Scope, table: str, day: date) -> list[Row]:
    rows: list[Row] = store.read(scope, f"core.{table}", business_date=day).to_pylist()
    return rows


def _one(scope: Scope, table: str, day: date) -> Row:
    (row,) = _rows(scope, table, day)
    return row


def test_every_feed_has_a_test_delivery(qinghe: Scope) -> None:
    assert set(inflow.feeds_of(qinghe)) == set(RAW)


def test_snapshots_hold_the_full_state_of_each_date(conformed: Scope) -> None:
    assert [len(_rows(conformed, "party", day)) for day in DAYS] == [1, 2, 2]
    by_id = {row["party_id"]: row for row in _rows(conformed, "party", THIRD)}
    assert by_id["p1"]["phone"] == "13900000009"
    assert by_id["p2"]["name"] == "某厂"
    assert _one(conformed, "officer", SECOND)["is_active"]
    assert not _one(conformed, "officer", THIRD)["is_active"]


def test_a_date_alone_equals_the_same_date_in_a_back_fill(conformed: Scope) -> None:
    names = [n for n in catalogue.load(conformed).graph.order if n.startswith("core.")]
    before = {name: store.read(conformed, name, business_date=SECOND) for name in names}
    _run(conformed, (SECOND,), "core.")
    for name in names:
        after = store.read(conformed, name, business_date=SECOND)
        key = [(column, "ascending") for column in store.describe(conformed, name).keys]
        assert after.sort_by(key).equals(before[name].sort_by(key)), name


def test_ages_turn_on_the_birthday(conformed: Scope) -> None:
    ages = [_rows(conformed, "party", day)[0]["age_years"] for day in (FIRST,)]
    assert ages == [45]
    third = {row["party_id"]: row for row in _rows(conformed, "party", THIRD)}
    assert third["p1"]["age_years"] == 46
    assert third["p1"]["age_band"] == "45_59"
    assert third["p2"]["age_band"] is None
    assert third["p1"]["tenure_days"] == (THIRD - date(2020, 1, 1)).days
    assert third["p1"]["is_rural"]
    assert not third["p2"]["is_rural"]


def test_accounts_carry_their_newest_balance(conformed: Scope) -> None:
    assert _one(conformed, "account", FIRST)["balance_fen"] == 100
    found = {row["account_id"]: row for row in _rows(conformed, "account", THIRD)}
    assert found["a1"]["balance_fen"] == 250
    assert found["a1"]["balance_date"] == SECOND
    assert found["a1"]["maturity_date"] == date(2026, 2, 28)
    assert found["a1"]["days_to_maturity"] == -31
    assert found["a1"]["is_deposit"]
    assert found["a2"]["balance_fen"] == 0
    assert not found["a2"]["is_deposit"]
    assert found["a2"]["party_type"] == "enterprise"


def test_loans_derive_their_buckets(conformed: Scope) -> None:
    good, bad = _one(conformed, "loan", SECOND), _one(conformed, "loan", THIRD)
    assert (good["overdue_bucket"], good["is_npl"]) == ("current", False)
    assert (bad["overdue_bucket"], bad["is_npl"]) == ("d91_180", True)
    assert bad["term_bucket"] == "short"
    assert bad["days_to_due"] == 62
    assert bad["party_type"] == "person"


def test_events_belong_to_their_own_date(conformed: Scope) -> None:
    for name in ("entry", "event", "touch", "repayment"):
        assert [len(_rows(conformed, name, day)) for day in DAYS] == [0, 1, 0], name


def test_entries_and_events_know_night_and_channel(conformed: Scope) -> None:
    entry = _one(conformed, "entry", SECOND)
    assert (entry["signed_fen"], entry["hour"], entry["is_night"]) == (-70, 23, True)
    assert entry["is_electronic"]
    event = _one(conformed, "event", SECOND)
    assert (event["is_night"], event["is_payment"], event["org_id"]) == (True, True, "o2")


def test_households_cards_repayments_and_contacts_find_their_organisation(
    conformed: Scope,
) -> None:
    household = _one(conformed, "household", THIRD)
    assert (household["org_id"], household["credit_village"]) == ("o2", True)
    assert household["is_livestock"]
    assert _one(conformed, "card", THIRD)["org_id"] == "o2"
    repayment = _one(conformed, "repayment", SECOND)
    assert (repayment["org_id"], repayment["days_late"], repayment["is_late"]) == ("o2", 1, True)
    touch = _one(conformed, "touch", SECOND)
    assert (touch["org_id"], touch["opt_out"], touch["response_hours"]) == ("o2", True, 72)


def test_personal_columns_are_declared_so(conformed: Scope) -> None:
    masked = {"party": {"name", "id_no", "phone", "address"}, "account": {"account_no"},
              "card": {"card_no"}, "officer": {"name"},
              "entry": {"counterparty_account", "counterparty_name"},
              "event": {"payee_account", "payee_name", "phone"}}  # fmt: skip
    for name, columns in masked.items():
        table = store.describe(conformed, f"core.{name}")
        assert {c.name for c in table.columns if c.mask != "none"} == columns, name


@pytest.fixture
def berka(home: object, union: Scope, shared_data: Path, made: Path) -> Scope:
    """Give the real Czech bank, loaded and conformed."""
    scope = Scope.system(BankId("berka"))
    banks.ensure(union, BankId("berka"))
    definitions.install_all(scope, BERKA)
    if (made / "berka").exists():
        shutil.copytree(made / "berka", settings().lake)
        return scope
    files = discover.listing(shared_data / "bank")
    for contract in registry.contracts(scope):
        load.load_feed(scope, contract, files, load.Order())
    _run(scope, (date(1998, 12, 31),), "core.", "mart.")
    shutil.copytree(settings().lake, made / "berka")
    return scope


def _figure(scope: Scope, code: str, org: str = "bank") -> float:
    day = date(1998, 12, 31)
    (point,) = indicators.series(scope, code, OrgId(org), day, day)
    assert point.value is not None
    return point.value


def test_the_czech_bank_has_682_loans_and_76_bad_ones(berka: Scope) -> None:
    assert store.read(berka, "raw.loan").num_rows == 682
    assert _figure(berka, "loan_count") == 682
    assert _figure(berka, "loan_count_bad") == 76
    assert _figure(berka, "bad_rate") == pytest.approx(76 / 682)
    assert _figure(berka, "loan_count_status_finished_unpaid") == 31
    assert _figure(berka, "loan_count_status_running_in_debt") == 45
    assert _figure(berka, "party_count") == 5_369
    assert _figure(berka, "account_count") == 4_500
    assert _figure(berka, "card_count") == 892
    assert _figure(berka, "order_count") == 6_471


def test_the_czech_bank_by_district_and_by_standing_orders(berka: Scope) -> None:
    day = date(1998, 12, 31)
    rows = indicators.by_org(berka, "loan_count_bad", day)
    assert sum(r.point.value or 0 for r in rows if r.level == "outlet") == 76
    assert sum(r.point.value or 0 for r in rows if r.level == "branch") == 76
    assert len([row for row in rows if row.level == "outlet"]) == 77
    assert _figure(berka, "loan_count", "1") == 84
    loans = store.read(berka, "core.loan", business_date=day).to_pylist()
    for name, figure in (("has_household", "household"), ("has_insurance", "insurance")):
        held = [row for row in loans if row[name]]
        assert _figure(berka, f"loan_count_{figure}") == len(held)
        assert _figure(berka, f"loan_count_{figure}_bad") == sum(row["is_bad"] for row in held)
    assert _figure(berka, "bad_rate_household") < _figure(berka, "bad_rate_no_household") / 2
    bands = ("none", "one", "two", "three", "more")
    assert sum(_figure(berka, f"loan_count_orders_{band}") for band in bands) == 682


def test_the_czech_bank_inherits_nothing_of_the_union(berka: Scope) -> None:
    codes = {entry.code for entry in indicators.catalogue(berka)}
    assert "npl_ratio" not in codes
    assert len(codes) > 100
    assert not [name for name in catalogue.load(berka).jobs if name.startswith("mart.party")]
