"""Judges: the rules that ship, a declared policy one by one and in batches, and one that fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from tests.support.payment_events import event, stream

from titian.decide.conditions.columns import Column
from titian.kernel.errors import InvalidDefinition, Unavailable
from titian.payments.engine import Decision, Engine, Setup
from titian.payments.engine.declared import read_declared
from titian.payments.engine.policy import Judged
from titian.payments.journal import Journal
from titian.payments.model import Channel

Start = Callable[..., Engine]

DECLARED = """
policy: small
label: {zh: 小, en: Small}
author: ann
effective: {from: 2026-01-01}
outcomes: [pass, warn, step_up, delay, block]
steps:
  - {kind: rule, name: busy, when: customer_count_1h >= 3, outcome: warn,
     reason: {zh: 频繁, en: Busy}}
  - {kind: rule, name: large, when: amount_fen > 5000000 AND channel <> 'card', outcome: delay,
     reason: {zh: 大额, en: Large}}
  - {kind: rule, name: card_failed, when: card_failed_count_10m >= 2, outcome: step_up,
     reason: {zh: 卡失败, en: Card failures}}
  - {kind: rule, name: unknown_device, when: device_count_1h IS NULL AND amount_fen > 9000000,
     outcome: block, reason: {zh: 无设备, en: No device}}
"""


class Failing:
    """A policy that fails."""

    version, rules, fields = "failing", (), frozenset({"score"})

    def decide(self, columns: Mapping[str, Column], n: int) -> Judged:
        raise ValueError(f"no judgement of {n} events by {len(columns)} columns")

    def decide_rows(self, rows: Sequence[Mapping[str, object]]) -> Judged:
        raise ValueError(f"no judgement of {len(rows)} events")


def told(answers: object) -> list[tuple[str, list[str]]]:
    assert isinstance(answers, list)
    return [(a.outcome, [reason.code for reason in a.reasons]) for a in answers]


@pytest.mark.parametrize("declared", [True, False])
def test_a_policy_judges_alike_in_batches_and_one_by_one(
    start: Start, setup: Setup, declared: bool
) -> None:
    policy = read_declared(DECLARED, "small.yaml", setup.plan) if declared else setup.policy
    events = stream(8, 400)
    engine = start(replace(setup, policy=policy))
    batched = told([a for n in range(0, 400, 50) for a in engine.decide(events[n : n + 50])])
    alone = Engine.start(type(engine.files)(engine.files.folder / "alone"), engine.setup)  # type: ignore[attr-defined,call-arg]
    assert told([a for e in events for a in alone.decide([e])]) == batched
    alone.files.close()  # type: ignore[attr-defined]
    assert len({outcome for outcome, _ in batched}) >= 4


def test_a_declared_outcome_brings_what_it_needs(start: Start, setup: Setup) -> None:
    policy = read_declared(DECLARED, "small.yaml", setup.plan)
    (answer,) = start(replace(setup, policy=policy)).decide([event(amount_fen=6_000_000)])
    assert isinstance(answer, Decision)
    assert (answer.outcome, answer.reasons[0].zh) == ("DELAY", "大额")
    assert answer.until is not None
    assert (answer.until - answer.decided_at).days == 1


def test_an_outcome_that_no_payment_has_is_refused(setup: Setup) -> None:
    text = DECLARED.replace(
        "[pass, warn, step_up, delay, block]", "[pass, warn, delay, step_up, block, jail]"
    )
    with pytest.raises(InvalidDefinition, match="jail is no outcome"):
        read_declared(text, "small.yaml", setup.plan)


@pytest.mark.parametrize(("channel", "outcome"), [(Channel.CARD, "PASS"), (Channel.MOBILE, "HOLD")])
def test_a_failing_policy_fails_each_channels_way(
    start: Start, setup: Setup, channel: Channel, outcome: str
) -> None:
    (answer,) = start(replace(setup, policy=Failing())).decide([event(channel=channel)])
    assert isinstance(answer, Decision)
    assert (answer.outcome, answer.degraded) == (outcome, ["policy"])


def test_a_batch_that_was_counted_but_not_written_closes_the_engine(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = start()
    engine.decide([event(1)])
    wanted = engine.state.hash()

    def failing(journal: Journal, payloads: object) -> list[int]:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "append", failing)
        with pytest.raises(MemoryError):
            engine.decide([event(2)])
    with pytest.raises(Unavailable, match="closed"):
        engine.decide([event(3)])
    assert start().state.hash() == wanted
