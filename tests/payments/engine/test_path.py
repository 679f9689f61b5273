"""One event's path: decided once, on record before anybody hears, the same after a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from tests.support.payment_events import NOW, event, stream

from titian.payments.engine import Decision, Engine, Refusal, Setup
from titian.payments.model import Channel, EventType, Result
from titian.payments.windows.layout import Floats

Start = Callable[..., Engine]


class Constant:
    """A model that says the same of every event."""

    def __init__(self, score: float) -> None:
        self.value, self.version = score, f"constant-{score}"

    def score(self, features: Floats) -> Floats:
        return np.full(len(features), self.value)


class Failing(Constant):
    """A model that fails."""

    def score(self, features: Floats) -> Floats:
        raise ValueError(f"no score for {len(features)} events")


def one(engine: Engine, **fields: object) -> Decision:
    (answer,) = engine.decide([event(**fields)])  # type: ignore[arg-type]
    assert isinstance(answer, Decision)
    return answer


def test_it_works(start: Start) -> None:
    answer = one(start())
    assert answer.outcome == "PASS"
    assert answer.reasons == []
    assert answer.decided_at == NOW
    assert answer.score is None


def test_a_rule_gives_its_outcome_its_reason_and_its_delay(start: Start) -> None:
    answer = one(start(), amount_fen=6_000_000)
    assert answer.outcome == "DELAY"
    assert [reason.code for reason in answer.reasons] == ["first_payee_large"]
    assert "五万元" in answer.reasons[0].zh
    assert answer.until == NOW + timedelta(days=1)


def test_two_in_one_batch_cannot_both_slip_under_a_limit(start: Start) -> None:
    failures = [
        event(n, event_type=EventType.LOGIN, result=Result.FAILED, ip="10.0.0.1", party_id=f"P{n}")
        for n in range(21)
    ]
    answers = start().decide(failures)
    assert [a.outcome for a in answers if isinstance(a, Decision)] == ["PASS"] * 19 + ["BLOCK"] * 2


def test_the_same_event_gets_the_recorded_decision(start: Start) -> None:
    engine = start()
    first = one(engine, number=1, amount_fen=6_000_000)
    within = engine.decide([event(2), event(2), event(1, amount_fen=6_000_000)])
    assert [getattr(answer, "duplicate", None) for answer in within] == [False, True, True]
    assert isinstance(within[2], Decision)
    assert within[2].reasons == first.reasons
    hashed = engine.state.hash()
    again = start()
    assert again.state.hash() == hashed
    repeated = one(again, number=1, amount_fen=6_000_000)
    assert repeated.duplicate
    assert repeated.outcome == first.outcome
    assert again.state.hash() == hashed


def test_another_body_under_the_same_id_is_refused_and_not_counted(start: Start) -> None:
    engine = start()
    one(engine, number=1)
    before = engine.state.hash()
    (answer,) = engine.decide([event(1, amount_fen=1)])
    assert isinstance(answer, Refusal)
    assert answer.code == "other_body"
    assert engine.state.hash() == before


def test_the_same_id_at_another_bank_is_another_event(start: Start) -> None:
    engine = start()
    one(engine, number=1)
    assert not one(engine, number=1, bank="baishui", amount_fen=5).duplicate


def test_keys_of_one_bank_do_not_count_for_another(start: Start) -> None:
    engine = start()
    place = engine.state.plan.names.index("customer_count_1h")
    _, features, _ = engine.state.count([event(1), event(2), event(3, bank="baishui")])
    assert features[:, place].tolist() == [1, 2, 1]


@pytest.mark.parametrize("size", [1, 7, 300])
def test_a_restart_gives_the_same_state_however_events_came(start: Start, size: int) -> None:
    engine, events = start(), stream(3, 600)
    for place in range(0, 600, size):
        engine.decide(events[place : place + size])
    wanted = engine.state.hash()
    assert start().state.hash() == wanted


def test_a_snapshot_shortens_the_replay_and_changes_nothing(start: Start) -> None:
    engine, events = start(), stream(4, 600)
    engine.decide(events[:300])
    engine.snapshot()
    engine.decide(events[300:450])
    again = start()
    assert again.recovered.replayed == 150
    assert again.state.hash() == engine.state.hash()
    again.decide(events[450:])
    wanted = again.state.hash()
    assert start().state.hash() == wanted


def test_a_harmed_snapshot_is_passed_over(start: Start, setup: Setup) -> None:
    engine = start()
    engine.decide(stream(5, 50))
    name = engine.snapshot()
    wanted = engine.state.hash()
    path = engine.files.folder / name  # type: ignore[attr-defined]
    path.write_bytes(path.read_bytes()[:-1])
    again = start()
    assert again.recovered.passed_over == (name,)
    assert again.state.hash() == wanted


def test_a_model_takes_part_and_its_version_is_on_record(start: Start, setup: Setup) -> None:
    engine = start(replace(setup, scorer=Constant(0.95)))
    answer = one(engine)
    assert (answer.score, answer.outcome) == (0.95, "HOLD")
    assert engine.state.versions[answer.versions].model == "constant-0.95"


@pytest.mark.parametrize(("channel", "outcome"), [(Channel.CARD, "PASS"), (Channel.MOBILE, "HOLD")])
def test_without_its_model_each_channel_fails_its_own_way(
    start: Start, setup: Setup, channel: Channel, outcome: str
) -> None:
    for chosen in (replace(setup, model_missing=True), replace(setup, scorer=Failing(0))):
        answer = one(start(chosen), number=hash(id(chosen)), channel=channel)
        assert (answer.outcome, answer.degraded) == (outcome, ["model"])


def test_a_passed_deadline_is_on_record_and_fails_each_channels_way(start: Start) -> None:
    engine = start()
    answers = engine.decide([event(1), event(2), event(3, channel=Channel.CARD)], expired={1, 2})
    assert [(a.outcome, a.degraded) for a in answers if isinstance(a, Decision)] == [
        ("PASS", []),
        ("HOLD", ["deadline"]),
        ("PASS", ["deadline"]),
    ]
    (repeated,) = engine.decide([event(2)])
    assert isinstance(repeated, Decision)
    assert repeated.degraded == ["deadline"]


def test_another_policy_judges_from_the_next_batch_on(start: Start, setup: Setup) -> None:
    engine = start()
    before = one(engine, number=1, amount_fen=6_000_000)
    engine.swap(replace(setup, scorer=Constant(0.1)))
    after = one(engine, number=2)
    assert after.versions != before.versions
    repeated = one(engine, number=1, amount_fen=6_000_000)
    assert repeated.reasons == before.reasons
