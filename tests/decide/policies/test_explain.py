"""Explanations name what held with its values, and only changes that were tried."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from titian.decide.policies import CompiledPolicy, explain

UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("amount_fen", "payee_first_seen", "local_hour", "device_age_hours", "pin_set", "channel")
)


def test_it_works(compiled: CompiledPolicy) -> None:
    row = {**UNKNOWN, "amount_fen": 6_000_000, "payee_first_seen": True, "local_hour": 12}
    found = explain(compiled, row)
    assert compiled.policy.outcomes[found.outcome] == "hold"
    (because,) = found.because
    assert because.reason.label.en == "A large amount to a new payee"
    assert [dict(held.values) for held in because.held] == [
        {"amount_fen": 6_000_000},
        {"payee_first_seen": True},
    ]
    assert because.held[0].words.en == "amount_fen is at least ¥50,000.00"
    (change,) = found.changes
    assert (change.field.name, change.value, change.outcome) == ("amount_fen", 4_999_999, 0)


def test_the_most_severe_reason_comes_first_with_its_score(compiled: CompiledPolicy) -> None:
    row = {**UNKNOWN, "device_age_hours": 0.5, "pin_set": False}
    found = explain(compiled, row)
    assert [(one.reason.name, one.score) for one in found.because] == [
        ("takeover:block", 90),
        ("takeover:investigate", 90),
        ("takeover.new_device", None),
        ("takeover.no_pin", None),
    ]
    (change,) = found.changes
    assert (change.field.name, change.value, change.outcome) == ("pin_set", True, 1)


def test_what_passes_needs_no_change(compiled: CompiledPolicy) -> None:
    assert explain(compiled, UNKNOWN).changes == ()
    assert explain(compiled, UNKNOWN).because == ()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    amount=st.none() | st.integers(0, 30_000_000),
    first=st.booleans(),
    hour=st.none() | st.integers(0, 23),
    age=st.none() | st.floats(0, 3),
    pin=st.none() | st.booleans(),
)
def test_every_change_does_what_it_says(
    compiled: CompiledPolicy,
    amount: int | None,
    first: bool,
    hour: int | None,
    age: float | None,
    pin: bool | None,
) -> None:
    row = {"amount_fen": amount, "payee_first_seen": first, "local_hour": hour,
           "device_age_hours": age, "pin_set": pin, "channel": None}  # fmt: skip
    found = explain(compiled, row)
    assert found.outcome == compiled.decide_row(row)[0]
    for change in found.changes:
        assert change.field.name in compiled.policy.actionable
        changed = {**row, change.field.name: change.value}
        assert compiled.decide_row(changed)[0] == change.outcome < found.outcome
