from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert

from titian.data.tags import business
from titian.data.tags.business import Status
from titian.data.tags.tables import business_tag
from titian.kernel import clock, db, users
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
BANK = BankId("qinghe")
PROPOSAL = "/at/qinghe/tags/proposals/regular"


@pytest.fixture
def draft(people: None, password: str) -> None:
    """Put a draft of the analyst sun there, and a second analyst."""
    words = {"zh": "常客", "en": "Regular"}
    definition = {**words, "kind": "rule", "subject": "party", "level": 3, "owner": "sun"}
    definition |= {"refresh": "daily", "description": words, "when": "deposit_fen > 0"}
    with db.begin() as connection:
        connection.execute(
            insert(business_tag).values(
                bank=BANK,
                code="regular",
                definition=definition,
                status="draft",
                author="sun",
                created_at=clock.now(),
                comment="",
                members=0,
            )
        )
    second = User(UserId("zhou"), "Zhou", BANK, frozenset({Role.ANALYST}), 3)
    users.create(Scope.system(None), second, password)


def status() -> Status:
    return business.get(Scope.system(BANK), "regular").status


def test_the_author_is_refused_in_every_session(draft: None, as_user: SignIn) -> None:
    for walker in (as_user("sun"), as_user("sun", address="10.0.0.9")):
        answer = walker.post(PROPOSAL, {"decision": "approve"})
        assert answer.status_code == 403
        assert "your own draft" in answer.text
    assert status() is Status.DRAFT


def test_the_second_decision_is_told_the_first(draft: None, as_user: SignIn) -> None:
    assert as_user("zhou").post(PROPOSAL, {"decision": "approve"}).status_code == 200
    late = as_user("zhou", address="10.0.0.9").post(PROPOSAL, {"decision": "reject"})
    assert late.status_code == 409
    assert "Tag regular is approved" in late.text
    assert status() is Status.APPROVED


def test_who_may_not_edit_tags_may_not_decide(draft: None, as_user: SignIn) -> None:
    assert as_user("qian").post(PROPOSAL, {"decision": "approve"}).status_code == 403
    assert as_user("li").post(PROPOSAL, {"decision": "approve"}).status_code in (403, 404)
    assert status() is Status.DRAFT
