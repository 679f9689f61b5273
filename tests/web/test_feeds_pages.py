from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from titian.data.feeds import arrivals, quarantine, service
from titian.data.feeds.load import Order
from titian.data.feeds.quarantine import Filter, Waiting
from titian.data.feeds.record import RowStatus
from titian.data.jobs.tables import job_order
from titian.kernel import audit, clock, db, users
from titian.kernel.clock import BANK_TZ
from titian.kernel.ids import BankId, UserId
from titian.kernel.scope import Role, Scope
from titian.kernel.users import User
from titian.lake import store
from titian.web.pages import quarantine as quarantine_page
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
DAY = date(2026, 3, 30)
NEXT = date(2026, 3, 31)
STAMP = f"{DAY:%Y%m%d}"
S = "|@|"
QINGHE = Scope.system(BankId("qinghe"))
WAITING = "/at/qinghe/quarantine"
FEEDS = "/at/qinghe/feeds"
PARTY = (
    "P010000469|1|张春发|1|990001196503245353|1|19650324|15431062868|清禾县东河镇南白庄村10组|V010012"
    "|H01000232|2|1|1|2840.00|20230119|O010003|F010006|1|N"
)


def villages(*bad: tuple[int, int, str], many: int = 60) -> list[list[str]]:
    """Make a village file; each of `bad` puts a wrong text into a field of a row."""
    lines = [
        [f"V{n:03}", f"村{n}", "东河镇", "清禾县", "O010001", "G01", "F010001", "120", "Y"]
        for n in range(1, many + 1)
    ]
    for row, at, text in bad:
        lines[row - 1][at] = text
    return lines


BAD = ((1, 8, "X"), (2, 8, "X"), (3, 4, ""))


def parse(answer: httpx.Response) -> LexborHTMLParser:
    return LexborHTMLParser(answer.text)


def node(page: LexborHTMLParser, css: str) -> LexborNode:
    found = page.css_first(css)
    assert found is not None, css
    return found


@dataclass(frozen=True)
class Delivered:
    folder: Path

    def put(self, name: str, lines: list[list[str]]) -> None:
        text = "".join(S.join(line) + "\n" for line in lines)
        (self.folder / name).write_bytes(text.encode("gb18030"))

    def load(self, day: date, *feeds: str, at: time = time(1, 30)) -> None:
        with clock.frozen(datetime.combine(day + timedelta(days=1), at, BANK_TZ)):
            service.load(QINGHE, self.folder, Order(day, day), feeds=feeds)


@pytest.fixture
def delivered(people: None, tmp_path: Path) -> Delivered:
    union = Scope.system(None)
    people_here = (("wang", "qinghe", Role.OPERATOR), ("lin", "baishui", Role.OPERATOR))
    for name, bank, role in people_here:
        new = User(UserId(name), name.capitalize(), BankId(bank), frozenset({role}), 2)
        users.create(union, new, "terrace field water")
    folder = tmp_path / "delivery"
    folder.mkdir()
    return Delivered(folder)


@pytest.fixture
def broken(delivered: Delivered) -> Delivered:
    """Deliver villages with three bad rows, and then a day whose control file disagrees."""
    for day, bad, said in ((DAY, BAD, 60), (NEXT, (), 61)):
        stamp = f"{day:%Y%m%d}"
        delivered.put(f"VILLAGE_{stamp}.dat", villages(*bad))
        delivered.put(f"CONTROL_{stamp}.ctl", [[f"VILLAGE_{stamp}.dat", str(said), ""]])
        delivered.load(day, "village")
    return delivered


@pytest.fixture
def wang(as_user: SignIn, broken: Delivered) -> Walker:
    """Give the browser of the bank's operator."""
    return as_user("wang")


def rows(status: RowStatus = RowStatus.OPEN) -> list[Waiting]:
    return list(quarantine.quarantine(QINGHE, Filter(status=status)).rows)


def held_rows() -> int:
    return int(store.read(QINGHE, "raw.village", business_date=DAY).num_rows)


class TestFeeds:
    def test_it_works(self, wang: Walker) -> None:
        page = parse(wang.get(f"{FEEDS}?date={DAY}"))
        assert node(page, "h1").text() == "Feeds of 30 Mar 2026"
        assert [f.text() for f in page.css(".figure-value span")][:4] == ["1", "0", "0", "0"]
        cells = [cell.text(strip=True) for cell in page.css(".data-panel tbody td")]
        assert cells[:6] == ["Villages", "village", "Arrived", "60", "3", "3"]

    def test_a_refused_delivery_comes_first_in_red(self, wang: Walker) -> None:
        page = parse(wang.get(FEEDS))
        assert node(page, "tbody .state").text() == "Refused"
        assert page.css(".figure[data-tone=bad]")

    def test_states_filter(self, wang: Walker) -> None:
        assert "Nothing fits" in wang.get(f"{FEEDS}?date={DAY}&state=missing").text
        assert "Villages" in wang.get(f"{FEEDS}?date={DAY}&state=arrived").text

    def test_a_missing_delivery_is_said_with_its_file(self, wang: Walker) -> None:
        with clock.frozen(datetime(2026, 4, 3, 9, tzinfo=BANK_TZ)):
            page = wang.get(f"{FEEDS}/village/2026-04-01")
        assert "VILLAGE_20260401.dat" in page.text

    @pytest.mark.usefixtures("broken")
    def test_the_union_sees_every_bank(self, admin: Walker) -> None:
        page = parse(admin.get(f"/at/union/feeds?date={NEXT}"))
        assert "Qinghe" in node(page, ".panel-list").text()
        assert len(page.css(".data-panel tbody tr")) == 2

    def test_another_banks_feeds_are_not_shown(self, wang: Walker, as_user: SignIn) -> None:
        assert wang.get("/at/baishui/feeds").status_code == 403
        assert as_user("lin").get(FEEDS).status_code == 403

    @pytest.mark.usefixtures("delivered")
    def test_nothing_yet(self, as_user: SignIn) -> None:
        assert "No feeds on this day" in as_user("wang").get(FEEDS).text

    def test_the_home_card_counts(self, wang: Walker) -> None:
        assert "1 refused" in wang.get("/at/qinghe/cards/feeds").text

    def test_feeds_are_found_by_search(self, wang: Walker) -> None:
        assert f"{FEEDS}/village" in wang.get("/at/qinghe/search?q=village").text

    def test_every_act_has_a_name(self, wang: Walker) -> None:
        from titian.web.pages.audit import act_words

        wang.post(f"{WAITING}/{rows()[0].row_id}/cell", {"value": "Y"})
        assert {one for one in audit.actions() if one.startswith("feeds.")} <= set(act_words())


class TestFeed:
    @pytest.mark.parametrize("part", ["", "/contract", "/drift", "/lineage"])
    def test_it_works(self, wang: Walker, part: str) -> None:
        answer = wang.get(f"{FEEDS}/village{part}")
        assert answer.status_code == 200
        assert node(parse(answer), "h1").text() == "Villages"

    def test_the_contract_stands_in_words(self, wang: Walker) -> None:
        text = wang.get(f"{FEEDS}/village/contract").text
        for words in ("every day, by 03:00", "VILLAGE_{yyyymmdd}.dat", "GB18030", "≥ 0", "2 codes"):
            assert words in text

    @pytest.mark.usefixtures("broken")
    def test_in_chinese(self, as_user: SignIn) -> None:
        text = as_user("wang", "zh").get(f"{FEEDS}/village/contract").text
        assert "数据契约" in text
        assert "行政村" in text

    def test_drift_is_listed(self, wang: Walker) -> None:
        assert "X" in node(parse(wang.get(f"{FEEDS}/village/drift")), "td.main").text()

    def test_what_it_holds_up_is_drawn(self, wang: Walker) -> None:
        assert "core.village" in wang.get(f"{FEEDS}/village/lineage").text

    @pytest.mark.parametrize("path", ["nosuch", "village/2026-13-01", "village/arr_none"])
    def test_what_is_not_there(self, wang: Walker, path: str) -> None:
        assert wang.get(f"{FEEDS}/{path}").status_code in (404, 422)

    def test_an_arrival_of_another_feed_is_not_this_feeds(self, wang: Walker) -> None:
        found = arrivals.deliveries(QINGHE, "village", DAY)[0].arrival_id
        assert wang.get(f"{FEEDS}/village/{found}").status_code == 200
        assert wang.get(f"{FEEDS}/loan/{found}").status_code == 404


class TestArrival:
    def test_it_works(self, wang: Walker) -> None:
        text = wang.get(f"{FEEDS}/village/{DAY}").text
        for words in (f"VILLAGE_{STAMP}.dat", "agrees", "Unknown code", "Mend 3 rows", "Line 1"):
            assert words in text

    def test_a_refusal_says_what_to_do(self, wang: Walker) -> None:
        page = parse(wang.get(f"{FEEDS}/village/{NEXT}"))
        notice = node(page, ".notice[data-tone=bad]").text()
        assert "60 rows" in notice
        assert "61" in notice
        assert "ask for a new delivery" in notice
        assert "differs" in node(page, "table").text()

    @pytest.mark.usefixtures("broken")
    def test_who_may_not_mend_sees_no_rows(self, as_user: SignIn) -> None:
        text = as_user("sun").get(f"{FEEDS}/village/{DAY}").text
        assert "Mend 3 rows" not in text
        assert "Deliver again" not in text


class TestDeliver:
    def send(
        self, walker: Walker, files: dict[str, tuple[str, bytes]], day: date
    ) -> httpx.Response:
        data = {"csrf_token": walker.token("/account"), "day": day.isoformat()}
        return walker.client.post(
            f"{FEEDS}/village/deliver", data=data, files=files, headers={"origin": walker.origin}
        )

    def files(self, delivered: Delivered, said: int = 60) -> dict[str, tuple[str, bytes]]:
        name, control = f"VILLAGE_{NEXT:%Y%m%d}.dat", f"CONTROL_{NEXT:%Y%m%d}.ctl"
        delivered.put(control, [[name, str(said), ""]])
        folder = delivered.folder
        return {
            "data": (name, (folder / name).read_bytes()),
            "control": (control, (folder / control).read_bytes()),
        }

    def test_it_works(self, wang: Walker, broken: Delivered) -> None:
        answer = self.send(wang, self.files(broken), NEXT)
        assert answer.url.path == f"{FEEDS}/village/{NEXT}"
        assert "60 rows went in" in answer.text
        assert store.read(QINGHE, "raw.village", business_date=NEXT).num_rows == 60
        assert not list((broken.folder.parent / "home" / "uploads").iterdir())

    def test_a_refused_one_changes_nothing(self, wang: Walker, broken: Delivered) -> None:
        answer = self.send(wang, self.files(broken, said=9), NEXT)
        assert "the date keeps what it had" in answer.text
        assert NEXT not in store.dates(QINGHE, "raw.village")

    def test_without_its_control_file(self, wang: Walker, broken: Delivered) -> None:
        files = self.files(broken)
        del files["control"]
        answer = self.send(wang, files, NEXT)
        assert answer.status_code == 422
        assert "Choose a file." in answer.text

    def test_another_name_is_told_the_right_one(self, wang: Walker, broken: Delivered) -> None:
        files = self.files(broken)
        files["data"] = ("other.dat", b"x")
        answer = self.send(wang, files, NEXT)
        assert answer.status_code == 422
        assert "VILLAGE_20260331.dat" in node(parse(answer), ".notice[data-tone=bad]").text()

    @pytest.mark.parametrize("name", ["../../VILLAGE_20260331.dat", "..\\VILLAGE_20260331.dat"])
    def test_a_path_is_only_its_name(self, wang: Walker, broken: Delivered, name: str) -> None:
        files = self.files(broken)
        files["data"] = (name, files["data"][1])
        assert self.send(wang, files, NEXT).status_code == 200
        assert not (broken.folder.parent / "home" / "VILLAGE_20260331.dat").exists()

    def test_who_may_not_load_is_refused(self, as_user: SignIn, broken: Delivered) -> None:
        assert self.send(as_user("sun"), self.files(broken), NEXT).status_code == 403
        assert self.send(as_user("lin"), self.files(broken), NEXT).status_code == 403


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
        history = quarantine.repairs(QINGHE, first.row_id)
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
