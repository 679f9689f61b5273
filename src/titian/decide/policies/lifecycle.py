"""From draft to retired: who may move a policy when. Pure: nothing is kept here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from titian.decide.policies.model import Policy, content_hash
from titian.decide.policies.scenarios import Report
from titian.kernel.errors import Conflict, Denied


class State(StrEnum):
    """The states of a policy's version, in their order."""

    DRAFT = "draft"
    TESTED = "tested"
    APPROVED = "approved"
    SHADOW = "shadow"
    LIVE = "live"
    RETIRED = "retired"


NEXT: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.TESTED, State.RETIRED}),
    State.TESTED: frozenset({State.APPROVED, State.DRAFT, State.RETIRED}),
    State.APPROVED: frozenset({State.SHADOW, State.RETIRED}),
    State.SHADOW: frozenset({State.LIVE, State.RETIRED}),
    State.LIVE: frozenset({State.RETIRED}),
    State.RETIRED: frozenset(),
}
DECIDING = frozenset({State.LIVE})
"""Only these decide; a policy in shadow is evaluated beside them and changes nothing."""


@dataclass(frozen=True, slots=True)
class Move:
    """One move: who made it, when (aware) and why."""

    to: State
    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A policy's content by its hash, with its state and everything that led to it."""

    policy: Policy
    hash: str
    state: State
    moves: tuple[Move, ...]

    @property
    def approver(self) -> str | None:
        """Who approved it."""
        return next((move.by for move in self.moves if move.to is State.APPROVED), None)

    def decides(self, at: datetime) -> bool:
        """Whether it decides at a moment, whose day is taken in the zone it is given in."""
        return self.state in DECIDING and self.policy.effective.holds(at.date())


def draft(policy: Policy, at: datetime) -> Version:
    """Begin a version; changed content is a new version."""
    assert at.tzinfo is not None, "moves have an aware time"
    made = Move(State.DRAFT, policy.author, at)
    return Version(policy, content_hash(policy), State.DRAFT, (made,))


def move(
    version: Version,
    to: State,
    by: str,
    at: datetime,
    *,
    report: Report | None = None,
    note: str = "",
) -> Version:
    """Move a version on. Testing needs the `report` of its scenarios.

    Raises Conflict where the state, the report or the dates do not allow it, Denied where a second
    person must do it.
    """
    assert at.tzinfo is not None, "moves have an aware time"
    if to not in NEXT[version.state]:
        allowed = ", ".join(state for state in State if state in NEXT[version.state])
        raise Conflict(
            f"policy {version.policy.policy} is {version.state} and cannot become {to}",
            f"From here it can become: {allowed or 'nothing'}.",
        )
    if at < version.moves[-1].at:
        raise Conflict(
            f"policy {version.policy.policy} was last moved later than that",
            "Check the clock of the machine.",
        )
    if to is State.TESTED:
        _need_passed(version, report)
    if to is State.APPROVED and by in _hands(version):
        raise Denied(
            f"{by} wrote or tested policy {version.policy.policy} and may not approve it",
            "Ask somebody else to approve it.",
        )
    if to is State.LIVE:
        _need_future(version, at)
    return replace(version, state=to, moves=(*version.moves, Move(to, by, at, note)))


def _hands(version: Version) -> frozenset[str]:
    testers = (made.by for made in version.moves if made.to is State.TESTED)
    return frozenset({version.policy.author, *testers})


def _need_passed(version: Version, report: Report | None) -> None:
    name = version.policy.policy
    if report is None or report.hash != version.hash:
        raise Conflict(
            f"policy {name} has not been tested as it stands", "Run its scenarios first."
        )
    if report.failures:
        first = report.failures[0]
        raise Conflict(
            f"policy {name}: scenario {first.scenario} gave {first.found}, not {first.expected}",
            "Correct the policy or the scenario.",
        )
    if not report.passed:
        raise Conflict(
            f"policy {name}: no scenario leads to {', '.join(report.untried[:5]) or 'anything'}",
            "Write a scenario for every rule, row and threshold.",
        )


def _need_future(version: Version, at: datetime) -> None:
    last = version.policy.effective.last
    if last is not None and last < at.date():
        raise Conflict(
            f"policy {version.policy.policy} was meant to end on {last}",
            "Make a new version with other dates.",
        )
