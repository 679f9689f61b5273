"""Reading customers one after another is slow, whoever does it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from titian.data.parties import customer, limits
from titian.data.parties.unmasking import unmask
from titian.kernel import clock, sessions, users
from titian.kernel.errors import LimitExceeded, NotFound
from titian.kernel.ids import PartyId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings
from titian.kernel.users import User

NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def person(bank: Scope, role: Role) -> Scope:
    return Scope(UserId("u"), bank.bank, frozenset({role}), 3)


def test_counted_ids_run_out(sample_bank: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_OPENED_AN_HOUR_MASKED", 3)
    analyst = person(sample_bank, Role.ANALYST)
    for number in range(3):
        customer(analyst, PartyId(f"p{number + 1:05}"))
    with pytest.raises(LimitExceeded, match="opened customers 3 times within the hour"):
        customer(analyst, PartyId("p00004"))
    with clock.frozen(NOON + timedelta(hours=1)):
        assert customer(analyst, PartyId("p00004")).party_id == "p00004"


def test_ids_that_are_none_are_guesses(sample_bank: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_MISSES_AN_HOUR_MASKED", 2)
    analyst = person(sample_bank, Role.ANALYST)
    for _ in range(2):
        with pytest.raises(NotFound):
            customer(analyst, PartyId("p99999"))
    with pytest.raises(LimitExceeded, match="found nobody within the hour"):
        customer(analyst, PartyId("p00001"))


def test_unmasking_has_a_rate(sample_bank: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_UNMASKED_AN_HOUR", 2)
    officer = person(sample_bank, Role.LOAN_OFFICER)
    new = User(officer.user, "U", sample_bank.bank, officer.roles, 3)
    users.create(sample_bank, new, "terrace field water")
    token = sessions.start(officer.user, officer.bank, address="", agent="")
    session = sessions.find(token)
    assert session is not None
    for number in (1, 2):
        unmask(officer, session.token_hash, PartyId(f"p0000{number}"), "call the customer")
    with pytest.raises(LimitExceeded, match="saw customers in the clear 2 times") as refused:
        unmask(officer, session.token_hash, PartyId("p00003"), "call the customer")
    assert "next hour" in refused.value.remedy


def test_many_at_once_do_not_pass(
    home: Settings, qinghe: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNMASKED_AN_HOUR", 3)

    def ask(_number: int) -> bool:
        try:
            limits.unmasked(person(qinghe, Role.LOAN_OFFICER))
        except LimitExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 3
