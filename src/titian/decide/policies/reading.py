"""Policies in YAML. Every scalar is read as text and then by the type it is meant for.

policy: card_fraud
label: {zh: 卡欺诈, en: Card fraud}
author: ann
effective: {from: 2026-04-01}
outcomes: [pass, warn, hold, block]        # mildest first
actionable: [amount_fen]
steps:
  - kind: rule
    name: large_to_new_payee
    when: amount_fen >= wan(5) AND payee_first_seen
    outcome: hold
    reason: {zh: 大额转给新收款人, en: A large amount to a new payee}
scenarios:
  - {name: large, values: {amount_fen: 5000000, payee_first_seen: true}, outcome: hold}
"""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from titian.decide.policies import model
from titian.decide.policies.model import Policy
from titian.kernel.errors import InvalidDefinition, InvalidInput
from titian.kernel.ids import valid_name
from titian.kernel.shallow import TooDeep, compose

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 12
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_policy(text: str, file: str = "") -> Policy:
    """Read a policy. Raises InvalidDefinition with file, line or path, and remedy.

    What its conditions say is checked when it is compiled over a schema.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidDefinition(
            f"the policy is longer than {MAX_CHARACTERS} characters", "Split it.", file=file
        )
    try:
        policy = msgspec.convert(_scalars(text, file), Policy, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidDefinition(
            f"the policy is not complete or not right: {error}",
            "Compare it with the example in the guide to policies.",
            file=file,
        ) from None
    _within_limits(policy, file)
    return policy


def _scalars(text: str, file: str) -> Any:
    try:
        node = compose(text, _LOADER, MAX_DEPTH + 1)
    except TooDeep as deep:
        raise _too_deep(file, deep.line + 1) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise InvalidDefinition(
            "this is not YAML", "Check indentation, colons and quotes.", file=file, line=line
        ) from None
    return _plain(node, file, 0, set())


def _plain(node: yaml.Node | None, file: str, depth: int, seen: set[int]) -> Any:
    if node is None:
        return None
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise InvalidDefinition(
            "a policy repeats nothing by reference", "Write it out.", file=file, line=line
        )
    seen.add(id(node))
    if depth > MAX_DEPTH:
        raise _too_deep(file, line)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(part, file, depth + 1, seen) for part in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                raise InvalidDefinition(
                    f"{name} is written twice", "Keep one of them.", file=file,
                    line=key.start_mark.line + 1,
                )  # fmt: skip
            found[name] = _plain(value, file, depth + 1, seen)
        return found
    return node.value


def _too_deep(file: str, line: int) -> InvalidDefinition:
    what = "the policy is nested too deeply"
    return InvalidDefinition(what, "Flatten it.", file=file, line=line)


def _within_limits(policy: Policy, file: str) -> None:
    try:
        valid_name(policy.policy, "policy name")
    except InvalidInput as error:
        raise InvalidDefinition(error.what, error.remedy, file=file) from None
    limits = (
        ("steps", len(policy.steps), model.MAX_STEPS),
        ("scenarios", len(policy.scenarios), model.MAX_SCENARIOS),
        ("outcomes", len(policy.outcomes), model.MAX_OUTCOMES),
        *(
            (step.name, len(step.rules), model.MAX_MEMBERS)
            for step in policy.steps
            if isinstance(step, model.Typology)
        ),
    )
    for what, size, limit in limits:
        if size > limit:
            raise InvalidDefinition(
                f"policy {policy.policy}, {what}: {size} entries; the limit is {limit}",
                "Split the policy.",
                file=file,
            )
