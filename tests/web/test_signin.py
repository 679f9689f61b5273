from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi import FastAPI
from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.kernel import audit, clock, sessions, users
from titian.kernel.errors import LimitExceeded, Unauthenticated
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import ROLE_PERMISSIONS, Permission, Role, Scope
from titian.kernel.users import User
from titian.web.pages.signin import safe_address
from titian.web.security import throttle
from titian.web.walk import Walker

SignIn = Callable[..., Walker]


def node(text: str, selector: str) -> LexborNode:
    found = LexborHTMLParser(text).css_first(selector)
    assert found is not None, selector
    return found


def test_it_works(visitor: Walker, password: str) -> None:
    answer = visitor.sign_in("admin", password)
    assert answer.url.path == "/at/union/"
    assert "Admin" in node(answer.text, "h1").text()


def test_it_leads_where_the_reader_wanted_to_go(visitor: Walker, password: str) -> None:
    asked = visitor.get("/at/union/users?role=clerk")
    assert asked.url.path == "/signin"
    wanted = node(asked.text, "input[name=next]").attributes["value"]
    answer = visitor.post(
        "/signin", {"user": "admin", "password": password, "next": wanted}, at="/signin"
    )
    assert (answer.url.path, answer.url.query) == ("/at/union/users", b"role=clerk")


def test_bank_staff_land_at_their_bank(visitor: Walker, password: str) -> None:
    assert visitor.sign_in("qian", password).url.path == "/at/qinghe/"


@pytest.mark.parametrize(
    "given", ["//evil", "/\\evil", "https://evil", "evil", "/a\nb", "/a\\b", ""]
)
def test_only_addresses_of_ours_are_followed(given: str) -> None:
    assert safe_address(given) == "/"


def test_an_address_of_ours_is_kept() -> None:
    assert safe_address("/at/union/audit?q=a%20b") == "/at/union/audit?q=a%20b"


@pytest.mark.parametrize("user", ["admin", "nobody", "system", "x" * 200])
def test_a_wrong_password_is_refused_with_one_message(visitor: Walker, user: str) -> None:
    answer = visitor.post("/signin", {"user": user, "password": "wrong"}, at="/signin")
    assert answer.status_code in (401, 422)
    if answer.status_code == 401:
        assert "User name or password is wrong" in answer.text
    assert "titian" not in visitor.client.cookies


def test_empty_fields_are_named(visitor: Walker) -> None:
    answer = visitor.post("/signin", {"user": "", "password": ""}, at="/signin")
    assert answer.status_code == 422
    assert len(LexborHTMLParser(answer.text).css(".wrong")) == 2


def test_the_user_name_stays_and_the_password_does_not(visitor: Walker) -> None:
    answer = visitor.post("/signin", {"user": "admin", "password": "s3cr3t-wrong"}, at="/signin")
    assert node(answer.text, "#f-user").attributes["value"] == "admin"
    assert "s3cr3t-wrong" not in answer.text


def _answer(visitor: Walker, user: str, password: str) -> str:
    answer = visitor.post("/signin", {"user": user, "password": password}, at="/signin")
    body = answer.text.replace(f'value="{user}"', 'value="WHO"')
    headers = {name for name in answer.headers if name != "content-length"}
    return f"{answer.status_code} {sorted(headers)} {re.sub(r'csrf[^>]*', '', body)}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nobody_learns_who_has_an_account(app: FastAPI, password: str, language: str) -> None:
    visitor = Walker(app, language=language)
    answers = {_answer(visitor, "sun", "wrong") for _ in range(5)}
    answers.add(_answer(visitor, "sun", password))
    answers.add(_answer(visitor, "sun", "wrong"))
    answers.add(_answer(visitor, "nobody", "wrong"))
    assert len(answers) == 1
    said = answers.pop()
    assert said.startswith("401")
    assert {"en": "for 15 minutes", "zh": "15 分钟"}[language] in said


def test_a_new_password_ends_the_other_sessions_at_once(
    as_user: SignIn, password: str, app: FastAPI
) -> None:
    here, elsewhere = as_user("sun"), as_user("sun")
    fields = {"old": password, "new": "another good pass", "again": "another good pass"}
    assert here.post("/account/password", fields).url.path == "/account"
    assert elsewhere.get("/account").url.path == "/signin"
    assert here.get("/account").url.path == "/account"
    with pytest.raises(Unauthenticated):
        Walker(app).sign_in("sun", password)
    assert Walker(app).sign_in("sun", "another good pass").status_code == 200


def test_a_password_reset_by_an_administrator_ends_all_sessions(
    as_user: SignIn, union: Scope
) -> None:
    walker = as_user("sun")
    users.reset_password(union, UserId("sun"), "another good pass")
    assert walker.get("/account").url.path == "/signin"


@pytest.mark.parametrize("role", Role)
def test_every_role_signs_in_and_sees_its_own_house(
    app: FastAPI, union: Scope, role: Role, password: str
) -> None:
    bank = None if role is Role.UNION_ADMIN else BankId("qinghe")
    users.create(union, User(UserId("new"), "New", bank, frozenset({role})), password)
    walker = Walker(app)
    walker.client.cookies.set("titian_language", "en")
    assert walker.sign_in("new", password).status_code == 200
    account = walker.get("/account")
    assert account.status_code == 200
    assert ("Manage users" in account.text) == (Permission.MANAGE_USERS in ROLE_PERMISSIONS[role])
    if role is not Role.UNION_ADMIN:
        assert walker.get("/at/baishui/").status_code in (403, 404)
        assert walker.get("/at/union/").status_code in (403, 404)


def test_an_account_locks_after_five_failures(visitor: Walker, password: str) -> None:
    for _ in range(5):
        visitor.post("/signin", {"user": "sun", "password": "wrong"}, at="/signin")
    with pytest.raises(Unauthenticated):
        visitor.sign_in("sun", password)


def test_an_address_is_throttled_across_users(
    visitor: Walker, monkeypatch: pytest.MonkeyPatch, app: FastAPI, password: str
) -> None:
    monkeypatch.setattr(throttle, "MAX_FAILURES", 3)
    for name in ("a", "b", "c"):
        visitor.post("/signin", {"user": name, "password": "wrong"}, at="/signin")
    answer = visitor.post("/signin", {"user": "admin", "password": password}, at="/signin")
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text
    elsewhere = Walker(app, language="en", address="10.0.0.9")
    assert elsewhere.sign_in("admin", password).url.path == "/at/union/"
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert visitor.sign_in("admin", password).url.path == "/at/union/"


def test_an_address_has_its_attempts_counted_before_they_are_made(
    home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "MAX_FAILURES", 3)

    def attempt(_number: int) -> bool:
        try:
            throttle.reserve("10.0.0.1")
        except LimitExceeded:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 3
    throttle.give_back("10.0.0.1")
    assert [attempt(0), attempt(0)] == [True, False]


def test_signing_in_makes_a_new_session_whatever_the_browser_brought(
    visitor: Walker, password: str
) -> None:
    visitor.client.cookies.set("titian", "planted-by-somebody-else", domain="inside.titian")
    visitor.sign_in("admin", password)
    assert "planted-by-somebody-else" not in visitor.client.cookies.values()


def test_signing_in_again_ends_the_session_before(
    admin: Walker, app: FastAPI, password: str
) -> None:
    old = admin.client.cookies["titian"]
    again = Walker(app)
    fields = {"csrf_token": again.token("/signin"), "user": "admin", "password": password}
    again.client.cookies.set("titian", old, domain="inside.titian")
    again.client.post("/signin", data=fields, headers={"origin": again.origin})
    assert sessions.find(old) is None


def test_signing_out_ends_the_session_on_the_server(admin: Walker, app: FastAPI) -> None:
    old = admin.client.cookies["titian"]
    assert admin.post("/signout").url.path == "/signin"
    stolen = Walker(app)
    stolen.client.cookies.set("titian", old, domain="inside.titian")
    assert stolen.get("/account").url.path == "/signin"


def test_the_session_cookie_is_guarded(visitor: Walker, password: str) -> None:
    token = visitor.token("/signin")
    answer = visitor.client.post(
        "/signin",
        data={"csrf_token": token, "user": "admin", "password": password},
        headers={"origin": visitor.origin},
        follow_redirects=False,
    )
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("titian="))
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(app: FastAPI, password: str) -> None:
    walker = Walker(app)
    walker.client.base_url = "https://inside.titian"
    token = walker.token("/signin")
    answer = walker.client.post(
        "/signin",
        data={"csrf_token": token, "user": "admin", "password": password},
        headers={"origin": "https://inside.titian"},
        follow_redirects=False,
    )
    cookie = next(
        c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-titian=")
    )
    assert "Secure" in cookie
    assert "strict-transport-security" in answer.headers


def test_an_idle_session_is_over(admin: Walker) -> None:
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert admin.get("/account").url.path == "/signin"


def test_signing_in_and_out_is_audited(admin: Walker) -> None:
    admin.post("/signout")
    acts = audit.entries(Scope.system(None), user=UserId("admin"), limit=2)
    assert [act.action for act in acts] == ["user.sign_out", "user.sign_in"]


def test_without_users_the_page_tells_the_first_step(visitor: Walker, home: object) -> None:
    from titian.kernel import db
    from titian.kernel.tables import user_account

    with db.begin() as connection:
        connection.execute(user_account.delete())
    assert "titian users add" in visitor.get("/signin").text


def test_who_is_signed_in_is_not_asked_again(admin: Walker) -> None:
    assert admin.get("/signin").url.path == "/at/union/"
