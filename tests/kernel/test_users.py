from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from titian.kernel import audit, clock, db, granting, passwords, sessions, users
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound, Unauthenticated
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import MAX_FAILED_LOGINS, User

PASSWORD = "terrace river mud"
WANG = User(UserId("wang"), "王", BankId("qinghe"), frozenset({Role.ANALYST}))


class Counted:
    """A hasher that counts how often it compares."""

    def __init__(self, verified: list[str]) -> None:
        self._verified = verified
        self._real = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

    def verify(self, digest: str, password: str) -> bool:
        self._verified.append(digest)
        return self._real.verify(digest, password)


@pytest.fixture
def wang(qinghe: Scope) -> User:
    return users.create(qinghe, WANG, PASSWORD)


@pytest.fixture
def admin(qinghe: Scope) -> Scope:
    return Scope(UserId("boss"), qinghe.bank, frozenset({Role.BANK_ADMIN}))


def test_it_works(wang: User) -> None:
    signed_in = users.authenticate("wang", PASSWORD)
    assert signed_in.scope() == Scope(UserId("wang"), BankId("qinghe"), wang.roles, 2)


@pytest.mark.parametrize(
    ("user_id", "password"), [("wang", "wrong"), ("nobody", PASSWORD), ("wang", ""), ("", "")]
)
def test_wrong_words_get_one_answer(wang: User, user_id: str, password: str) -> None:
    with pytest.raises(Unauthenticated, match="user name or password is wrong"):
        users.authenticate(user_id, password)


def test_five_failures_lock_for_a_quarter_of_an_hour(wang: User) -> None:
    start = clock.now()
    with clock.frozen(start):
        for _ in range(5):
            with pytest.raises(Unauthenticated, match="is wrong"):
                users.authenticate("wang", "wrong")
        with pytest.raises(Unauthenticated, match="is wrong"):
            users.authenticate("wang", PASSWORD)
    with clock.frozen(start + timedelta(minutes=16)):
        assert users.authenticate("wang", PASSWORD).user_id == "wang"


def test_nobody_learns_who_has_an_account(
    qinghe: Scope, wang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.create(qinghe, replace(WANG, user_id=UserId("off")), PASSWORD)
    users.change(qinghe, replace(WANG, user_id=UserId("off"), disabled=True))
    statements: list[str] = []

    def answer(user_id: str, password: str) -> tuple[str, int]:
        verified: list[str] = []
        monkeypatch.setattr(passwords, "_hasher", Counted(verified))
        statements.clear()
        with pytest.raises(Unauthenticated) as refused:
            users.authenticate(user_id, password)
        assert len(verified) == 1
        return str(refused.value), len(statements)

    event.listen(db.engine(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    answers = {answer("wang", "wrong") for _ in range(MAX_FAILED_LOGINS)}
    answers |= {answer("wang", PASSWORD), answer("nobody", PASSWORD), answer("off", PASSWORD)}
    assert len(answers) == 1
    assert "lock a user for 15 minutes" in answers.pop()[0]


def test_failing_while_locked_does_not_lock_for_longer(wang: User) -> None:
    start = clock.now()
    with clock.frozen(start):
        for _ in range(MAX_FAILED_LOGINS):
            with pytest.raises(Unauthenticated):
                users.authenticate("wang", "wrong")
    with clock.frozen(start + timedelta(minutes=14)):
        for _ in range(3 * MAX_FAILED_LOGINS):
            with pytest.raises(Unauthenticated):
                users.authenticate("wang", "wrong")
    with clock.frozen(start + timedelta(minutes=16)):
        assert users.authenticate("wang", PASSWORD).user_id == "wang"


def test_many_guesses_at_once_are_no_more_than_five(
    wang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    guesses, compared = 12, []
    together = Barrier(guesses, timeout=60)

    def slowly(_password: str, digest: str | None) -> bool:
        compared.append(digest)
        together.wait()
        return False

    def guess(_number: int) -> None:
        with pytest.raises(Unauthenticated):
            users.authenticate("wang", "wrong")

    monkeypatch.setattr(passwords, "matches", slowly)
    with ThreadPoolExecutor(guesses) as pool:
        list(pool.map(guess, range(guesses)))
    assert sum(digest is not None for digest in compared) == MAX_FAILED_LOGINS
    monkeypatch.undo()
    with pytest.raises(Unauthenticated):
        users.authenticate("wang", PASSWORD)


def test_the_fifth_attempt_may_be_the_right_one(wang: User) -> None:
    for _ in range(2):
        for _ in range(MAX_FAILED_LOGINS - 1):
            with pytest.raises(Unauthenticated):
                users.authenticate("wang", "wrong")
        assert users.authenticate("wang", PASSWORD).locked_until is None


def test_what_was_typed_for_nobody_is_not_kept(wang: User, union: Scope) -> None:
    with pytest.raises(Unauthenticated):
        users.authenticate("my-secret-password", "x")
    entry = audit.entries(union, action="user.login_failed")[0]
    assert (entry.user, entry.target) == ("(unknown)", "(unknown)")
    assert "my-secret" not in str(audit.entries(union))


def test_a_disabled_user_is_out(qinghe: Scope, wang: User) -> None:
    token = sessions.start(wang.user_id, wang.bank, address="", agent="")
    users.change(qinghe, replace(wang, disabled=True))
    assert sessions.find(token) is None
    with pytest.raises(Unauthenticated):
        users.authenticate("wang", PASSWORD)


def test_the_password_is_never_stored_or_logged(qinghe: Scope, wang: User) -> None:
    assert PASSWORD not in str(audit.entries(qinghe))


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaa", "wang wang wang 1", "x" * 129])
def test_weak_passwords_are_refused(qinghe: Scope, password: str) -> None:
    with pytest.raises(InvalidInput):
        users.create(qinghe, WANG, password)


def test_a_name_is_taken_once(qinghe: Scope, wang: User) -> None:
    with pytest.raises(Conflict):
        users.create(qinghe, WANG, PASSWORD)


def test_changing_the_password_ends_other_sessions(wang: User) -> None:
    token = sessions.start(wang.user_id, wang.bank, address="", agent="")
    users.change_password(wang.user_id, PASSWORD, "another good pass")
    assert sessions.find(token) is None
    assert users.authenticate("wang", "another good pass").user_id == "wang"


def test_a_password_and_its_sessions_change_together_or_not_at_all(
    qinghe: Scope, wang: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sessions.start(wang.user_id, wang.bank, address="", agent="")

    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as context:
        context.setattr(audit, "record", broken)
        with pytest.raises(RuntimeError):
            users.reset_password(qinghe, wang.user_id, "another good pass")
    assert sessions.find(token) is not None
    assert users.authenticate("wang", PASSWORD).user_id == "wang"
    users.reset_password(qinghe, wang.user_id, "another good pass")
    assert sessions.find(token) is None


def test_an_unknown_user_names_the_nearest_of_the_own_bank(
    admin: Scope, baishui: Scope, wang: User
) -> None:
    users.create(baishui, replace(WANG, user_id=UserId("zhao"), bank=baishui.bank), PASSWORD)
    with pytest.raises(NotFound, match="Did you mean 'wang'"):
        users.get(admin, UserId("wangg"))
    with pytest.raises(NotFound) as caught:
        users.get(admin, UserId("zhaoo"))
    assert "'zhao'" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "   ", "王" * 81])
def test_a_display_name_has_limits(qinghe: Scope, name: str) -> None:
    with pytest.raises(InvalidInput, match="display name"):
        users.create(qinghe, replace(WANG, display_name=name), PASSWORD)


def test_an_admin_works_in_their_own_bank(admin: Scope, baishui: Scope, wang: User) -> None:
    elsewhere = replace(WANG, user_id=UserId("li"), bank=BankId("baishui"))
    with pytest.raises(Denied):
        users.create(admin, elsewhere, PASSWORD)
    users.create(baishui, elsewhere, PASSWORD)
    with pytest.raises(NotFound):
        users.get(admin, elsewhere.user_id)
    assert [user.user_id for user in users.all_users(admin)] == ["wang"]


def test_nobody_climbs(admin: Scope, wang: User) -> None:
    with pytest.raises(Denied):
        users.change(admin, replace(wang, roles=frozenset({Role.UNION_ADMIN})))
    with pytest.raises(Denied):
        users.change(admin, replace(wang, bank=None))
    with pytest.raises(Denied):
        users.create(admin, replace(WANG, user_id=UserId("up"), bank=None), PASSWORD)


def test_a_data_steward_belongs_to_one_bank(admin: Scope, union: Scope) -> None:
    steward = User(UserId("steward"), "管", BankId("qinghe"), frozenset({Role.DATA_STEWARD}))
    with pytest.raises(Denied, match="data_steward exists at banks only"):
        users.create(union, replace(steward, bank=None), "terrace field water")
    assert users.create(admin, steward, "terrace field water").bank == "qinghe"


def test_a_bank_administrator_exists_at_banks_only(union: Scope, qinghe: Scope) -> None:
    boss = User(UserId("uba"), "管", None, frozenset({Role.BANK_ADMIN}), 1)
    chief = Scope(UserId("uma"), None, frozenset({Role.UNION_ADMIN}), 3)
    for scope in (union, chief):
        with pytest.raises(Denied, match="bank_admin exists at banks only"):
            users.create(scope, boss, PASSWORD)
    old = boss.scope()  # one made before this was refused
    with pytest.raises(Denied):
        users.create(old, replace(WANG, user_id=UserId("up")), PASSWORD)
    with pytest.raises(Denied):
        users.all_users(old.at(BankId("qinghe")))


def test_a_bank_administrator_gives_the_banks_roles_up_to_the_own_clearance(
    admin: Scope, qinghe: Scope
) -> None:
    officer = replace(WANG, user_id=UserId("li"), roles=frozenset({Role.RISK_OFFICER}))
    with pytest.raises(Denied, match="clearance 5 is above their own"):
        users.create(admin, replace(officer, clearance=5), PASSWORD)
    assert users.create(admin, officer, PASSWORD).roles == {Role.RISK_OFFICER}
    with pytest.raises(Denied, match="clearance 3 is above"):
        users.change(admin, replace(officer, clearance=3))


def test_who_holds_more_is_not_touched_but_to_disable_them(admin: Scope, qinghe: Scope) -> None:
    risk = replace(WANG, user_id=UserId("risk"), clearance=4)
    made = users.create(qinghe, risk, PASSWORD)
    with pytest.raises(Denied, match="clearance 4 is above"):
        users.reset_password(admin, made.user_id, "another good pass")
    seen = users.get(admin, made.user_id)
    with pytest.raises(Denied, match="clearance 4 is above"):
        users.change(admin, replace(seen, clearance=1))
    assert users.change(admin, replace(seen, disabled=True)).disabled
    with pytest.raises(Denied, match="clearance 4 is above"):
        users.change(admin, replace(users.get(admin, made.user_id), disabled=False))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.UNION_ADMIN, Role.BANK_ADMIN}))
def test_who_manages_nobody_gives_no_role(role: Role) -> None:
    assert not granting.grantable(Scope(UserId("x"), None, frozenset({role}), 5))


def test_nobody_changes_their_own_rights(qinghe: Scope, wang: User) -> None:
    own = User(UserId("boss"), "主管", qinghe.bank, frozenset({Role.BANK_ADMIN}))
    users.create(qinghe, own, PASSWORD)
    with pytest.raises(Denied, match="own rights"):
        users.change(own.scope(), replace(own, clearance=5))


def test_sessions_end_when_idle_or_old(wang: User) -> None:
    start = clock.now()
    with clock.frozen(start):
        idle = sessions.start(wang.user_id, wang.bank, address="", agent="")
    with clock.frozen(start + timedelta(minutes=31)):
        assert sessions.find(idle) is None
    with clock.frozen(start):
        old = sessions.start(wang.user_id, wang.bank, address="", agent="")
    for step in range(1, 30):
        with clock.frozen(start + timedelta(minutes=20 * step)):
            sessions.find(old)
    with clock.frozen(start + timedelta(hours=10, minutes=1)):
        assert sessions.find(old) is None


def test_a_user_has_at_most_ten_sessions(wang: User) -> None:
    for _ in range(13):
        sessions.start(wang.user_id, wang.bank, address="", agent="")
    assert len(sessions.of_user(wang.user_id)) == sessions.MAX_SESSIONS_PER_USER
