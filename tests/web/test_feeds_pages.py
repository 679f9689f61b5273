from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import httpx
import pytest
from tests.support.deliveries import (
    DAY,
    FEEDS,
    NEXT,
    QINGHE,
    STAMP,
    WAITING,
    Delivered,
    SignIn,
    node,
    parse,
    rows,
    villages,
)

from titian.data.feeds import arrivals
from titian.kernel import audit, clock
from titian.kernel.clock import BANK_TZ
from titian.lake import store
from titian.lake.schema import Layer
from titian.web.walk import Walker


class TestFeeds:
    def test_it_works(self, wang: Walker) -> None:
        page = parse(wang.get(f"{FEEDS}?date={DAY}"))
        assert node(page, "h1").text() == "Feeds of 30 Mar 2026"
        assert [f.text() for f in page.css(".figure-value span")][:4] == ["1", "0", "0", "0"]
        cells = [cell.text(strip=True) for cell in page.css(".data-panel tbody td")]
        assert cells[:6] == ["Villages", "village", "Arrived", "60", "3", "3"]

    def test_a_refused_delivery_comes_first_in_red(self, wang: Walker) -> None:
        page = parse(wang.get(FEEDS))
        assert node(page, "tbody .state").text() == "Not accepted"
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

    @pytest.mark.parametrize(
        ("language", "said"),
        [
            ("zh", "信用村（credit_village） 代码未登记 ×9"),
            ("en", "Credit village (credit_village) Unknown code ×9"),
        ],
    )
    def test_a_refusal_names_columns_as_people_do(
        self, delivered: Delivered, as_user: SignIn, language: str, said: str
    ) -> None:
        delivered.put(f"VILLAGE_{STAMP}.dat", villages(*((n, 8, "X") for n in range(1, 10))))
        delivered.put(f"CONTROL_{STAMP}.ctl", [[f"VILLAGE_{STAMP}.dat", "60", ""]])
        delivered.load(DAY, "village")
        page = parse(as_user("wang", language).get(f"{FEEDS}/village/{DAY}"))
        assert said in node(page, ".notice[data-tone=bad]").text()
        state = node(page, ".state").text()
        assert state == ("已拒收" if language == "zh" else "Not accepted")

    @pytest.mark.usefixtures("broken")
    def test_who_may_not_mend_sees_no_rows(self, as_user: SignIn) -> None:
        text = as_user("sun").get(f"{FEEDS}/village/{DAY}").text
        assert "Mend 3 rows" not in text
        assert "Deliver again" not in text


class TestWithdraw:
    WHY = "sent for the wrong day"

    def test_it_works(self, wang: Walker) -> None:
        assert "Withdraw 30 Mar 2026" in wang.get(f"{FEEDS}/village/{DAY}").text
        fields = {"day": DAY.isoformat(), "reason": self.WHY}
        answer = wang.post(f"{FEEDS}/village/withdraw", fields)
        assert answer.url.path == f"{FEEDS}/village/{DAY}"
        assert "57 rows were taken out" in answer.text
        page = parse(answer)
        assert node(page, "h1 ~ .state, .state").text() == "Withdrawn"
        assert self.WHY in node(page, ".notice[data-tone=warn]").text()
        assert 'data-open="withdraw"' not in answer.text
        assert DAY not in store.dates(QINGHE, "raw.village")
        assert rows() == []
        listed = wang.get(f"{FEEDS}?date={DAY}")
        assert node(parse(listed), "tbody .state").text() == "Withdrawn"

    def test_the_tables_that_hold_it_are_named(self, wang: Walker) -> None:
        core = store.describe(QINGHE, "raw.village")
        made = replace(core, layer=Layer.CORE)
        store.write_date(QINGHE, made, DAY, made.arrow_schema().empty_table())
        fields = {"day": DAY.isoformat(), "reason": self.WHY}
        answer = wang.post(f"{FEEDS}/village/withdraw", fields)
        assert "Tables still hold what was made of it" in answer.text
        assert "/tables/core.village" in answer.text

    @pytest.mark.parametrize("reason", ["", "oops", "610102199001011234 asked us for it"])
    def test_a_reason_is_needed_that_tells_nobody(self, wang: Walker, reason: str) -> None:
        fields = {"day": DAY.isoformat(), "reason": reason}
        answer = wang.post(f"{FEEDS}/village/withdraw", fields)
        assert answer.status_code == 422
        assert "Nothing was withdrawn" in answer.text
        assert DAY in store.dates(QINGHE, "raw.village")

    @pytest.mark.usefixtures("broken")
    def test_in_chinese(self, as_user: SignIn) -> None:
        fields = {"day": DAY.isoformat(), "reason": "错"}
        answer = as_user("wang", "zh").post(f"{FEEDS}/village/withdraw", fields)
        assert "请说明原因，至少四个字" in answer.text

    @pytest.mark.usefixtures("broken")
    def test_who_may_not(self, as_user: SignIn) -> None:
        fields = {"day": DAY.isoformat(), "reason": self.WHY}
        assert as_user("sun").post(f"{FEEDS}/village/withdraw", fields).status_code == 403
        assert as_user("lin").post(f"{FEEDS}/village/withdraw", fields).status_code == 403
        assert DAY in store.dates(QINGHE, "raw.village")


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
