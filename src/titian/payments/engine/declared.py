"""A policy of `decide.policies` as the engine's judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from titian.decide.conditions.columns import Column
from titian.decide.policies import CompiledPolicy, compile_policy, read_policy
from titian.kernel.errors import InvalidDefinition
from titian.payments.engine.decision import Rule
from titian.payments.engine.policy import Judged, judging_schema
from titian.payments.features import Plan
from titian.payments.model import Outcome

METHOD: Final = "sms"
DELAY_S: Final = 86_400
"""What a step-up asks for, and how long a delay lasts, where the policy says no more."""

_NAMES: Final = {outcome.name.lower(): outcome for outcome in Outcome}


class DeclaredPolicy:
    """A compiled policy whose outcomes bear the names of `Outcome` in lower case."""

    def __init__(self, compiled: CompiledPolicy) -> None:
        unknown = [name for name in compiled.policy.outcomes if name not in _NAMES]
        if unknown:
            raise InvalidDefinition(
                f"{unknown[0]} is no outcome of a payment", f"Use {', '.join(_NAMES)}."
            )
        self._compiled = compiled
        self._outcomes = np.array([_NAMES[name] for name in compiled.policy.outcomes], np.uint8)
        self.version, self.fields = compiled.hash, compiled.fields
        self.rules = tuple(
            Rule(
                code=reason.name,
                condition="",
                outcome=int(self._outcomes[reason.severity]),
                zh=reason.label.zh,
                en=reason.label.en,
                method=METHOD if self._outcomes[reason.severity] == Outcome.STEP_UP else None,
                delay_s=DELAY_S if self._outcomes[reason.severity] == Outcome.DELAY else 0,
            )
            for reason in compiled.reasons
        )

    def decide(self, columns: Mapping[str, Column], n: int) -> Judged:
        """Judge n events by the fields of `judging_schema`."""
        decided = self._compiled.decide(columns, n)
        return Judged(self._outcomes[decided.outcomes], decided.hits)

    def decide_rows(self, rows: Sequence[Mapping[str, object]]) -> Judged:
        """Judge the same, of few events."""
        hits = np.zeros((len(rows), len(self.rules)), np.bool_)
        outcomes = np.zeros(len(rows), np.uint8)
        for place, row in enumerate(rows):
            severity, held = self._compiled.decide_row(row)
            outcomes[place] = self._outcomes[severity]
            hits[place, list(held)] = True
        return Judged(outcomes, hits)


def read_declared(text: str, file: str, plan: Plan) -> DeclaredPolicy:
    """Read and compile a policy over the live features.

    Raises InvalidDefinition, or PolicyError for a condition that does not fit.
    """
    return DeclaredPolicy(compile_policy(read_policy(text, file), judging_schema(plan)))
