from __future__ import annotations

import json
from datetime import date

import pytest

from titian.data.parties import MatchedBy, search
from titian.kernel import audit
from titian.kernel.errors import Denied, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store


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


def test_parts_of_names_are_for_those_who_see_names(sample_bank: Scope) -> None:
    assert len(search(officer(sample_bank), "小10", limit=100)) > 5
    low = officer(sample_bank, clearance=2)
    assert search(low, "小10") == []
    whole = search(low, "李小101")
    assert [(hit.party_id, hit.name) for hit in whole] == [("p00101", "***")]


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
