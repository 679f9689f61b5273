from __future__ import annotations

from dataclasses import replace

import pytest

from titian.kernel import audit, confirming, users
from titian.kernel.errors import Conflict, Denied, NotFound
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import ROLE_PERMISSIONS, SENSITIVE, Permission, Role, Scope
from titian.kernel.users import User

PASSWORD = "terrace river mud"
QINGHE = BankId("qinghe")


def person(name: str, *roles: Role, bank: BankId | None = QINGHE, clearance: int = 3) -> User:
    return User(UserId(name), name, bank, frozenset(roles), clearance)


def scope_of(user: User | str) -> Scope:
    found = users.find(UserId(user if isinstance(user, str) else user.user_id))
    assert found is not None
    return found.scope()


@pytest.fixture
def boss(qinghe: Scope) -> Scope:
    """Give qinghe's administrator, whom the machine's operator made."""
    return users.create(qinghe, person("boss", Role.BANK_ADMIN), PASSWORD).scope()


@pytest.fixture
def second(qinghe: Scope) -> Scope:
    """Give another administrator of qinghe."""
    return users.create(qinghe, person("second", Role.BANK_ADMIN), PASSWORD).scope()


@pytest.fixture
def puppet(boss: Scope) -> User:
    """Give an account that the administrator alone made to see customers."""
    return users.create(
        boss, person("puppet", Role.RISK_OFFICER, Role.DATA_STEWARD, Role.OPERATOR), PASSWORD
    )


def confirm(scope: Scope, user_id: str) -> User:
    found = users.find(UserId(user_id))
    assert found is not None
    assert found.waiting_since is not None
    return confirming.confirm(scope, found.user_id, found.waiting_since)


def test_it_works(puppet: User, second: Scope) -> None:
    scope = scope_of(puppet)
    assert not any(scope.allows(permission) for permission in SENSITIVE)
    assert scope.allows(Permission.LOAD_FEEDS)
    with pytest.raises(Denied) as refused:
        scope.unmasked("because I can")
    assert "must confirm your account first" in refused.value.remedy
    assert not confirm(second, "puppet").waits
    assert scope_of(puppet).allows(Permission.UNMASK)
    entry = audit.entries(Scope.system(QINGHE), action="user.confirm")[0]
    assert (entry.user, entry.target, entry.detail["given_by"]) == ("second", "puppet", ["boss"])


def test_who_gave_the_rights_does_not_confirm_them(boss: Scope, puppet: User) -> None:
    with pytest.raises(Denied, match="gave or gets these rights"):
        confirm(boss, "puppet")
    assert scope_of("puppet").confirmed is False


def test_a_puppet_administrator_confirms_nobody(boss: Scope, puppet: User) -> None:
    users.create(boss, person("twin", Role.BANK_ADMIN, Role.COMPLIANCE), PASSWORD)
    with pytest.raises(Denied):
        confirm(scope_of("twin"), "puppet")
    with pytest.raises(Denied):
        confirm(scope_of("twin"), "twin")


def test_a_reset_password_waits_again(boss: Scope, second: Scope, qinghe: Scope) -> None:
    colleague = users.create(qinghe, person("sun", Role.ANALYST), PASSWORD)
    assert scope_of(colleague).allows(Permission.EXPORT)
    users.reset_password(boss, colleague.user_id, "another good pass")
    users.change_password(colleague.user_id, "another good pass", "a third good pass")
    assert not scope_of(colleague).allows(Permission.EXPORT)
    confirm(second, "sun")
    assert scope_of(colleague).allows(Permission.EXPORT)


def test_a_reset_second_administrator_confirms_nobody(
    boss: Scope, second: Scope, puppet: User
) -> None:
    users.reset_password(boss, second.user, "another good pass")
    with pytest.raises(Denied):
        confirm(scope_of("second"), "puppet")


def test_widening_and_waking_wait_and_narrowing_does_not(boss: Scope, qinghe: Scope) -> None:
    made = users.create(qinghe, person("sun", Role.ANALYST, Role.CLERK, clearance=2), PASSWORD)
    narrow = replace(made, roles=frozenset({Role.ANALYST}), clearance=1)
    assert not users.change(boss, narrow).waits
    assert not users.change(boss, replace(narrow, display_name="other")).waits
    assert not users.change(boss, replace(narrow, disabled=True)).waits
    assert users.change(boss, narrow).waits
    for more in (replace(made, clearance=3), replace(made, roles=made.roles | {Role.OPERATOR})):
        users.create(qinghe, replace(made, user_id=UserId(f"x{more.clearance}")), PASSWORD)
        assert users.change(boss, replace(more, user_id=UserId(f"x{more.clearance}"))).waits


def test_what_another_adds_does_not_let_the_first_confirm(
    boss: Scope, second: Scope, puppet: User
) -> None:
    users.change(second, replace(puppet, clearance=2, roles=puppet.roles | {Role.CLERK}))
    for scope in (boss, second):
        with pytest.raises(Denied, match="gave or gets"):
            confirm(scope, "puppet")


def test_what_was_given_after_the_look_is_not_confirmed(
    boss: Scope, second: Scope, puppet: User
) -> None:
    assert puppet.waiting_since is not None
    users.reset_password(boss, puppet.user_id, "another good pass")
    with pytest.raises(Conflict, match="changed meanwhile"):
        confirming.confirm(second, puppet.user_id, puppet.waiting_since)


def test_the_unions_compliance_confirms_and_another_bank_does_not(
    puppet: User, union: Scope, baishui: Scope
) -> None:
    there = users.create(baishui, person("li", Role.BANK_ADMIN, bank=baishui.bank), PASSWORD)
    with pytest.raises(NotFound):
        confirm(there.scope(), "puppet")
    assert confirming.waiting(there.scope()) == []
    zhao = users.create(union, person("zhao", Role.COMPLIANCE, bank=None), PASSWORD).scope()
    assert [user.user_id for user in confirming.waiting(zhao)] == ["puppet"]
    assert not confirm(zhao, "puppet").waits


def test_the_unions_own_administrators_wait_too(union: Scope, qinghe: Scope) -> None:
    chief = users.create(union, person("uma", Role.UNION_ADMIN, bank=None), PASSWORD).scope()
    made = users.create(chief, person("umb", Role.UNION_ADMIN, bank=None), PASSWORD)
    assert made.waits
    with pytest.raises(Denied):
        users.all_users(made.scope())
    assert not confirm(union, "umb").waits


def test_plain_accounts_work_at_once(boss: Scope) -> None:
    assert not users.create(boss, person("wang", Role.OPERATOR, Role.CLERK), PASSWORD).waits


def test_whoever_may_confirm_or_make_others_waits_as_well() -> None:
    assert {Permission.CONFIRM_USERS, Permission.MANAGE_USERS} <= SENSITIVE
    confirmers = {r for r, may in ROLE_PERMISSIONS.items() if Permission.CONFIRM_USERS in may}
    assert confirmers == {Role.UNION_ADMIN, Role.BANK_ADMIN, Role.COMPLIANCE}
