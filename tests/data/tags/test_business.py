from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from titian.data.tags import audiences, business, catalogue, store
from titian.data.tags.business import Proposal, Status
from titian.data.tags.lake import TAG
from titian.data.tags.model import Source, Subject
from titian.decide import ConditionError
from titian.kernel import audit
from titian.kernel.errors import Conflict, Denied, InvalidInput, NotFound
from titian.kernel.ids import UserId
from titian.kernel.scope import Role, Scope

LAST = date(2026, 3, 31)
NUMBER = "客户 13812345678 要求"
RICH = Proposal("rich_farmer", "富裕农户", "Rich farmer", "aum_fen >= wan(10) AND is_rural")


def person(bank: Scope, user: str, clearance: int = 3) -> Scope:
    return Scope(UserId(user), bank.bank, frozenset({Role.ANALYST}), clearance)


def test_it_works(sample_bank: Scope, run_job: Callable[..., object]) -> None:
    author, second = person(sample_bank, "ann"), person(sample_bank, "bob")
    made = business.propose(author, RICH)
    assert made.status is Status.DRAFT
    assert made.members == audiences.count(author, RICH.when).members > 0
    assert made.counted_on == LAST
    assert "rich_farmer" not in catalogue.load(author).tags
    approved = business.decide(second, "rich_farmer", approve=True, comment="好")
    assert (approved.status, approved.decided_by) == (Status.APPROVED, "bob")
    tag = catalogue.load(author).tag("rich_farmer")
    assert (tag.source, tag.level, tag.owner.en) == (Source.BUSINESS, 3, "ann")
    run_job(sample_bank, TAG, LAST)
    state = next(s for s in store.states(author) if s.tag == "rich_farmer")
    assert state.members == made.members
    assert audiences.count(author, "rich_farmer").members == made.members
    acts = [entry.action for entry in audit.entries(sample_bank, contains="rich_farmer")]
    assert acts == ["tag.approve", "tag.propose"]


def test_four_eyes(sample_bank: Scope) -> None:
    author = person(sample_bank, "ann")
    business.propose(author, RICH)
    with pytest.raises(Denied, match="your own draft"):
        business.decide(author, "rich_farmer", approve=True)


def test_a_rejected_or_retired_tag_is_not_in_force(sample_bank: Scope) -> None:
    author, second = person(sample_bank, "ann"), person(sample_bank, "bob")
    business.propose(author, RICH)
    business.decide(second, "rich_farmer", approve=False, comment="太宽")
    with pytest.raises(Conflict, match="is rejected"):
        business.decide(second, "rich_farmer", approve=True)
    with pytest.raises(Conflict, match="proposed before"):
        business.propose(author, RICH)
    other = Proposal("rich_two", "富裕", "Rich", RICH.when)
    business.propose(author, other)
    with pytest.raises(Conflict, match="is draft"):
        business.retire(second, "rich_two")
    business.decide(second, "rich_two", approve=True)
    business.retire(second, "rich_two")
    assert "rich_two" not in catalogue.load(author).tags
    assert [b.status for b in business.find(author)] == [Status.RETIRED, Status.REJECTED]
    assert business.find(author, Status.APPROVED) == []


@pytest.mark.parametrize(
    ("proposal", "error", "words"),
    [
        (Proposal("borrower", "贷", "Loan", "loans > 0"), Conflict, "in use"),
        (Proposal("loan_fen", "贷", "Loan", "loans > 0"), Conflict, "in use"),
        (Proposal("Bad Code", "贷", "Loan", "loans > 0"), InvalidInput, "valid tag code"),
        (Proposal("x", "贷", "Loan", "lons > 0"), ConditionError, "no field lons"),
        (Proposal("x", "贷", "Loan", "borrower"), ConditionError, "no field borrower"),
        (Proposal("x", "", "Loan", "loans > 0"), InvalidInput, "zh must be text"),
        (
            Proposal("x", "贷", "Loan", "loans > 0", Subject.HOUSEHOLD),
            InvalidInput,
            "differ by member",
        ),
    ],
)
def test_bad_proposals_are_refused(
    sample_bank: Scope, proposal: Proposal, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        business.propose(person(sample_bank, "ann"), proposal)
    assert business.find(sample_bank) == []


def test_clearance_and_permission_bound_what_one_may_state(sample_bank: Scope) -> None:
    low = person(sample_bank, "ann", clearance=2)
    with pytest.raises(Denied, match="above your clearance"):
        business.propose(low, RICH)
    with pytest.raises(Denied, match="above your clearance"):
        business.preview(low, RICH.when)
    clerk = Scope(UserId("c"), sample_bank.bank, frozenset({Role.LOAN_OFFICER}), 3)
    with pytest.raises(Denied, match="edit tags"):
        business.propose(clerk, RICH)


def test_a_bank_sees_its_own_drafts_only(sample_bank: Scope, baishui: Scope) -> None:
    business.propose(person(sample_bank, "ann"), RICH)
    with pytest.raises(NotFound):
        business.get(baishui, "rich_farmer")


def test_an_unknown_proposal_names_the_nearest(sample_bank: Scope) -> None:
    proposal = Proposal("idle_money_2", "闲置", "Idle", "deposit_fen > 0")
    business.propose(sample_bank, proposal)
    with pytest.raises(NotFound, match="Did you mean 'idle_money_2'"):
        business.get(sample_bank, "idle_mony_2")


def test_who_may_not_see_the_level_neither_sees_nor_decides(sample_bank: Scope) -> None:
    low = person(sample_bank, "low", clearance=2)
    business.propose(person(sample_bank, "ann"), RICH)
    assert [one.code for one in business.find(person(sample_bank, "bob"))] == ["rich_farmer"]
    assert business.find(low) == []
    with pytest.raises(NotFound):
        business.decide(low, "rich_farmer", approve=True)


def test_a_comment_keeps_no_number_of_a_person(sample_bank: Scope) -> None:
    business.propose(person(sample_bank, "ann"), RICH)
    with pytest.raises(InvalidInput, match="may be a person's"):
        business.decide(person(sample_bank, "bob"), "rich_farmer", approve=True, comment=NUMBER)
