from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from titian.kernel import users
from titian.kernel.ids import UserId
from titian.kernel.scope import Scope
from titian.web.app import MAX_BODY_BYTES
from titian.web.context import Guard, Open
from titian.web.pages import ROOMS
from titian.web.security.headers import POLICY
from titian.web.walk import Walker

SignIn = Callable[..., Walker]


def guards(dependant: Dependant) -> Iterator[Guard | Open]:
    if isinstance(dependant.call, Guard | Open):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from guards(inner)


def routes(app: FastAPI) -> Iterator[APIRoute]:
    def inside(found: list[BaseRoute]) -> Iterator[APIRoute]:
        for route in found:
            if isinstance(route, APIRoute):
                yield route
            elif not isinstance(route, Mount):
                yield from inside(getattr(getattr(route, "original_router", route), "routes", []))

    yield from inside(app.routes)


def test_every_route_says_who_may_enter(app: FastAPI) -> None:
    found = list(routes(app))
    assert len(found) > 25
    assert [r.path for r in found if not list(guards(r.dependant))] == []


def test_few_routes_are_open_and_each_says_why(app: FastAPI) -> None:
    opened = {
        r.path: g.why for r in routes(app) for g in guards(r.dependant) if isinstance(g, Open)
    }
    assert set(opened) == {"/signin", "/language", "/healthz", "/metrics"}
    assert all(opened.values())


def test_nothing_but_the_static_files_is_mounted(app: FastAPI) -> None:
    assert [route.path for route in app.routes if isinstance(route, Mount)] == ["/static"]


def test_routes_that_change_something_are_posts(app: FastAPI) -> None:
    methods = {method for route in routes(app) for method in route.methods or ()}
    assert methods <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize("path", ["/signin", "/nowhere", "/static/css/tokens.css", "/healthz"])
def test_headers_are_on_every_answer(visitor: Walker, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_the_policy_is_the_designed_one() -> None:
    assert POLICY == (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def test_pages_are_not_stored_and_static_files_are(admin: Walker) -> None:
    page = admin.get("/account")
    assert page.headers["cache-control"] == "no-store"
    asset = next(
        part for part in page.text.split('"') if part.startswith("/static/css/tokens.css?v=")
    )
    assert "immutable" in admin.get(asset).headers["cache-control"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://inside.titian"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://[inside.titian"},
        {},
    ],
)
def test_a_post_from_elsewhere_is_refused(admin: Walker, headers: dict[str, str]) -> None:
    data = {"csrf_token": admin.token("/account"), "language": "zh", "next": "/"}
    answer = admin.client.post("/preferences", data=data, headers=headers)
    assert answer.status_code == 403
    assert users.get(Scope.system(None), UserId("admin")).locale == "zh"


@pytest.mark.parametrize("token", ["", "wrong", "é" * 43])
def test_a_post_without_the_token_is_refused(admin: Walker, token: str) -> None:
    answer = admin.client.post(
        "/signout", data={"csrf_token": token}, headers={"origin": admin.origin}
    )
    assert answer.status_code == 403
    assert admin.get("/account").url.path == "/account"


def test_another_persons_token_does_not_fit(admin: Walker, as_user: SignIn) -> None:
    other = as_user("zhao")
    answer = admin.client.post(
        "/signout", data={"csrf_token": other.token("/account")}, headers={"origin": admin.origin}
    )
    assert answer.status_code == 403


def test_signing_in_needs_a_token_too(visitor: Walker, password: str) -> None:
    answer = visitor.client.post(
        "/signin",
        data={"user": "admin", "password": password, "csrf_token": "0" * 64},
        headers={"origin": visitor.origin},
    )
    assert answer.status_code == 403


def test_the_token_may_come_in_a_header(admin: Walker) -> None:
    answer = admin.client.post(
        "/preferences",
        data={"language": "en", "next": "/account"},
        headers={"x-csrf-token": admin.token("/account"), "origin": admin.origin},
    )
    assert answer.url.path == "/account"


@pytest.mark.parametrize(
    "path", ["/at/baishui/", "/at/baishui/users", "/at/union/", "/at/union/audit"]
)
def test_staff_of_one_bank_do_not_see_another(as_user: SignIn, path: str) -> None:
    assert as_user("qian").get(path).status_code == 403


def test_staff_of_one_bank_do_not_learn_which_banks_there_are(as_user: SignIn) -> None:
    walker = as_user("qian")
    there, nowhere = walker.get("/at/baishui/users"), walker.get("/at/nosuch/users")
    assert there.status_code == nowhere.status_code == 403
    assert "Baishui" not in walker.get("/at/qinghe/").text


def test_a_user_of_another_bank_is_not_found(as_user: SignIn) -> None:
    walker = as_user("qian")
    assert walker.get("/at/qinghe/users/li").status_code == 404
    answer = walker.post("/at/qinghe/users/li/password", {"password": "another good one"})
    assert answer.status_code == 404


def test_union_staff_go_to_any_bank_and_an_unknown_one_is_not_found(admin: Walker) -> None:
    assert admin.get("/at/baishui/users").status_code == 200
    assert admin.get("/at/nosuch/users").status_code == 404


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sun", "/at/qinghe/users"),
        ("sun", "/at/qinghe/audit"),
        ("zhao", "/at/union/users"),
        ("zhao", "/at/union/banks"),
        ("qian", "/at/qinghe/banks"),
    ],
)
def test_a_role_without_the_permission_is_refused(as_user: SignIn, name: str, path: str) -> None:
    answer = as_user(name).get(path)
    assert answer.status_code == 403
    assert "may not" in answer.text or "union" in answer.text


def test_no_page_opens_without_sign_in(visitor: Walker) -> None:
    paths = [f"/at/union{entry.path}" for room in ROOMS for entry in room.entries]
    for path in [*paths, "/account", "/docs", "/"]:
        assert visitor.get(path).url.path == "/signin", path


def test_a_disabled_user_is_out_at_once(admin: Walker, as_user: SignIn) -> None:
    walker = as_user("sun")
    admin.post("/at/union/users/disable", {"row": "sun"})
    assert walker.get("/account").url.path == "/signin"


def test_a_body_over_the_limit_is_refused(admin: Walker) -> None:
    data = {"csrf_token": admin.token("/account"), "language": "x" * (MAX_BODY_BYTES + 1)}
    answer = admin.client.post("/preferences", data=data, headers={"origin": admin.origin})
    assert answer.status_code == 413


def test_metrics_are_read_on_this_machine_only(app: FastAPI) -> None:
    assert "titian_http_requests" in Walker(app).get("/metrics").text
    assert Walker(app, address="10.1.2.3").get("/metrics").status_code == 403


def test_answers_carry_a_request_number(visitor: Walker) -> None:
    first, second = visitor.get("/signin"), visitor.get("/signin")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_script_in_a_name_is_shown_as_text(admin: Walker) -> None:
    evil = "<script>alert(1)</script>"
    admin.post(
        "/at/union/users/new",
        {
            "user_id": "evil",
            "display_name": evil,
            "bank": "qinghe",
            "roles": "clerk",
            "clearance": "1",
            "locale": "zh",
            "password": "long enough for us",
        },
    )
    page = admin.get("/at/union/users?q=evil").text
    assert evil not in page
    assert "&lt;script&gt;" in page
