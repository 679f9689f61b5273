"""What an engine is made of: declarations, limits, and who judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from importlib import resources
from typing import Final

from titian.payments.engine.decision import Rule, Versions
from titian.payments.engine.features import SOURCE
from titian.payments.engine.idempotency import Horizon
from titian.payments.engine.policy import Policy, RulePolicy, judging_schema
from titian.payments.engine.preset_rules import PRESET_RULES
from titian.payments.engine.scoring import ChannelState, Scorer
from titian.payments.features import Plan, Velocity, compile_plan, read_features
from titian.payments.journal import Limits as JournalLimits
from titian.payments.model import Channel, Outcome
from titian.payments.windows import Limits as WindowLimits

ENGINE_VERSION: Final = "1"
FAIL_OPEN: Final = frozenset({Channel.CARD, Channel.QUICK})
"""A terminal and a checkout wait for us; the other four can hold an event and ask again."""


@dataclass(frozen=True)
class Setup:
    """An engine's make-up. `secret` keys the numbers of keys; `made_for` names what state fits.

    `fails_to` is the least outcome of a channel while a judge is missing or a deadline has passed.
    """

    plan: Plan
    policy: Policy
    secret: bytes
    scorer: Scorer | None = None
    model_missing: bool = False
    channels: ChannelState | None = None
    windows: WindowLimits = field(default_factory=WindowLimits)
    journal: JournalLimits = field(default_factory=JournalLimits)
    horizon: Horizon = field(default_factory=Horizon)
    fails_to: Mapping[Channel, Outcome] = field(
        default_factory=lambda: {
            channel: Outcome.PASS if channel in FAIL_OPEN else Outcome.HOLD for channel in Channel
        }
    )

    @cached_property
    def made_for(self) -> str:
        """The digest of everything a state depends on."""
        words = repr((ENGINE_VERSION, _declared(self.plan), self.windows, self.horizon))
        return blake2b(words.encode() + self.secret, digest_size=16).hexdigest()

    @cached_property
    def versions(self) -> Versions:
        """What the journal notes about who judges."""
        unnamed = Versions(
            name="",
            engine=ENGINE_VERSION,
            features=list(self.plan.names),
            declarations=blake2b(_declared(self.plan).encode(), digest_size=16).hexdigest(),
            model=self.scorer.version if self.scorer else None,
            policy=self.policy.version,
            rules=list[Rule](self.policy.rules),
        )
        name = blake2b(repr(unnamed).encode(), digest_size=8).hexdigest()
        return Versions(name, *(getattr(unnamed, f) for f in Versions.__struct_fields__[1:]))


def _declared(plan: Plan) -> str:
    return repr(
        [replace(f, where=None) for f in plan.features]
        + [f.where.text if f.where else "" for f in plan.features]
    )


def preset_features() -> tuple[Velocity, ...]:
    """Read the live features that ship with the platform."""
    file = resources.files("titian.payments") / "presets" / "features" / "events.yaml"
    return read_features(file.read_text(encoding="utf-8"), "events.yaml", SOURCE)


def preset(secret: bytes) -> Setup:
    """Make up an engine of the features and rules that ship with the platform."""
    plan = compile_plan(preset_features())
    return Setup(plan, RulePolicy(PRESET_RULES, judging_schema(plan)), secret)
