from __future__ import annotations

import httpx
import pytest
from sqlalchemy import insert, update
from tests.support.deliveries import (
    DAY,
    FEEDS,
    NEXT,
    PARTY,
    QINGHE,
    STAMP,
    WAITING,
    Delivered,
    S,
    SignIn,
    held_rows,
    node,
    parse,
    rows,
    villages,
)

from titian.data.feeds import arrivals, quarantine
from titian.data.feeds.quarantine import HistoryFilter, Waiting
from titian.data.feeds.record import RowStatus
from titian.data.feeds.tables import feed_drift, feed_quarantine
from titian.data.jobs.tables import job_order
from titian.kernel import audit, banks, clock, db, users
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.lake import store
from titian.web.pages import quarantine as quarantine_page
from titian.web.walk import Walker


class TestQuarantine:
    def test_it_works(self, wang: Walker) -> None:
        page = parse(wang.get(WAITING))
        assert len(page.css("table.quarantine tbody tr")) == 3
        assert "not in the code list" in node(page, ".what-wrong").text()
        assert [one.attributes["value"] for one in page.css("form.mend option")][:3] == [
            "X",
            "Y",
            "N",
        ]
        assert "Unknown code" in page.text()

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("feed=village", 3),
            ("feed=loan", 0),
            (f"day={DAY}", 3),
            ("day=2020-01-01", 0),
            ("reason=code", 2),
            ("reason=nonsense", 3),
            ("day=never", 3),
        ],
    )
    def test_filters(self, wang: Walker, query: str, found: int) -> None:
        page = parse(wang.get(f"{WAITING}?{query}"))
        assert len(page.css("table.quarantine tbody tr")) == found

    def test_mending_in_the_grid(self, wang: Walker) -> None:
        row = rows()[0]
        fields = {"csrf_token": wang.token(WAITING), "value": "N"}
        headers = {"origin": wang.origin, "hx-request": "true"}
        answer = wang.client.post(f"{WAITING}/{row.row_id}/cell", data=fields, headers=headers)
        assert "Mended" in answer.text
        assert answer.headers["hx-trigger"] == "mended"
        assert [one.row_id for one in rows(RowStatus.FIXED)] == [row.row_id]
        assert "Replay" in wang.get(f"{WAITING}/ready").text
        assert parse(wang.get(f"{WAITING}/tabs")).css(".count")[1].text() == "1"

    def test_a_value_that_is_still_wrong_stays(self, wang: Walker) -> None:
        row = rows()[0]
        answer = wang.post(f"{WAITING}/{row.row_id}/cell", {"value": "Q"})
        assert "still wrong" in answer.text
        assert len(rows()) == 3

    @pytest.mark.usefixtures("broken")
    def test_another_banks_rows_are_out_of_reach(self, as_user: SignIn) -> None:
        row = rows()[0].row_id
        lin = as_user("lin")
        assert lin.get(f"{WAITING}/{row}").status_code == 403
        assert lin.get(f"/at/baishui/quarantine/{row}").status_code == 404
        answer = lin.post(f"/at/baishui/quarantine/{row}/cell", {"value": "Y"})
        assert answer.status_code == 404
        assert lin.post(f"{WAITING}/{row}/cell", {"value": "Y"}).status_code == 403
        assert as_user("sun").get(WAITING).status_code == 403

    def test_an_unknown_row_is_not_found(self, wang: Walker) -> None:
        assert wang.get(f"{WAITING}/row_none").status_code == 404

    def test_discarding_needs_a_reason(self, wang: Walker) -> None:
        picked = [row.row_id for row in rows()[:2]]
        assert "Say why" in wang.post(f"{WAITING}/discard", {"row": picked}).text
        assert "Tick the rows" in wang.post(f"{WAITING}/discard", {"note": "twice"}).text
        answer = wang.post(f"{WAITING}/discard", {"row": picked, "note": "sent twice"})
        assert "2 rows discarded." in answer.text
        assert len(rows()) == 1
        history = wang.get(f"{WAITING}/history").text
        assert "sent twice" in history
        assert "Discarded a row" in history

    def test_discarding_is_bounded(self, wang: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quarantine_page, "MAX_DISCARDED", 1)
        picked = [row.row_id for row in rows()]
        wang.post(f"{WAITING}/discard", {"row": picked, "note": "sent twice"})
        assert len(rows()) == 2

    def test_the_same_mistake_is_mended_at_once(self, wang: Walker) -> None:
        asked = {"feed": "village", "column": "credit_village", "reason": "code"}
        path = f"{WAITING}/alike?feed=village&column=credit_village&reason=code"
        page = parse(wang.get(path))
        assert "2 rows" in node(page, "h1").text()
        nothing = wang.post(f"{WAITING}/alike", {**asked, "from-0": "X", "to-0": ""})
        assert nothing.status_code == 422
        answer = wang.post(f"{WAITING}/alike", {**asked, "from-0": "X", "to-0": "Y"})
        assert "2 rows mended." in answer.text
        assert len(rows(RowStatus.FIXED)) == 2

    @pytest.mark.usefixtures("wang")
    def test_the_union_sees_how_many_wait_at_which_bank(self, admin: Walker) -> None:
        page = parse(admin.get("/at/union/quarantine"))
        first = page.css_first("tbody tr")
        assert first is not None
        assert node(page, "td.main a").attributes["href"] == "/at/qinghe/quarantine"
        assert str(len(rows())) in first.text()
        assert len(page.css("tbody tr")) == len(banks.all_banks())

    def test_values_beyond_the_page_are_told(
        self, wang: Walker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("titian.web.pages.quarantine.MAX_KINDS", 0)
        path = f"{WAITING}/alike?feed=village&column=credit_village&reason=code"
        assert "0 of 1 wrong values are shown" in wang.get(path).text

    @pytest.mark.parametrize(
        "query",
        ["", "feed=village&column=no&reason=code", "feed=village&column=org_id&reason=code"],
    )
    def test_no_such_mistake(self, wang: Walker, query: str) -> None:
        assert wang.get(f"{WAITING}/alike?{query}").status_code == 404

    @pytest.mark.usefixtures("broken")
    def test_an_export_holds_no_values(self, admin: Walker) -> None:
        text = admin.get(f"{WAITING}?export=csv").text
        assert "credit_village" in text
        assert "东河镇" not in text


class TestInTheClear:
    @pytest.fixture
    def row(self, delivered: Delivered) -> str:
        union = Scope.system(None)
        new = User(UserId("guan"), "Guan", BankId("qinghe"), frozenset({Role.DATA_STEWARD}), 4)
        users.create(union, new, "terrace field water")
        parties = [PARTY.split("|") for _ in range(30)]
        for number, party in enumerate(parties):
            party[0] = f"P{number:09}"
        parties[0][6] = "not a day"
        delivered.put(f"PARTY_{STAMP}.dat", parties)
        delivered.put(f"CONTROL_{STAMP}.ctl", [[f"PARTY_{STAMP}.dat", "30", ""]])
        delivered.load(DAY, "party")
        (found,) = rows()
        return found.row_id

    def test_a_steward_sees_and_mends_a_row(self, as_user: SignIn, row: str) -> None:
        walker = as_user("guan")
        masked = walker.get(f"{WAITING}/{row}").text
        assert "张春发" not in masked
        clear = walker.post(f"{WAITING}/{row}/clear", {"reason": "compare with the paper"})
        assert "张春发" in clear.text
        mended = walker.post(f"{WAITING}/{row}/cell", {"value": "19650324"})
        assert "Mended" in mended.text

    @pytest.mark.parametrize(
        ("reason", "message"),
        [
            ("look at 990001196503245353", "number that may be somebody"),
            ("call 154 3106 2868 back", "number that may be somebody"),
            ("ask 张春发 about it", "repeats what the row holds"),
            ("why", "at least four characters"),
        ],
    )
    def test_a_reason_that_tells_whose_it_is_shows_nothing(
        self, as_user: SignIn, row: str, reason: str, message: str
    ) -> None:
        answer = as_user("guan").post(f"{WAITING}/{row}/clear", {"reason": reason})
        assert answer.status_code == 422
        assert message in node(parse(answer), ".notice[data-tone=bad]").text()
        assert "990001196503245353" not in answer.text
        assert not audit.entries(QINGHE, action="feeds.unmask")

    def test_the_operator_may_not(self, as_user: SignIn, row: str) -> None:
        walker = as_user("wang")
        assert "Show in the clear" not in walker.get(f"{WAITING}/{row}").text
        assert walker.post(f"{WAITING}/{row}/clear", {"reason": "compare it"}).status_code == 403


class TestHostileText:
    """What a sender writes into cells, names and headings is text on a page, and nothing else."""

    SCRIPT = "<script>alert(1)</script>"
    ATTRIBUTE = '" autofocus onfocus="alert(1)'

    @pytest.fixture
    def hostile(self, delivered: Delivered) -> Delivered:
        bad = ((1, 8, self.SCRIPT), (2, 8, self.ATTRIBUTE), (3, 7, self.SCRIPT))
        lines = villages(*bad)
        lines[2][1] = self.ATTRIBUTE
        delivered.put(f"VILLAGE_{STAMP}.dat", lines)
        delivered.put(f"CONTROL_{STAMP}.ctl", [[f"VILLAGE_{STAMP}.dat", "60", ""]])
        delivered.load(DAY, "village")
        drift: dict[str, object] = {
            "bank": "qinghe",
            "feed": "village",
            "kind": "extra",
            "column_name": self.SCRIPT,
        }
        drift |= {"drift_id": "d", "detail": "", "first_date": DAY, "last_date": DAY}
        drift |= {"deliveries": 1, "rows": 0, "first_seen": clock.now(), "last_seen": clock.now()}
        with db.begin() as connection:
            connection.execute(insert(feed_drift), [drift])
            connection.execute(update(feed_quarantine).values(file="=cmd|' /C calc'!A0"))
        return delivered

    def inert(self, answer: httpx.Response) -> None:
        assert answer.status_code in (200, 422)
        page = parse(answer)
        assert not [one for one in page.css("script") if "alert" in one.text()]
        for one in page.css("*"):
            assert not [name for name in one.attributes if name.startswith("on")], one.html

    @pytest.mark.usefixtures("hostile")
    def test_it_is_inert_on_every_page(self, as_user: SignIn) -> None:
        walker = as_user("wang")
        found = rows()
        assert len(found) == 3
        alike = "column=households&reason=type"
        paths = [FEEDS, f"{FEEDS}/village", f"{FEEDS}/village/{DAY}", f"{FEEDS}/village/drift"]
        paths += [WAITING, f"{WAITING}/history", f"{WAITING}/alike?feed=village&{alike}"]
        paths += [f"{WAITING}/{row.row_id}" for row in found]
        for path in paths:
            self.inert(walker.get(path))
        assert "&lt;script&gt;" in walker.get(f"{FEEDS}/village/drift").text
        self.inert(walker.post(f"{WAITING}/{found[0].row_id}/cell", {"value": self.SCRIPT}))
        note = {"v-households": self.ATTRIBUTE, "note": self.SCRIPT}
        self.inert(walker.post(f"{WAITING}/{found[2].row_id}", note))
        self.inert(walker.get(f"{WAITING}/history"))
        self.inert(walker.get(f"{WAITING}/{found[2].row_id}"))

    @pytest.mark.usefixtures("hostile")
    def test_a_list_taken_out_holds_no_formula(self, admin: Walker) -> None:
        lines = admin.get(f"{WAITING}?export=csv").text.splitlines()[1:]
        assert len(lines) == 3
        assert all("'=cmd" in line for line in lines)


class TestRow:
    def test_it_works(self, wang: Walker) -> None:
        page = parse(wang.get(f"{WAITING}/{rows()[0].row_id}"))
        wrong = node(page, "[data-invalid=true]")
        assert "Credit village" in wrong.text()
        assert node(page, "#f-v-name").attributes["value"] == "村1"
        assert "Nobody touched it yet." in page.text()

    def test_saving_goes_to_the_next_row(self, wang: Walker) -> None:
        first, second, _third = rows()
        page = parse(wang.get(f"{WAITING}/{first.row_id}"))
        fields = {
            str(one.attributes["name"]): one.attributes.get("value") or ""
            for one in page.css(".fields-grid input")
        }
        fields |= {"v-credit_village": "Y", "note": "old code", "next": "yes"}
        answer = wang.post(f"{WAITING}/{first.row_id}", fields)
        assert answer.url.path == f"{WAITING}/{second.row_id}"
        history = quarantine.history(QINGHE, HistoryFilter(row_id=first.row_id)).acts
        assert [(one.user, one.columns, one.note) for one in history] == [
            ("wang", ["credit_village"], "old code")
        ]

    def test_what_is_still_wrong_is_shown_at_once(self, wang: Walker) -> None:
        row = rows()[0].row_id
        fields = self.fields(wang, row) | {"v-credit_village": "Y", "v-households": "many"}
        answer = wang.post(f"{WAITING}/{row}", fields)
        assert answer.status_code == 422
        assert "Households" in node(parse(answer), "[data-invalid=true]").text()

    def test_nothing_changed(self, wang: Walker) -> None:
        row = rows()[0].row_id
        answer = wang.post(f"{WAITING}/{row}", self.fields(wang, row) | {"v-credit_village": "X"})
        assert answer.status_code == 422
        assert "Nothing was changed." in answer.text

    def test_the_whole_line(self, wang: Walker) -> None:
        row = rows()[0].row_id
        torn = wang.post(f"{WAITING}/{row}", {"line": "half a line"})
        assert torn.status_code == 422
        assert wang.post(f"{WAITING}/{row}", {"line": S.join(villages()[0])}).status_code == 200
        assert len(rows(RowStatus.FIXED)) == 1

    def test_discarding(self, wang: Walker) -> None:
        row = rows()[0].row_id
        wang.post(f"{WAITING}/{row}/discard", {"note": ""})
        assert len(rows()) == 3
        wang.post(f"{WAITING}/{row}/discard", {"note": "a test village"})
        assert len(rows()) == 2
        page = wang.get(f"{WAITING}/{row}")
        assert "Its content was deleted" in page.text
        again = wang.post(f"{WAITING}/{row}", {"line": "x"})
        assert again.status_code == 422

    def test_a_note_has_a_limit(self, wang: Walker) -> None:
        row = rows()[0].row_id
        fields = self.fields(wang, row) | {"v-credit_village": "Y", "note": "x" * 501}
        assert wang.post(f"{WAITING}/{row}", fields).status_code == 422

    def fields(self, walker: Walker, row: str) -> dict[str, str]:
        page = parse(walker.get(f"{WAITING}/{row}"))
        return {
            str(one.attributes["name"]): one.attributes.get("value") or ""
            for one in page.css(".fields-grid input")
        }


class TestPersonalData:
    @pytest.fixture
    def party(self, delivered: Delivered) -> Waiting:
        lines = []
        for number in range(30):
            line = PARTY.split("|")
            line[0] = f"P{number:09}"
            lines.append(line)
        lines[4][7] = "no phone"
        delivered.put(f"PARTY_{STAMP}.dat", lines)
        delivered.put(f"CONTROL_{STAMP}.ctl", [[f"PARTY_{STAMP}.dat", "30", ""]])
        delivered.load(DAY, "party")
        return rows()[0]

    def test_it_is_masked_everywhere(self, party: Waiting, as_user: SignIn) -> None:
        wang = as_user("wang")
        for path in (WAITING, f"{WAITING}/{party.row_id}", f"{FEEDS}/party/{DAY}"):
            text = wang.get(path).text
            assert "张春发" not in text
            assert "990001196503245353" not in text
            assert "no phone" not in text

    def test_what_is_hidden_stays_when_left_empty(self, party: Waiting, as_user: SignIn) -> None:
        wang = as_user("wang")
        page = parse(wang.get(f"{WAITING}/{party.row_id}"))
        fields = {
            str(one.attributes["name"]): one.attributes.get("value") or ""
            for one in page.css(".fields-grid input")
        }
        wang.post(f"{WAITING}/{party.row_id}", fields | {"v-phone": "15431062868"})
        wang.post(f"{WAITING}/replay", {"arrival": party.arrival_id})
        table = store.read(QINGHE, "raw.party", business_date=DAY)
        kept = [one for one in table.to_pylist() if one["party_id"] == "P000000004"]
        assert [(one["name"], one["phone"]) for one in kept] == [("张春发", "15431062868")]

    def test_looking_in_the_clear_needs_the_right(self, party: Waiting, as_user: SignIn) -> None:
        answer = as_user("wang").post(f"{WAITING}/{party.row_id}/clear", {"reason": "a call"})
        assert answer.status_code == 403


class TestReplay:
    def mend_all(self, walker: Walker) -> str:
        for row in rows():
            value = "Y" if row.column == "credit_village" else "O010002"
            walker.post(f"{WAITING}/{row.row_id}/cell", {"value": value})
        return arrivals.deliveries(QINGHE, "village", DAY)[0].arrival_id

    def test_the_whole_way_from_red_to_running_again(self, wang: Walker) -> None:
        assert held_rows() == 57
        arrival = self.mend_all(wang)
        assert "Replay" in wang.get(f"{WAITING}/mended").text
        done = wang.post(f"{WAITING}/replay", {"arrival": arrival})
        assert node(parse(done), "h1").text() == "3 rows went in"
        assert "core.village" in done.text
        assert held_rows() == 60
        fields = {"feed": "village", "first": DAY.isoformat(), "last": DAY.isoformat()}
        board = wang.post(f"{WAITING}/again", fields)
        assert board.url.path == "/at/qinghe/runs"
        with db.read() as connection:
            order = connection.execute(job_order.select()).one()
        assert "core.village" in str(order)
        history = wang.get(f"{WAITING}/history").text
        assert "Replayed a row" in history

    def test_what_is_still_wrong_keeps_waiting(self, wang: Walker) -> None:
        first = rows()[0]
        wang.post(f"{WAITING}/{first.row_id}/cell", {"value": "Y"})
        done = wang.post(f"{WAITING}/replay", {"arrival": first.arrival_id})
        assert node(parse(done), "h1").text() == "1 row went in"
        assert "some still wait" in done.text
        assert (held_rows(), len(rows())) == (58, 2)

    def test_nothing_chosen(self, wang: Walker) -> None:
        assert "No delivery was chosen." in wang.post(f"{WAITING}/replay").text

    def test_a_refused_delivery_says_why_not(self, wang: Walker) -> None:
        refused = arrivals.deliveries(QINGHE, "village", NEXT)[0].arrival_id
        done = wang.post(f"{WAITING}/replay", {"arrival": refused})
        assert "is rejected" in done.text

    def test_another_banks_delivery_is_not_found(self, wang: Walker, as_user: SignIn) -> None:
        arrival = self.mend_all(wang)
        answer = as_user("lin").post("/at/baishui/quarantine/replay", {"arrival": arrival})
        assert answer.status_code == 404
        assert held_rows() == 57

    def test_running_again_needs_jobs(self, wang: Walker) -> None:
        fields = {"feed": "nosuch", "first": DAY.isoformat(), "last": DAY.isoformat()}
        assert wang.post(f"{WAITING}/again", fields).status_code == 404
        bad = wang.post(f"{WAITING}/again", {"feed": "village", "first": "x", "last": "y"})
        assert bad.status_code == 422

    def test_running_again_from_the_delivery(self, wang: Walker) -> None:
        answer = wang.post(f"{FEEDS}/village/again", {"day": DAY.isoformat(), "later": "yes"})
        assert answer.url.path == "/at/qinghe/runs"
