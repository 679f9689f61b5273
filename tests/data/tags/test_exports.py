from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from titian.data.tags import audiences, exports, people, saved
from titian.data.tags.exports import Purpose, Status
from titian.data.tags.lake import AUDIENCE
from titian.kernel import audit, clock
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope
from titian.lake import store as lake

LAST = date(2026, 3, 31)
COLUMNS = ("party_id", "name", "phone", "aum_fen")


def person(bank: Scope, user: str, role: Role = Role.ANALYST, clearance: int = 3) -> Scope:
    return Scope(UserId(user), bank.bank, frozenset({role}), clearance)


def request(scope: Scope, purpose: Purpose = Purpose.MARKETING, **more: bool) -> exports.Export:
    one = saved.save(scope, f"客群 {scope.user} {purpose}", "opt_out OR borrower")
    return exports.request(scope, one.audience_id, COLUMNS, purpose, "春耕回访", **more)


def test_it_works(sample_bank: Scope) -> None:
    ann, bob = person(sample_bank, "ann"), person(sample_bank, "bob")
    made = request(ann)
    count = audiences.count(ann, "opt_out OR borrower")
    assert made.members == count.reachable < count.members
    with pytest.raises(Conflict, match="is requested"):
        exports.rows(ann, made.export_id)
    approved = exports.decide(bob, made.export_id, approve=True)
    assert (approved.status, approved.decided_by) == (Status.APPROVED, "bob")
    rows = exports.rows(ann, made.export_id)
    assert rows.column_names == list(COLUMNS)
    assert rows.num_rows == made.members
    assert exports.get(ann, made.export_id).downloads == 1
    assert all(name.endswith("*") for name in rows.column("name").to_pylist())
    assert all("****" in phone for phone in rows.column("phone").to_pylist())
    acts = [entry.action for entry in audit.entries(sample_bank, contains=made.export_id)]
    assert acts == [
        "audience.export.take", "audience.export.approved", "audience.export.request",
    ]  # fmt: skip


def test_refusals_stay_out_of_marketing_only(sample_bank: Scope) -> None:
    ann = person(sample_bank, "ann")
    marketing, risk = request(ann), request(ann, Purpose.RISK)
    assert risk.members == audiences.count(ann, "opt_out OR borrower").members
    assert marketing.members < risk.members


def test_clear_rows_need_unmask_and_a_second_person(sample_bank: Scope) -> None:
    with pytest.raises(Denied, match="unmask"):
        request(person(sample_bank, "ann"), clear=True)
    officer = person(sample_bank, "ris", Role.RISK_OFFICER)
    made = request(officer, Purpose.RISK, clear=True)
    with pytest.raises(Denied, match="your own request"):
        exports.decide(officer, made.export_id, approve=True)
    exports.decide(person(sample_bank, "bob"), made.export_id, approve=True)
    names = exports.rows(officer, made.export_id).column("name").to_pylist()
    assert not any(name.endswith("*") for name in names)


def test_a_refused_or_old_approval_gives_no_rows(sample_bank: Scope) -> None:
    ann, bob = person(sample_bank, "ann"), person(sample_bank, "bob")
    refused = request(ann)
    exports.decide(bob, refused.export_id, approve=False, comment="太多")
    with pytest.raises(Conflict, match="is refused"):
        exports.rows(ann, refused.export_id)
    with pytest.raises(Conflict, match="refused already"):
        exports.decide(bob, refused.export_id, approve=True)
    old = request(ann, Purpose.SERVICE)
    exports.decide(bob, old.export_id, approve=True)
    with clock.frozen(clock.now() + timedelta(8)), pytest.raises(Conflict, match="days old"):
        exports.rows(ann, old.export_id)


def test_only_who_asked_takes_the_rows(sample_bank: Scope) -> None:
    made = request(person(sample_bank, "ann"))
    exports.decide(person(sample_bank, "bob"), made.export_id, approve=True)
    with pytest.raises(Denied, match="ann asked"):
        exports.rows(person(sample_bank, "bob"), made.export_id)


def test_what_is_taken_is_what_was_approved(sample_bank: Scope) -> None:
    ann = person(sample_bank, "ann")
    made = request(ann)
    exports.decide(person(sample_bank, "bob"), made.export_id, approve=True)
    saved.change(ann, made.audience_id, expression="borrower OR NOT borrower")
    assert exports.rows(ann, made.export_id).num_rows == made.members


@pytest.mark.parametrize(
    ("columns", "reason", "error", "words"),
    [
        (("party_id",), "  ", InvalidInput, "needs a reason"),
        ((), "回访客户", InvalidInput, "no columns"),
        (("id_no",), "回访客户", InvalidInput, "no column id_no"),
        (("party_id; DROP",), "回访客户", InvalidInput, "no column"),
        (("overdue_days",), "回访客户", Denied, "above your clearance"),
    ],
)
def test_bad_requests_are_refused(
    sample_bank: Scope,
    columns: tuple[str, ...],
    reason: str,
    error: type[Exception],
    words: str,
) -> None:
    scope = person(sample_bank, "ann", clearance=2)
    one = saved.save(scope, "客群", "borrower")
    with pytest.raises(error, match=words):
        exports.request(scope, one.audience_id, columns, Purpose.SERVICE, reason)
    assert exports.find(scope) == []


def test_export_needs_its_permission_and_bank(sample_bank: Scope, baishui: Scope) -> None:
    made = request(person(sample_bank, "ann"))
    with pytest.raises(Denied, match="may not export"):
        exports.find(person(sample_bank, "lou", Role.LOAN_OFFICER))
    with pytest.raises(NotFound):
        exports.get(baishui, made.export_id)


def test_a_sample_is_masked(sample_bank: Scope) -> None:
    rows = people.sample(person(sample_bank, "ann"), "borrower", limit=5)
    assert rows.num_rows == 5
    assert all(name.endswith("*") for name in rows.column("name").to_pylist())
    low = people.sample(person(sample_bank, "ann", clearance=2), "borrower", limit=5)
    assert set(low.column("name").to_pylist()) == {"***"}
    with pytest.raises(Denied, match="view customers"):
        people.sample(person(sample_bank, "d", Role.DATA_ENGINEER), "borrower")


def test_saved_audiences_have_owners_and_names(sample_bank: Scope) -> None:
    ann, bob = person(sample_bank, "ann"), person(sample_bank, "bob")
    one = saved.save(ann, " 农户 ", "borrower", "贷款农户")
    assert (one.name, one.owner, one.expression) == ("农户", "ann", "borrower")
    with pytest.raises(Conflict, match="already"):
        saved.save(bob, "农户", "time_depositor")
    with pytest.raises(Denied, match="belongs to ann"):
        saved.change(bob, one.audience_id, name="我的")
    with pytest.raises(InvalidInput, match="no field borower"):
        saved.change(ann, one.audience_id, expression="borower")
    with pytest.raises(InvalidInput, match="needs a name"):
        saved.save(ann, " ", "borrower")
    saved.archive(ann, one.audience_id)
    assert saved.find(ann) == []
    saved.save(bob, "农户", "time_depositor")
    assert [two.owner for two in saved.find(ann, "农")] == ["bob"]


def test_the_night_takes_stock_of_saved_audiences(
    sample_bank: Scope, run_job: Callable[..., object]
) -> None:
    ann = person(sample_bank, "ann")
    saved.save(ann, "富裕客户", "aum_fen > 9100000")
    run_job(sample_bank, AUDIENCE, LAST - timedelta(90), LAST)
    rows = lake.read(sample_bank, AUDIENCE).sort_by("business_date").to_pylist()
    assert [row["business_date"] for row in rows] == [LAST - timedelta(90), LAST]
    assert rows[0]["entered"] is None
    assert rows[1]["members"] == audiences.count(ann, "aum_fen > 9100000").members
    moved = audiences.movement(ann, "aum_fen > 9100000", LAST - timedelta(1), LAST)
    assert (rows[1]["entered"], rows[1]["gone"]) == (moved.entered, moved.gone)
