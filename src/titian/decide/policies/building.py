"""From a policy as written to the policy that decides: everything checked, nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from titian.decide.conditions import numeric, python
from titian.decide.conditions.condition import parse
from titian.decide.conditions.fields import Schema
from titian.decide.conditions.problems import ConditionError
from titian.decide.policies import model
from titian.decide.policies.compiled import (
    MILDEST,
    CompiledPolicy,
    Reason,
    Scoring,
    TableReasons,
)
from titian.decide.policies.model import Policy, Rule, TableStep, Typology, content_hash
from titian.decide.tables import TableError, compile_table
from titian.kernel.errors import InvalidInput
from titian.kernel.ids import valid_name
from titian.kernel.labels import Label


class PolicyError(InvalidInput):
    """A policy that cannot be used, at a known step."""

    code = "invalid_policy"

    def __init__(self, what: str, remedy: str, *, policy: str, where: str) -> None:
        super().__init__(f"policy {policy}, {where}: {what}", remedy)
        self.policy = policy
        self.where = where


def compile_policy(policy: Policy, schema: Schema) -> CompiledPolicy:
    """Check and compile a policy over a schema's fields.

    Raises PolicyError that names the step, the column in its condition or table, and the remedy.
    """
    builder = _Builder(policy, schema)
    builder.check_heading()
    for step in policy.steps:
        builder.add(step)
    return builder.compiled()


class _Builder:
    """Collects the reasons of a policy's steps in their order."""

    def __init__(self, policy: Policy, schema: Schema) -> None:
        self.policy = policy
        self.schema = schema
        self.reasons: list[Reason] = []
        self.tested: list[int] = []
        self.tables: list[TableReasons] = []
        self.typologies: list[Scoring] = []

    def check_heading(self) -> None:
        policy = self.policy
        if len(policy.outcomes) < 2 or len(set(policy.outcomes)) < len(policy.outcomes):  # noqa: PLR2004
            raise PolicyError(
                "there must be two or more, each once",
                "List them, mildest first.",
                policy=self.policy.policy,
                where="outcomes",
            )
        names = [step.name for step in policy.steps]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice or not names:
            raise PolicyError(
                "every step needs a name of its own",
                "Write at least one step, and no name twice.",
                policy=self.policy.policy,
                where=twice or "steps",
            )
        unknown = next((name for name in policy.actionable if name not in self.schema), None)
        if unknown:
            raise PolicyError(
                f"{unknown} is not a field",
                "Use a declared field.",
                policy=self.policy.policy,
                where="actionable",
            )
        if policy.effective.last is not None and policy.effective.last < policy.effective.first:
            raise PolicyError(
                "it ends before it begins",
                "Exchange the days.",
                policy=self.policy.policy,
                where="effective",
            )

    def add(self, step: model.Step) -> None:
        valid_name(step.name, "step name")
        if isinstance(step, Rule):
            self._test(step.name, step.when, self._severity(step.name, step.outcome), step.reason)
        elif isinstance(step, TableStep):
            self._table(step)
        else:
            self._typology(step)
        if len(self.reasons) > model.MAX_REASONS:
            raise PolicyError(
                f"more than {model.MAX_REASONS} reasons",
                "Split the policy.",
                policy=self.policy.policy,
                where=step.name,
            )

    def compiled(self) -> CompiledPolicy:
        tests = [test for number in self.tested if (test := self.reasons[number].test) is not None]
        return CompiledPolicy(
            policy=self.policy,
            schema=self.schema,
            hash=content_hash(self.policy),
            reasons=tuple(self.reasons),
            _tested=tuple(self.tested),
            _tables=tuple(self.tables),
            _typologies=tuple(self.typologies),
            _severities=np.array([reason.severity for reason in self.reasons], np.int8),
            _truths=numeric.compile_truths(tests),
            _held=python.compile_hits(tests),
        )

    def _severity(self, where: str, outcome: str) -> int:
        if outcome not in self.policy.outcomes:
            listed = ", ".join(self.policy.outcomes)
            raise PolicyError(
                f"{outcome!r} is not an outcome",
                f"Use one of {listed}.",
                policy=self.policy.policy,
                where=where,
            )
        return self.policy.outcomes.index(outcome)

    def _test(self, name: str, when: str, severity: int, reason: Label) -> int:
        try:
            test = parse(when, self.schema).tree
        except ConditionError as error:
            raise PolicyError(
                error.what, error.remedy, policy=self.policy.policy, where=name
            ) from error
        self.tested.append(len(self.reasons))
        self.reasons.append(Reason(name, severity, reason, test))
        return self.tested[-1]

    def _table(self, step: TableStep) -> None:
        try:
            made = compile_table(step.table(), self.schema)
        except TableError as error:
            raise PolicyError(
                error.what, error.remedy, policy=self.policy.policy, where=step.name
            ) from error
        ranked = [number for number, output in enumerate(step.outputs) if output.ranks]
        if len(ranked) != 1:
            raise PolicyError(
                "a policy's table needs exactly one ranked output",
                "Give one output the policy's outcomes as ranks.",
                policy=self.policy.policy,
                where=step.name,
            )
        order = [self._severity(step.name, rank) for rank in step.outputs[ranked[0]].ranks]
        if order != sorted(order):
            raise PolicyError(
                "its ranks are in another order than the outcomes",
                "List them mildest first, as the policy does.",
                policy=self.policy.policy,
                where=step.name,
            )
        self.tables.append(TableReasons(len(self.reasons), made))
        for number, (row, test) in enumerate(zip(step.rows, made.tests, strict=True)):
            severity = self._severity(step.name, str(made.outputs[number][ranked[0]]))
            label = row.reason or Label(f"{step.label.zh}第 {number + 1} 行",
                                        f"{step.label.en}, row {number + 1}")  # fmt: skip
            self.reasons.append(Reason(f"{step.name}.{number + 1}", severity, label, test))

    def _typology(self, step: Typology) -> None:
        weights = tuple(member.weight for member in step.rules)
        total = sum(weights)
        if not all(0 < weight <= model.MAX_WEIGHT for weight in weights):
            raise PolicyError(
                f"weights are from 1 to {model.MAX_WEIGHT}",
                "Leave out what should not count.",
                policy=self.policy.policy,
                where=step.name,
            )
        if not 0 < step.investigate.score <= step.block.score <= total:
            raise PolicyError(
                f"the thresholds {step.investigate.score} and {step.block.score} cannot work",
                f"Keep 0 < investigate <= block <= {total}, the sum of all weights.",
                policy=self.policy.policy,
                where=step.name,
            )
        members = tuple(
            self._test(f"{step.name}.{valid_name(member.name)}", member.when, MILDEST,
                       member.reason) for member in step.rules
        )  # fmt: skip
        self.typologies.append(Scoring(members, weights, tuple(self._thresholds(step))))

    def _thresholds(self, step: Typology) -> Iterator[tuple[int, int]]:
        for name, at in (("investigate", step.investigate), ("block", step.block)):
            severity = self._severity(step.name, at.outcome)
            self.reasons.append(
                Reason(f"{step.name}:{name}", severity, step.reason, None, at.score)
            )
            yield len(self.reasons) - 1, at.score
