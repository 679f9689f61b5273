"""Four eyes while many decide at the same moment, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import insert
from tests.support.databases import on_postgres

from titian.data.tags import business, exports, people
from titian.data.tags.business import Status as TagStatus
from titian.data.tags.exports import Purpose
from titian.data.tags.exports import Status as ExportStatus
from titian.data.tags.tables import audience, audience_export, business_tag
from titian.kernel import audit, clock, db
from titian.kernel.errors import Conflict, Denied, TitianError
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.settings import Settings, configure, load
from titian.lake.schema import Column

AT_ONCE = 8
ROUNDS = 3
DAY = date(2026, 3, 31)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.service)])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Give a home on either database, each fresh."""
    if request.param == "postgres":
        with on_postgres(tmp_path / "home", request.getfixturevalue("postgres_url")) as made:
            yield made
        return
    chosen = configure(load(home=tmp_path / "home"))
    db.upgrade()
    yield chosen
    db.engine().dispose()


@pytest.fixture(autouse=True)
def _few_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [Column("party_id", "string", "客户号", "Party", level=2)]
    monkeypatch.setattr(people, "columns_of", lambda _scope: few)


def person(bank: Scope, user: str) -> Scope:
    return Scope(UserId(user), bank.bank, frozenset({Role.ANALYST}), 3)


def draft(bank: Scope, code: str, author: str) -> None:
    """Put a draft there as `propose` would, without working tags out first."""
    words = {"zh": "常客", "en": "Regular"}
    definition = {
        **words,
        "kind": "rule",
        "subject": "party",
        "level": 3,
        "owner": author,
        "refresh": "daily",
        "description": words,
        "when": "deposit_fen > 0",
    }
    row = {"bank": bank.bank, "code": code, "definition": definition, "status": "draft"}
    with db.begin() as connection:
        connection.execute(
            insert(business_tag).values(
                **row, author=author, created_at=clock.now(), comment="", members=0
            )
        )


def asked(bank: Scope, export_id: str, by: str) -> None:
    """Put a request for rows there as `request` would, without counting anybody."""
    one = {"bank": bank.bank, "audience_id": f"aud_{export_id}", "expression": "borrower"}
    now = clock.now()
    with db.begin() as connection:
        connection.execute(
            insert(audience).values(
                **one, name=export_id, description="", owner=by, archived=False,
                created_at=now, updated_at=now,
            )
        )  # fmt: skip
        connection.execute(
            insert(audience_export).values(
                **one, export_id=export_id, business_date=DAY, purpose=Purpose.RISK.value,
                reason="because", columns=["party_id"], clear=False, members=0,
                status="requested", requested_by=by, requested_at=now, comment="", downloads=0,
            )
        )  # fmt: skip


def at_once(bank: Scope, decide: Callable[[Scope, bool], object]) -> list[object]:
    """Let eight people decide at the same moment, half of them for and half against."""
    gate = Barrier(AT_ONCE)

    def one(number: int) -> object:
        scope = person(bank, f"person{number}")
        gate.wait()
        try:
            return decide(scope, number % 2 == 0)
        except TitianError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def on_tag(code: str, scope: Scope, yes: bool) -> object:
    return business.decide(scope, code, approve=yes)


def on_export(export_id: str, scope: Scope, yes: bool) -> object:
    return exports.decide(scope, export_id, approve=yes)


def test_one_of_many_decides_on_a_tag(qinghe: Scope) -> None:
    for number in range(ROUNDS):
        code = f"tag{number}"
        draft(qinghe, code, "ann")
        seen = at_once(qinghe, partial(on_tag, code))
        won = [one for one in seen if isinstance(one, business.BusinessTag)]
        assert len(won) == 1, seen
        lost = [one for one in seen if isinstance(one, Conflict)]
        assert len(lost) == AT_ONCE - 1, seen
        assert {error.what for error in lost} == {f"tag {code} is {won[0].status}"}
        held = business.get(qinghe, code)
        assert (held.status, held.decided_by) == (won[0].status, won[0].decided_by)
        assert [act.user for act in audit.entries(qinghe, contains=code)] == [held.decided_by]


def test_one_of_many_decides_on_an_export(qinghe: Scope) -> None:
    for number in range(ROUNDS):
        export = f"exp{number}"
        asked(qinghe, export, "ann")
        seen = at_once(qinghe, partial(on_export, export))
        won = [one for one in seen if isinstance(one, exports.Export)]
        assert len(won) == 1, seen
        lost = [one for one in seen if isinstance(one, Conflict)]
        assert len(lost) == AT_ONCE - 1, seen
        assert {error.what for error in lost} == {f"the request is {won[0].status} already"}
        held = exports.get(person(qinghe, "ann"), export)
        assert (held.status, held.decided_by) == (won[0].status, won[0].decided_by)
        assert [act.user for act in audit.entries(qinghe, contains=export)] == [held.decided_by]


def test_the_author_loses_from_any_number_of_sessions(qinghe: Scope) -> None:
    draft(qinghe, "own", "ann")
    asked(qinghe, "exp_own", "ann")
    ann = person(qinghe, "ann")

    def decide(_scope: Scope, yes: bool) -> object:
        with pytest.raises(Denied, match="own"):
            exports.decide(ann, "exp_own", approve=yes)
        return business.decide(ann, "own", approve=yes)

    seen = at_once(qinghe, decide)
    assert Counter(type(one) for one in seen) == {Denied: AT_ONCE}
    assert business.get(qinghe, "own").status is TagStatus.DRAFT
    assert exports.get(ann, "exp_own").status is ExportStatus.REQUESTED


def test_a_retirement_and_a_decision_leave_one_outcome(qinghe: Scope) -> None:
    draft(qinghe, "once", "ann")
    business.decide(person(qinghe, "bob"), "once", approve=True)
    seen = at_once(qinghe, lambda scope, _yes: business.retire(scope, "once"))
    assert Counter(type(one) for one in seen) == {business.BusinessTag: 1, Conflict: AT_ONCE - 1}
    assert business.get(qinghe, "once").status is TagStatus.RETIRED
