from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from titian.data.tags import drafts
from titian.data.tags.drafts import MAX_DRAFTS, Making
from titian.kernel.errors import Denied, LimitExceeded
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope

AUDIENCE, TAG = Making.AUDIENCE, Making.TAG


@pytest.fixture
def ann(qinghe: Scope) -> Scope:
    return Scope(UserId("ann"), qinghe.bank, frozenset({Role.ANALYST}), 3)


def test_it_works(ann: Scope) -> None:
    assert drafts.find(ann, AUDIENCE) is None
    drafts.keep(ann, AUDIENCE, {"expression": "borrower", "name": "借款人"})
    drafts.keep(ann, AUDIENCE, {"expression": "NOT borrower", "name": "非借款人"})
    found = drafts.find(ann, AUDIENCE)
    assert found is not None
    assert found.content == {"expression": "NOT borrower", "name": "非借款人"}
    drafts.forget(ann, AUDIENCE)
    drafts.forget(ann, AUDIENCE)
    assert drafts.find(ann, AUDIENCE) is None


def test_a_draft_is_of_one_person_one_bank_one_thing(ann: Scope, baishui: Scope) -> None:
    drafts.keep(ann, AUDIENCE, {"name": "mine"}, "aud_1")
    assert drafts.find(ann, AUDIENCE) is None
    assert drafts.find(ann, TAG, "aud_1") is None
    assert drafts.find(replace(ann, user=UserId("bob")), AUDIENCE, "aud_1") is None
    assert drafts.find(replace(ann, bank=baishui.bank), AUDIENCE, "aud_1") is None
    drafts.forget(replace(ann, user=UserId("bob")), AUDIENCE, "aud_1")
    assert drafts.find(ann, AUDIENCE, "aud_1") is not None


def test_the_oldest_drafts_make_room(ann: Scope) -> None:
    for number in range(MAX_DRAFTS + 3):
        drafts.keep(ann, AUDIENCE, {"n": str(number)}, f"aud_{number}")
    drafts.keep(ann, TAG, {"n": "tag"})
    assert drafts.find(ann, AUDIENCE, "aud_2") is None
    assert drafts.find(ann, AUDIENCE, "aud_3") is not None
    assert drafts.find(ann, TAG) is not None


def test_a_draft_has_a_limit(ann: Scope) -> None:
    with pytest.raises(LimitExceeded):
        drafts.keep(ann, TAG, {"when": "x" * 70_000})


def test_a_draft_needs_the_permission(ann: Scope) -> None:
    nobody = replace(ann, roles=frozenset({Role.PARTNER_DEVELOPER}))
    acts: tuple[Callable[[], object], ...] = (
        lambda: drafts.keep(nobody, TAG, {}),
        lambda: drafts.find(nobody, TAG),
        lambda: drafts.forget(nobody, TAG),
    )
    for act in acts:
        with pytest.raises(Denied):
            act()
