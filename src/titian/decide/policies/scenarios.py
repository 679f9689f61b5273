"""A policy tried on its own examples: what must come of each, and whether all of it is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from titian.decide.conditions.fields import Schema
from titian.decide.policies.compiled import CompiledPolicy
from titian.decide.policies.model import Scenario
from titian.decide.tables.cells import typed
from titian.kernel.errors import InvalidInput

_UNKNOWN = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Failure:
    """A scenario that came out otherwise than it must; `missing` are reasons not given."""

    scenario: str
    expected: str
    found: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What running all scenarios showed, of the policy with this content hash.

    `untried` are the reasons that no scenario leads to.
    """

    hash: str
    scenarios: int
    failures: tuple[Failure, ...]
    untried: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every scenario came out right and every reason was tried."""
        return self.scenarios > 0 and not self.failures and not self.untried


def run(compiled: CompiledPolicy) -> Report:
    """Run a policy's scenarios. Raises InvalidInput where one names a wrong field or value."""
    failures: list[Failure] = []
    tried: set[int] = set()
    policy = compiled.policy
    names = [reason.name for reason in compiled.reasons]
    for scenario in policy.scenarios:
        outcome, hits = compiled.decide_row(row_of(scenario, compiled.schema))
        tried.update(hits)
        given = {names[number] for number in hits}
        missing = tuple(name for name in scenario.hits if name not in given)
        found = policy.outcomes[outcome]
        if found != scenario.outcome or missing:
            failures.append(Failure(scenario.name, scenario.outcome, found, missing))
    untried = tuple(name for number, name in enumerate(names) if number not in tried)
    return Report(compiled.hash, len(policy.scenarios), tuple(failures), untried)


def row_of(scenario: Scenario, schema: Schema) -> dict[str, Any]:
    """Give a scenario's row: every field of the schema, unknown unless it is written."""
    row: dict[str, Any] = dict.fromkeys(field.name for field in schema)
    for name, text in scenario.values.items():
        if name not in schema:
            raise InvalidInput(
                f"scenario {scenario.name}: {name} is not a field", "Use a declared field."
            )
        if text in _UNKNOWN:
            continue
        try:
            row[name] = typed(text, schema[name].type)
        except ValueError:
            raise InvalidInput(
                f"scenario {scenario.name}: {text[:40]!r} is not a value of {name}",
                f"Write a value of type {schema[name].type}.",
            ) from None
    return row
