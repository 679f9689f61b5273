"""One administrator gives, another confirms: through the pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from titian.kernel import users
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Permission, Role, Scope
from titian.kernel.users import User
from titian.web import waiting
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
PAGE, TASKS = "/at/qinghe/confirming/puppet", "/at/qinghe/tasks"
PUPPET = {
    "user_id": "puppet",
    "display_name": "Puppet",
    "bank": "qinghe",
    "roles": ["risk_officer", "data_steward"],
    "clearance": "3",
    "locale": "zh",
    "password": "long enough for us",
}


def rights() -> Scope:
    found = users.find(UserId("puppet"))
    assert found is not None
    return found.scope()


@pytest.fixture
def qian(as_user: SignIn) -> Walker:
    """Give the browser of qinghe's administrator, who has just made a puppet."""
    walker = as_user("qian")
    answer = walker.post("/at/qinghe/users/new", PUPPET)
    assert "Some rights wait" in answer.text
    return walker


def since(page: str) -> str:
    found = re.search(r'name="since" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_it_works(qian: Walker, as_user: SignIn) -> None:
    assert not rights().allows(Permission.UNMASK)
    waiting.forget(UserId("zhao"))
    zhao = as_user("zhao")
    assert "Confirm the rights of Puppet" in zhao.get("/at/union/tasks").text
    page = zhao.get(PAGE).text
    assert "See personal data, with a reason" in page
    assert "Qian" in page
    answer = zhao.post(PAGE, {"since": since(page)})
    assert answer.url.path == TASKS
    assert rights().allows(Permission.UNMASK)
    assert "Puppet" not in zhao.get("/at/union/tasks").text


def test_who_gave_them_is_refused(qian: Walker, as_user: SignIn) -> None:
    waiting.forget(UserId("qian"))
    seen = since(as_user("zhao").get(PAGE).text)
    assert "Confirm the rights" not in qian.get(TASKS).text
    assert 'name="since"' not in qian.get(PAGE).text
    answer = qian.post(PAGE, {"since": seen})
    assert answer.status_code == 403
    assert "four eyes" in answer.text
    assert not rights().allows(Permission.UNMASK)


def test_a_torn_form_is_refused(qian: Walker, as_user: SignIn) -> None:
    for text in ("", "yesterday", "2026-04-01"):
        assert as_user("zhao").post(PAGE, {"since": text}).status_code == 422
    assert not rights().allows(Permission.UNMASK)


def test_others_do_not_see_who_waits(qian: Walker, as_user: SignIn) -> None:
    assert as_user("sun").get(PAGE).status_code == 403
    assert as_user("li").get("/at/baishui/confirming/puppet").status_code == 404


def test_who_waits_is_told(qian: Walker, as_user: SignIn, union: Scope, password: str) -> None:
    plain = User(UserId("wu"), "Wu", BankId("qinghe"), frozenset({Role.ANALYST}), 3)
    users.create(union, plain, password)
    users.reset_password(
        Scope(UserId("qian"), BankId("qinghe"), frozenset({Role.BANK_ADMIN}), 3),
        plain.user_id,
        "another good pass",
    )
    users.change_password(plain.user_id, "another good pass", password)
    walker = as_user("wu")
    assert "Some rights wait" in walker.get("/account").text
    assert walker.get("/at/qinghe/customers").status_code == 403
