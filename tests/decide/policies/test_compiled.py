"""A policy decides rows and batches alike, by the most severe of all its reasons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titian.decide import Schema, column
from titian.decide.policies import CompiledPolicy, compile_policy, read_policy
from titian.kernel.errors import InvalidInput

UNKNOWN = dict.fromkeys(
    ("amount_fen", "payee_first_seen", "local_hour", "device_age_hours", "pin_set", "channel")
)
rows = st.fixed_dictionaries(
    {
        "amount_fen": st.sampled_from([None, 0, 2_000_000, 5_000_000, 20_000_000]),
        "payee_first_seen": st.sampled_from([None, True, False]),
        "local_hour": st.sampled_from([None, 0, 5, 6]),
        "device_age_hours": st.sampled_from([None, 0.5, 1.0]),
        "pin_set": st.sampled_from([None, True, False]),
    }
)


def test_it_works(compiled: CompiledPolicy) -> None:
    assert [reason.name for reason in compiled.reasons] == [
        "large_to_new_payee", "night.1", "night.2", "takeover.new_device", "takeover.no_pin",
        "takeover:investigate", "takeover:block",
    ]  # fmt: skip
    assert compiled.decide_row(UNKNOWN) == (0, ())
    row = {**UNKNOWN, "amount_fen": 5_000_000, "payee_first_seen": True, "local_hour": 0}
    assert compiled.decide_row(row) == (2, (0, 2))
    assert "opened" not in compiled.fields


def test_a_typology_stops_and_looks_at_scores_of_its_own(compiled: CompiledPolicy) -> None:
    assert compiled.decide_row({**UNKNOWN, "pin_set": False}) == (0, (4,))
    assert compiled.decide_row({**UNKNOWN, "device_age_hours": 0.5}) == (1, (3, 5))
    both = {**UNKNOWN, "device_age_hours": 0.5, "pin_set": False}
    assert compiled.decide_row(both) == (3, (3, 4, 5, 6))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(given_rows=st.lists(rows, max_size=8))
def test_batches_decide_as_rows_do(
    compiled: CompiledPolicy, schema: Schema, given_rows: list[dict[str, Any]]
) -> None:
    columns = {n: column([row[n] for row in given_rows], schema[n].type) for n in compiled.fields}
    outcomes, hits = compiled.decide(columns, len(given_rows))
    assert hits.shape == (len(given_rows), len(compiled.reasons))
    for row, outcome, held in zip(given_rows, outcomes.tolist(), hits, strict=True):
        assert compiled.decide_row(row) == (outcome, tuple(held.nonzero()[0].tolist()))


def test_a_collecting_table_gives_all_its_rows(text: str, schema: Schema) -> None:
    collecting = compile_policy(read_policy(text.replace("hit: first", "hit: collect")), schema)
    row = {**UNKNOWN, "amount_fen": 20_000_000, "local_hour": 1}
    assert collecting.decide_row(row) == (3, (1, 2))
    columns = {n: column([row[n]], schema[n].type) for n in collecting.fields}
    assert collecting.decide(columns, 1).hits[0].nonzero()[0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("when: amount_fen >=", "when: amount_fenn >=", "large_to_new_payee: .*amount_fenn"),
        ("outcome: hold", "outcome: stop", "large_to_new_payee: 'stop' is not an outcome"),
        ("ranks: [pass, warn, block]", "ranks: [pass, block, warn]", "night: .*another order"),
        ("ranks: [pass, warn, block]", "ranks: []", "night: .*ranked output"),
        ("'>= wan(20)'", "'> > 5'", "night: table night, row 1, column amount_fen"),
        ("[BETWEEN 0 AND 5, '>= wan(2)']\n        outputs: [warn]",
         "['', '']\n        outputs: [pass]", "mildest"),
        ("score: 90", "score: 91", "takeover: the thresholds 50 and 91"),
        ("score: 50", "score: 95", "takeover: the thresholds 95 and 90"),
        ("weight: 40", "weight: 0", "takeover: weights"),
        ("name: night", "name: takeover", "takeover: every step"),
        ("[amount_fen, channel", "[amount, channel", "actionable: amount is not a field"),
        ("until: 2026-12-31", "until: 2026-01-31", "effective"),
        ("outcomes: [pass, warn", "outcomes: [pass, pass", "outcomes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_step(
    text: str, schema: Schema, old: str, new: str, said: str
) -> None:
    assert old in text
    with pytest.raises(InvalidInput, match=said) as caught:
        compile_policy(read_policy(text.replace(old, new, 1)), schema)
    assert caught.value.remedy
