from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.kernel import audit, banks, clock, db, sessions, users
from titian.kernel.errors import TitianError, Unavailable
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.web.pages import home as home_page
from titian.web.pages.audit import act_words
from titian.web.room import Card
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
UNION = Scope.system(None)
NEW = {
    "user_id": "chen",
    "display_name": "陈禾",
    "bank": "qinghe",
    "roles": ["clerk", "loan_officer"],
    "clearance": "3",
    "locale": "zh",
    "password": "long enough for us",
}


def parse(text: str) -> LexborHTMLParser:
    return LexborHTMLParser(text)


def node(text: str, selector: str) -> LexborNode:
    found = parse(text).css_first(selector)
    assert found is not None, selector
    return found


class TestUsers:
    def test_it_works(self, admin: Walker) -> None:
        answer = admin.post("/at/union/users/new", NEW)
        assert answer.url.path == "/at/union/users/chen"
        made = users.get(UNION, UserId("chen"))
        assert made.bank == BankId("qinghe")
        assert made.roles == frozenset({Role.CLERK, Role.LOAN_OFFICER})
        assert (made.clearance, made.must_change_password) == (3, True)
        assert "陈禾 may enter now." in node(answer.text, ".toast").text()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("user_id", ""),
            ("user_id", "Not A Name"),
            ("user_id", "qian"),
            ("display_name", " "),
            ("display_name", "x" * 81),
            ("bank", "nosuch"),
            ("roles", "emperor"),
            ("roles", ""),
            ("clearance", "9"),
            ("clearance", "many"),
            ("locale", "fr"),
            ("password", "short"),
            ("password", "chen chen chen"),
        ],
    )
    def test_wrong_input_is_shown_beside_what_was_typed(
        self, admin: Walker, field: str, value: str
    ) -> None:
        answer = admin.post("/at/union/users/new", {**NEW, field: value})
        assert answer.status_code == 422
        page = parse(answer.text)
        assert page.css(".wrong") or page.css(".notice[data-tone=bad]")
        if field != "display_name":
            assert node(answer.text, "#f-display_name").attributes["value"] == "陈禾"
        assert users.find(UserId("chen")) is None

    def test_a_banks_administrator_makes_users_of_the_bank_only(self, as_user: SignIn) -> None:
        walker = as_user("qian")
        page = parse(walker.get("/at/qinghe/users/new").text)
        assert [o.attributes["value"] for o in page.css("#f-bank option")] == ["qinghe"]
        assert page.css_first("input[value=union_admin]") is None
        refused = walker.post("/at/qinghe/users/new", {**NEW, "bank": "baishui"})
        assert refused.status_code == 422
        refused = walker.post("/at/qinghe/users/new", {**NEW, "roles": "union_admin"})
        assert refused.status_code == 422

    def test_editing_keeps_what_is_not_asked(self, admin: Walker) -> None:
        fields = {**NEW, "user_id": "ignored", "display_name": "Sun Yue", "disabled": "yes"}
        answer = admin.post("/at/union/users/sun/edit", fields)
        assert answer.url.path == "/at/union/users/sun"
        assert users.get(UNION, UserId("sun")).disabled
        assert users.find(UserId("ignored")) is None

    def test_nobody_changes_their_own_rights(self, admin: Walker) -> None:
        fields = {**NEW, "bank": "union", "roles": "clerk"}
        answer = admin.post("/at/union/users/admin/edit", fields)
        assert answer.status_code == 422
        assert "their own rights" in answer.text

    def test_a_reset_password_must_be_changed_before_anything_else(
        self, admin: Walker, visitor: Walker
    ) -> None:
        admin.post("/at/union/users/sun/password", {"password": "a new first one"})
        answer = visitor.sign_in("sun", "a new first one")
        assert answer.url.path == "/account/password"
        assert visitor.get("/at/qinghe/").url.path == "/account/password"
        fields = {"old": "a new first one", "new": "my own good one", "again": "my own good one"}
        visitor.post("/account/password", fields, at="/account/password")
        assert visitor.get("/at/qinghe/").url.path == "/at/qinghe/"

    def test_an_unknown_user_is_not_found(self, admin: Walker) -> None:
        assert admin.get("/at/union/users/nobody").status_code == 404

    def test_roles_show_who_may_what(self, admin: Walker) -> None:
        page = parse(admin.get("/at/union/roles").text)
        assert len(page.css("thead th")) == len(Role) + 1


class TestBanks:
    def test_it_works(self, admin: Walker) -> None:
        fields = {
            "bank": "luonan",
            "name_zh": "洛南农商行",
            "name_en": "Luonan",
            "status": "active",
        }
        answer = admin.post("/at/union/banks/new", fields)
        assert answer.url.path == "/at/union/banks/luonan"
        assert banks.get(BankId("luonan")).name_zh == "洛南农商行"

    @pytest.mark.parametrize("bank", ["union", "qinghe", "Qing He", "", "a" * 64])
    def test_a_wrong_id_is_refused(self, admin: Walker, bank: str) -> None:
        fields = {"bank": bank, "name_zh": "行", "name_en": "Bank", "status": "active"}
        answer = admin.post("/at/union/banks/new", fields)
        assert answer.status_code == 422
        assert len(banks.all_banks()) == 2

    def test_suspending(self, admin: Walker) -> None:
        fields = {"name_zh": "清河", "name_en": "Qinghe", "status": "suspended"}
        admin.post("/at/union/banks/qinghe/edit", fields)
        assert banks.get(BankId("qinghe")).status == "suspended"
        assert "Suspended" in admin.get("/at/union/banks/qinghe").text


class TestAudit:
    def test_it_works(self, admin: Walker) -> None:
        page = admin.get("/at/union/audit").text
        assert "Signed in" in node(page, "td.main").text()

    def test_filters(self, admin: Walker) -> None:
        answer = admin.get("/at/union/audit?action=bank.register&q=qinghe")
        assert len(parse(answer.text).css("tbody tr")) == 1

    @pytest.mark.parametrize(
        ("days", "some"),
        [("from=2000-01-01", True), ("to=2000-01-01", False), ("from=2999-01-01", False)],
    )
    def test_filters_by_day(self, admin: Walker, days: str, some: bool) -> None:
        answer = admin.get(f"/at/union/audit?{days}")
        assert bool(parse(answer.text).css("tbody tr")) == some

    def test_people_have_their_names(self, admin: Walker) -> None:
        row = parse(admin.get("/at/union/audit?user=admin").text).css_first("tbody tr")
        assert row is not None
        assert "Admin" in row.text()

    def test_a_whole_log_is_said_to_be_whole(self, admin: Walker) -> None:
        assert "The log is whole." in admin.post("/at/union/audit/verify").text

    def test_a_touched_log_is_found(self, admin: Walker) -> None:
        with db.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER audit_no_update")
            connection.exec_driver_sql("UPDATE audit_entry SET target = 'other' WHERE seq = 2")
        answer = admin.post("/at/union/audit/verify")
        assert "The log was touched." in answer.text
        assert "Entry 2" in answer.text

    def test_a_banks_people_see_their_banks_acts_only(self, as_user: SignIn) -> None:
        rows = parse(as_user("qian").get("/at/qinghe/audit").text).css("tbody tr")
        assert rows
        assert all("baishui" not in row.text() for row in rows)

    def test_an_export_beyond_one_page_of_the_log_is_whole(
        self, admin: Walker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "PAGE_MAX_ROWS", 7)
        for number in range(22):
            audit.record(UNION, "test.act", f"target {number}")
        heads, *rows = admin.get("/at/union/audit?action=test.act&export=csv").text.splitlines()
        at = heads.split(",").index("On what (code)")
        assert [row.split(",")[at] for row in rows] == [f"target {n}" for n in reversed(range(22))]

    def test_every_act_of_the_kernel_has_a_name(self, admin: Walker) -> None:
        admin.get("/at/union/users?export=csv")
        admin.post("/at/union/audit/verify")
        assert set(audit.actions()) <= set(act_words())


class TestAccount:
    def test_changing_my_password_ends_my_other_sessions(
        self, admin: Walker, as_user: SignIn, password: str
    ) -> None:
        other = as_user("admin")
        fields = {"old": password, "new": "another terrace", "again": "another terrace"}
        answer = admin.post("/account/password", fields, at="/account/password")
        assert answer.url.path == "/account"
        assert other.get("/account").url.path == "/signin"
        assert len(sessions.of_user(UserId("admin"))) == 1

    @pytest.mark.parametrize(
        ("old", "new", "again", "said"),
        [
            ("wrong", "another terrace", "another terrace", "wrong"),
            ("terrace field water", "another terrace", "a typo", "not the same"),
            ("terrace field water", "short", "short", "10 to 128"),
            ("terrace field water", "terrace field water", "terrace field water", "the old one"),
        ],
    )
    def test_a_wrong_change_is_explained(
        self, admin: Walker, old: str, new: str, again: str, said: str
    ) -> None:
        fields = {"old": old, "new": new, "again": again}
        answer = admin.post("/account/password", fields, at="/account/password")
        assert answer.status_code == 422
        assert said in answer.text

    def test_ending_another_session(self, admin: Walker, as_user: SignIn) -> None:
        other = as_user("admin")
        token = node(admin.get("/account").text, "input[name=session]")
        admin.post("/account/sessions/end", {"session": token.attributes["value"]})
        assert other.get("/account").url.path == "/signin"

    def test_another_persons_session_cannot_be_ended(self, admin: Walker, as_user: SignIn) -> None:
        as_user("zhao")
        hers = sessions.of_user(UserId("zhao"))[0].token_hash
        assert admin.post("/account/sessions/end", {"session": hers}).status_code == 404
        assert sessions.of_user(UserId("zhao"))


class TestHome:
    def test_a_union_without_banks_sees_the_first_steps(self, admin: Walker) -> None:
        with db.begin() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            connection.exec_driver_sql("DELETE FROM user_account WHERE bank IS NOT NULL")
            connection.exec_driver_sql("DELETE FROM bank")
        assert "Welcome to Titian" in admin.get("/at/union/").text

    def test_cards_follow_roles(self, admin: Walker, as_user: SignIn) -> None:
        assert "Latest acts" in admin.get("/at/union/").text
        assert "Latest acts" not in as_user("sun").get("/at/qinghe/").text

    def test_a_failing_card_does_not_take_the_page_along(
        self, admin: Walker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fails(_ctx: object) -> dict[str, object]:
            raise Unavailable("the lake does not answer", "Wait a little.")

        broken = Card("broken", "home/shortcuts.html", fails)
        monkeypatch.setattr(home_page, "cards_for", lambda _ctx: [broken])
        answer = admin.get("/at/union/")
        assert answer.status_code == 200
        assert "the lake does not answer. Wait a little." in answer.text

    def test_an_unknown_slow_card_is_not_found(self, admin: Walker) -> None:
        assert admin.get("/at/union/cards/nothing").status_code == 404


class TestSearch:
    def test_pages_and_things_are_found(self, admin: Walker) -> None:
        page = parse(admin.get("/at/union/search?q=qian").text)
        assert [a.attributes["href"] for a in page.css("a")] == ["/at/union/users/qian"]

    def test_without_words_the_pages_are_offered(self, admin: Walker) -> None:
        assert "/at/union/audit" in admin.get("/at/union/search").text

    def test_nothing_found_is_said(self, admin: Walker) -> None:
        assert "Nothing found" in admin.get("/at/union/search?q=zzz").text


class TestErrors:
    def test_a_missing_page_inside_and_outside(self, admin: Walker, visitor: Walker) -> None:
        inside, outside = admin.get("/nowhere"), visitor.get("/nowhere")
        assert inside.status_code == outside.status_code == 404
        assert parse(inside.text).css_first(".rail") is not None
        assert parse(outside.text).css_first(".rail") is None

    def test_htmx_gets_a_toast(self, admin: Walker) -> None:
        answer = admin.get("/at/union/users/nobody", **{"hx-request": "true"})
        assert answer.headers["hx-retarget"] == "#toaster"
        assert "nobody" in answer.text

    def test_htmx_is_sent_to_sign_in(self, visitor: Walker) -> None:
        answer = visitor.get("/at/union/users", **{"hx-request": "true"})
        assert answer.headers["hx-redirect"].startswith("/signin")

    def test_a_defect_is_a_page_with_a_number_and_tells_nothing(
        self, admin: Walker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_args: object, **_kwargs: object) -> None:
            raise ZeroDivisionError("a secret detail")

        monkeypatch.setattr(users, "all_users", broken)
        answer = admin.get("/at/union/users")
        assert answer.status_code == 500
        assert answer.headers["x-request-id"] in answer.text
        assert "a secret detail" not in answer.text
        assert "content-security-policy" in answer.headers

    def test_every_kind_of_error_has_a_page(
        self, admin: Walker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kinds = [kind for kind in TitianError.__subclasses__() if kind.__name__ != "InvalidInput"]
        for kind in kinds:
            error = kind("this went wrong", "Do that.")

            def raises(*_args: object, _error: TitianError = error, **_kwargs: object) -> None:
                raise _error

            monkeypatch.setattr(users, "all_users", raises)
            answer = admin.get("/at/union/users")
            assert answer.status_code >= 400 or answer.url.path == "/signin"


class TestApi:
    def test_it_describes_itself(self, admin: Walker) -> None:
        described = admin.get("/api/v1/openapi.json").json()
        assert described["openapi"].startswith("3.1")
        assert "/api/v1/me" in described["paths"]

    def test_me(self, as_user: SignIn) -> None:
        me = as_user("sun").get("/api/v1/me").json()
        assert (me["user"], me["bank"], me["roles"]) == ("sun", "qinghe", ["analyst"])
        assert "query" in me["permissions"]

    def test_banks_are_those_the_caller_sees(self, admin: Walker, as_user: SignIn) -> None:
        assert [b["bank"] for b in admin.get("/api/v1/banks").json()] == ["baishui", "qinghe"]
        assert [b["bank"] for b in as_user("li").get("/api/v1/banks").json()] == ["baishui"]

    def test_audit_goes_back_by_cursor(self, admin: Walker) -> None:
        first = admin.get("/api/v1/at/union/audit?limit=2").json()
        second = admin.get(f"/api/v1/at/union/audit?limit=2&before={first['next']}").json()
        assert second["items"][0]["seq"] == first["items"][-1]["seq"] - 1

    def test_errors_are_problems(self, admin: Walker, visitor: Walker) -> None:
        for answer, status in (
            (visitor.get("/api/v1/me"), 401),
            (admin.get("/api/v1/at/nosuch/audit"), 404),
            (admin.get("/api/v1/nowhere"), 404),
            (admin.get("/api/v1/at/union/audit?limit=-1"), 422),
        ):
            assert answer.status_code == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            assert answer.json()["title"]


def test_health(visitor: Walker) -> None:
    assert visitor.get("/healthz").json()["status"] == "ok"


def test_the_place_looked_into_last_is_where_home_leads(admin: Walker) -> None:
    admin.get("/at/baishui/users")
    assert admin.get("/").url.path == "/at/baishui/"


def test_a_picked_day_stays_in_the_addresses(admin: Walker) -> None:
    page = parse(admin.get("/at/union/users?date=2026-03-31").text)
    hrefs = [a.attributes["href"] or "" for a in page.css("#rail nav a")]
    assert all(href.endswith("?date=2026-03-31") for href in hrefs)


def test_languages_are_kept_with_the_person(admin: Walker) -> None:
    answer = admin.post("/preferences", {"language": "zh", "next": "/account"})
    assert "我的账户" in answer.text
    assert users.get(UNION, UserId("admin")).locale == "zh"
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert "登录" in admin.get("/signin").text
