from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from titian.data.parties import MatchedBy, limits, search
from titian.data.parties.model import Product
from titian.kernel import audit, clock
from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import handles, layout, store

NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[None]:
    """Hold the time, so that the hour does not end meanwhile."""
    with clock.frozen(NOON):
        yield


def officer(bank: Scope, clearance: int = 3, role: Role = Role.LOAN_OFFICER) -> Scope:
    return Scope(UserId("lou"), bank.bank, frozenset({role}), clearance)


def secret(bank: Scope, party: str, column: str) -> str:
    rows = store.read(bank, "core.party", business_date=date(2026, 3, 31)).to_pylist()
    return str(next(row[column] for row in rows if row["party_id"] == party))


def test_it_works(sample_bank: Scope) -> None:
    hits = search(officer(sample_bank), "李小101")
    assert [hit.party_id for hit in hits] == ["p00101"]
    assert hits[0].matched_by is MatchedBy.NAME
    assert hits[0].name == "李*"
    assert hits[0].phone is not None
    assert "****" in hits[0].phone


@pytest.mark.parametrize(
    ("column", "by"),
    [("id_no", MatchedBy.ID_NO), ("phone", MatchedBy.PHONE), ("party_id", MatchedBy.PARTY_ID)],
)
def test_whole_numbers_are_found_but_stay_masked(
    sample_bank: Scope, column: str, by: MatchedBy
) -> None:
    value = secret(sample_bank, "p00100", column)
    hits = search(officer(sample_bank), f" {value} ")
    assert "p00100" in [hit.party_id for hit in hits]
    assert {hit.matched_by for hit in hits} == {by}
    if column != "party_id":
        assert value not in str(hits)


def test_accounts_and_cards_lead_to_their_owner(sample_bank: Scope) -> None:
    accounts = search(officer(sample_bank), "6217000000000300")
    assert [(hit.party_id, hit.matched_by) for hit in accounts] == [("p00100", MatchedBy.ACCOUNT)]
    cards = search(officer(sample_bank), "6222 0000 0000 0100")
    assert [(hit.party_id, hit.matched_by) for hit in cards] == [("p00100", MatchedBy.CARD)]


def test_parts_of_numbers_find_nothing(sample_bank: Scope) -> None:
    for column in ("id_no", "phone"):
        value = secret(sample_bank, "p00100", column)
        assert search(officer(sample_bank), value[:-1]) == []
        assert search(officer(sample_bank), f"{value[:-1]}%") == []
        assert search(officer(sample_bank), f"{value[:-1]}_") == []


def test_parts_of_names_are_for_those_who_may_unmask_them(sample_bank: Scope) -> None:
    assert len(search(officer(sample_bank), "小10", limit=100)) > 5
    for reader in (
        officer(sample_bank, clearance=2),
        officer(sample_bank, role=Role.ANALYST),
        officer(sample_bank, clearance=5, role=Role.UNION_ADMIN),
    ):
        assert search(reader, "小10") == []
        whole = search(reader, "李小101")
        assert [hit.party_id for hit in whole] == ["p00101"]
        assert whole[0].name in ("***", "李*")


def test_a_name_cannot_be_spelled_out(sample_bank: Scope) -> None:
    name = secret(sample_bank, "p00101", "name")
    parts = [name[at:end] for at in range(len(name)) for end in range(at + 2, len(name) + 1)]
    analyst = officer(sample_bank, role=Role.ANALYST)
    assert len(parts) > 5
    found = [hit for part in parts if part != name for hit in search(analyst, part)]
    assert "p00101" not in {hit.party_id for hit in found}


def test_hits_tell_household_village_and_products(sample_bank: Scope) -> None:
    hit = search(officer(sample_bank), "p00100")[0]
    assert (hit.household_id, hit.village_id) == ("h50", "v0")
    assert "第0村" in hit.village
    assert "机构" in hit.org
    assert hit.products is not None
    assert {Product.DEPOSIT, Product.DEBIT_CARD} <= set(hit.products)
    shutil.rmtree(layout.table_path(sample_bank, "mart.party_profile"))
    handles.forget(sample_bank, "mart.party_profile")
    assert search(officer(sample_bank), "p00100")[0].products is None


def test_numbers_are_found_in_full_width(sample_bank: Scope) -> None:
    phone = secret(sample_bank, "p00100", "phone")
    wide = "".join(chr(ord(figure) + 0xFEE0) for figure in phone)
    assert "p00100" in [hit.party_id for hit in search(officer(sample_bank), wide)]


@pytest.mark.usefixtures("noon")
def test_guessing_is_slow(sample_bank: Scope) -> None:
    analyst = officer(sample_bank, role=Role.ANALYST)
    for guess in range(limits.MAX_MISSES_AN_HOUR_MASKED):
        assert search(analyst, f"13999{guess:06}") == []
    with pytest.raises(LimitExceeded, match="found nobody within the hour"):
        search(analyst, "李小101")
    (refused, *_) = audit.entries(sample_bank, action="party.search", limit=1)
    assert refused.detail == {"refused": "limit"}
    assert search(officer(sample_bank), "李小101")  # counted by person
    with clock.frozen(NOON + timedelta(hours=1)):
        assert search(analyst, "李小101")


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    ("role", "most"),
    [(Role.ANALYST, limits.MAX_AN_HOUR_MASKED), (Role.LOAN_OFFICER, limits.MAX_AN_HOUR)],
)
def test_searches_an_hour_are_limited(sample_bank: Scope, role: Role, most: int) -> None:
    searcher = officer(sample_bank, role=role)
    for _ in range(most):
        limits.begin(searcher)
    with pytest.raises(LimitExceeded, match=f"{most} times within the hour"):
        search(searcher, "李小101")


def test_order_tells_nothing_that_is_masked(sample_bank: Scope) -> None:
    hits = search(officer(sample_bank), "小1", limit=100)
    assert len(hits) > 20
    ranked = [(hit.status != "active", hit.party_id) for hit in hits]
    assert ranked == sorted(ranked)


def test_no_search_word_is_recorded(sample_bank: Scope) -> None:
    phone = secret(sample_bank, "p00100", "phone")
    search(officer(sample_bank), phone)
    search(officer(sample_bank), "李小101")
    entries = audit.entries(sample_bank, action="party.search")
    assert [entry.detail["hits"] for entry in entries] == [1, 2]
    for entry in entries:
        words = json.dumps([entry.target, entry.detail], ensure_ascii=False)
        assert phone not in words
        assert "李小" not in words


def test_results_are_limited(sample_bank: Scope) -> None:
    assert len(search(officer(sample_bank), "清河", limit=3)) == 3
    assert len(search(officer(sample_bank), "小1", limit=10_000)) <= 100


@pytest.mark.parametrize("words", ["", " ", "李", "x" * 65])
def test_words_too_short_or_too_long_are_refused(sample_bank: Scope, words: str) -> None:
    with pytest.raises(InvalidInput, match="too short or too long"):
        search(officer(sample_bank), words)


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "小%", "%%", "$business_date", "p00100'; DROP TABLE x; --", "\\_\\_"]
)
def test_words_are_never_sql_or_patterns(sample_bank: Scope, words: str) -> None:
    assert search(officer(sample_bank), words) == []


def test_only_this_bank_and_only_with_permission(sample_bank: Scope, baishui: Scope) -> None:
    with pytest.raises(NotFound, match="no customers yet"):
        search(officer(baishui), "李小101")
    with pytest.raises(Denied, match="one bank"):
        search(Scope(UserId("u"), None, frozenset({Role.UNION_ADMIN}), 3), "李小101")
    for role in (Role.DATA_ENGINEER, Role.CLERK, Role.COMPLIANCE):
        with pytest.raises(Denied, match="view customers"):
            search(officer(sample_bank, role=role), "李小101")
    with pytest.raises(NotFound, match="no customers on"):
        search(officer(sample_bank), "李小101", day=date(2020, 1, 1))
