"""Policies are read from YAML strictly, and their hash is that of everything they say."""

from __future__ import annotations

import pytest

from titian.decide.policies import Policy, content_hash, read_policy
from titian.kernel.errors import InvalidDefinition


def test_it_works(policy: Policy) -> None:
    assert policy.policy == "card_fraud"
    assert [step.name for step in policy.steps] == ["large_to_new_payee", "night", "takeover"]
    assert policy.outcomes[0] == "pass"
    assert policy.scenarios[0].values["amount_fen"] == "100"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("author: ann", "author: ann\nauthor: bob", r"f\.yaml:5: author is written twice"),
        ("author: ann", "auther: ann", "auther"),
        ("author: ann", "", "author"),
        ("kind: rule", "kind: script", "script"),
        ("weight: 40", "weight: many", r"int"),
        ("    reason: {zh: 大额", "    reson: {zh: 大额", "reson"),
        ("      - {cells: [BETWEEN 0", "      - {cels: [BETWEEN 0", "cel"),
        ("policy: card_fraud", "policy: Card Fraud", "Card Fraud"),
        ("from: 2026-04-01", "from: 2026-04-31", "date|invalid"),
        ("label: {zh: 卡", "label: &a {zh: 卡", "by reference"),
        ("outcomes: [pass", "outcomes: [pass, [", "YAML"),
    ],
)
def test_bad_files_are_refused(text: str, old: str, new: str, said: str) -> None:
    assert old in text
    changed = text.replace(old, new, 1)
    if "&a" in new:
        changed += "  - {name: x, values: *a, outcome: pass}\n"
    with pytest.raises(InvalidDefinition, match=said) as caught:
        read_policy(changed, "f.yaml")
    assert caught.value.file == "f.yaml"


def test_a_policy_has_limits(text: str) -> None:
    with pytest.raises(InvalidDefinition, match="longer"):
        read_policy(text + "#" * 1_000_000)
    with pytest.raises(InvalidDefinition, match="nested"):
        read_policy("policy: " + "[" * 20 + "]" * 20)
    many = text + "".join(
        f"  - {{name: s{n}, values: {{}}, outcome: pass}}\n" for n in range(2_000)
    )
    with pytest.raises(InvalidDefinition, match="2005 entries"):
        read_policy(many)


def test_the_hash_is_that_of_what_is_said_not_of_how_it_is_written(
    text: str, policy: Policy
) -> None:
    assert content_hash(read_policy("# a comment\n" + text)) == content_hash(policy)
    changed = read_policy(text.replace("weight: 40", "weight: 41"))
    assert content_hash(changed) != content_hash(policy)


@pytest.mark.parametrize("text", ["a: " + "[" * 200_000, "- " * 100_000 + "a", "{a: " * 50_000])
def test_depth_that_would_overflow_the_stack_is_refused(text: str) -> None:
    with pytest.raises(InvalidDefinition, match="nested too deeply"):
        read_policy(text, "p.yaml")
