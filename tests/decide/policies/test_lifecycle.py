"""A policy goes live only when tested as it stands and approved by a second person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from titian.decide import Schema
from titian.decide.policies import (
    CompiledPolicy,
    State,
    Version,
    compile_policy,
    draft,
    move,
    read_policy,
    run,
)
from titian.decide.policies.lifecycle import NEXT
from titian.kernel.errors import Conflict, Denied, InvalidInput

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def tested(compiled: CompiledPolicy) -> Version:
    return move(draft(compiled.policy, NOON), State.TESTED, "ann", NOON, report=run(compiled))


def test_the_whole_way(tested: Version) -> None:
    version = tested
    for state, by in ((State.APPROVED, "bob"), (State.SHADOW, "ann"), (State.LIVE, "ann")):
        assert not version.decides(NOON)
        version = move(version, state, by, NOON)
    assert version.decides(NOON)
    assert version.approver == "bob"
    assert not version.decides(NOON + timedelta(days=300))
    assert not version.decides(NOON - timedelta(days=1))
    retired = move(version, State.RETIRED, "bob", NOON, note="replaced")
    assert not retired.decides(NOON)
    assert [made.to for made in retired.moves] == list(State)


@pytest.mark.parametrize("state", list(State))
def test_no_state_is_skipped(tested: Version, state: State) -> None:
    allowed = {State.APPROVED, State.DRAFT, State.RETIRED}
    if state in allowed:
        assert move(tested, state, "bob", NOON).state is state
        return
    with pytest.raises(Conflict, match="tested"):
        move(tested, state, "bob", NOON)


def test_only_one_way_leads_to_live() -> None:
    before = {state for state in State if State.LIVE in NEXT[state]}
    assert before == {State.SHADOW}
    assert {state for state in State if State.SHADOW in NEXT[state]} == {State.APPROVED}
    assert {state for state in State if State.APPROVED in NEXT[state]} == {State.TESTED}
    assert not NEXT[State.RETIRED]


def test_four_eyes(compiled: CompiledPolicy, tested: Version) -> None:
    with pytest.raises(Denied, match="ann"):
        move(tested, State.APPROVED, "ann", NOON)
    helped = move(draft(compiled.policy, NOON), State.TESTED, "bob", NOON, report=run(compiled))
    with pytest.raises(Denied, match="bob"):
        move(helped, State.APPROVED, "bob", NOON)
    assert move(helped, State.APPROVED, "cai", NOON).approver == "cai"


def test_who_sent_it_back_may_still_approve_it(compiled: CompiledPolicy, tested: Version) -> None:
    back = move(tested, State.DRAFT, "bob", NOON, note="why 90?")
    again = move(back, State.TESTED, "ann", NOON, report=run(compiled))
    assert move(again, State.APPROVED, "bob", NOON).approver == "bob"


def test_a_report_must_be_of_this_content(
    text: str, compiled: CompiledPolicy, schema: Schema
) -> None:
    version = draft(compiled.policy, NOON)
    other = compile_policy(read_policy(text.replace("weight: 40", "weight: 41")), schema)
    for report in (None, run(other)):
        with pytest.raises(Conflict, match="as it stands"):
            move(version, State.TESTED, "ann", NOON, report=report)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("local_hour: 12, pin_set: true}, outcome: pass", "local_hour: 12}, outcome: hold",
         "scenario calm gave pass, not hold"),
        ("  - {name: very_late,", "  - {name: very_late, hits: [takeover:block],", "very_late"),
        ("values: {amount_fen: 20000000, local_hour: 3}, outcome: block",
         "values: {amount_fen: 2000000, local_hour: 3}, outcome: warn",
         "no scenario leads to night.1"),
    ],
)  # fmt: skip
def test_a_policy_that_fails_or_is_not_tried_whole_is_not_tested(
    text: str, schema: Schema, old: str, new: str, said: str
) -> None:
    assert old in text
    made = compile_policy(read_policy(text.replace(old, new, 1)), schema)
    with pytest.raises(Conflict, match=said):
        move(draft(made.policy, NOON), State.TESTED, "ann", NOON, report=run(made))


def test_scenarios_name_their_bad_values(text: str, schema: Schema) -> None:
    for old, new in (("amount_fen: 100,", "amount_fen: many,"), ("amount_fen: 100,", "amount: 1,")):
        made = compile_policy(read_policy(text.replace(old, new, 1)), schema)
        with pytest.raises(InvalidInput, match="scenario calm"):
            run(made)


def test_time_does_not_run_backwards(tested: Version) -> None:
    with pytest.raises(Conflict, match="later"):
        move(tested, State.APPROVED, "bob", NOON - timedelta(seconds=1))


def test_what_has_ended_does_not_go_live(tested: Version) -> None:
    late = NOON + timedelta(days=300)
    shadow = move(move(tested, State.APPROVED, "bob", NOON), State.SHADOW, "bob", NOON)
    with pytest.raises(Conflict, match="end on 2026-12-31"):
        move(shadow, State.LIVE, "bob", late)
