"""One micro-batch through windows, model and policy, onto disk, and only then to its senders.

Reading, checking and counting is one step for each event, in order of arrival: of two payments in
the same batch the second sees the first, so both cannot slip under a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from titian.kernel import logs
from titian.payments.engine.asked import Asked
from titian.payments.engine.clock import SteadyClock, moment
from titian.payments.engine.decision import (
    ENCODER,
    Decided,
    Decision,
    Reason,
    Refusal,
    Rule,
)
from titian.payments.engine.features import Columns
from titian.payments.engine.idempotency import name_of
from titian.payments.engine.policy import Judged
from titian.payments.engine.recovery import Recovered, recover
from titian.payments.engine.setup import Setup
from titian.payments.journal import Files, snapshots
from titian.payments.journal.files import writing
from titian.payments.model import CHANNELS, Event, Outcome
from titian.payments.windows.layout import Floats

_log = logs.get(__name__)
_DECIDED: Final = msgspec.msgpack.Decoder(Decided)
_FEW: Final = 16
"""Up to so many events are judged faster one by one than as columns."""

_OUTCOMES: Final = tuple(outcome.name for outcome in Outcome)
_NOTHING_KNOWN: Final = np.full(len(CHANNELS), np.nan)

Answer = Decision | Refusal


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is decided but not yet safe: nobody may hear of it before `commit`."""

    answers: Sequence[Answer]


class Engine:
    """Decides events; one writer. Made by `start`, which brings back what was known."""

    def __init__(
        self, files: Files, setup: Setup, recovered: Recovered, clock: SteadyClock
    ) -> None:
        self.setup, self.clock = setup, clock
        self.state, self.journal = recovered.state, recovered.journal
        self.recovered = recovered
        self.files = files
        self._rule_codes = [rule.code for rule in setup.policy.rules]
        self._words: dict[str, Mapping[str, tuple[Rule, Reason]]] = {}
        self._note_versions()

    @classmethod
    def start(cls, files: Files, setup: Setup, clock: SteadyClock | None = None) -> Engine:
        """Bring back the state from snapshot and journal. Raises Corrupt for a harmed journal."""
        clock = clock or SteadyClock()
        recovered = recover(files, setup)
        clock.hold(recovered.state.last_us)
        return cls(files, setup, recovered, clock)

    def decide(self, events: Sequence[Event], expired: Collection[int] = ()) -> Sequence[Answer]:
        """Decide events in order; the answers are safe on disk."""
        batch = self.prepare(events, expired)
        return self.commit(batch)

    def prepare(self, events: Sequence[Event], expired: Collection[int] = ()) -> Batch:
        """Decide and write a batch; `expired` are places of events whose deadline has passed."""
        names = [name_of(event) for event in events]
        first: dict[tuple[str, str], int] = {}
        find = self.state.index.find
        for place, name in enumerate(names):
            if find(name) is None:
                first.setdefault(name, place)
        fresh = list(first.values())
        answers: list[Answer | None] = [None] * len(events)
        if fresh:
            chosen = [events[place] for place in fresh]
            late = {i for i, place in enumerate(fresh) if place in expired} if expired else set()
            for place, answer in zip(fresh, self._judge(chosen, late), strict=True):
                answers[place] = answer
        return Batch([answer or self._again(events[place]) for place, answer in enumerate(answers)])

    def commit(self, batch: Batch) -> Sequence[Answer]:
        """Wait until a batch is safe; give its answers."""
        self.journal.commit()
        return batch.answers

    def snapshot(self) -> str:
        """Keep the state, so that the next start is short. Only between batches."""
        state = self.state.snapshot()
        with writing():
            return snapshots.keep(self.files, self.setup.made_for, self.journal.end, state)

    def swap(self, setup: Setup) -> None:
        """Let others judge from the next batch on; what state depends on stays as it is."""
        assert setup.made_for == self.setup.made_for, "declarations change only at a start"
        self.setup = setup
        self._rule_codes = [rule.code for rule in setup.policy.rules]
        self._note_versions()

    def _note_versions(self) -> None:
        versions = self.setup.versions
        if next(reversed(self.state.versions), None) != versions.name:
            self.journal.append([ENCODER.encode(versions)])
            self.journal.commit()
            self.state.judged_by(versions)

    def rest(self) -> None:
        """Keep a snapshot where something was decided since the last start, before the end."""
        found = self.recovered.snapshot
        if not self.journal.broken and (found is None or found.seq < self.journal.end.seq):
            self.snapshot()

    def _judge(self, events: Sequence[Event], expired: Collection[int]) -> list[Decision]:
        try:
            return self._judged(events, expired)
        except BaseException:
            self.journal.give_up()  # what was counted is not on record: only a restart is safe
            raise

    def _judged(self, events: Sequence[Event], expired: Collection[int]) -> list[Decision]:
        setup = self.setup
        made, features, lateness = self.state.count(events)
        late = lateness.tolist()
        state = setup.channels.now() if setup.channels else _NOTHING_KNOWN
        score = self._score(features)
        judged = self._policy(made, features, score, state)
        missing = [] if score is not None or not self._wants_model else ["model"]
        missing += [] if judged is not None else ["policy"]
        outcomes = judged.outcomes.tolist() if judged else [Outcome.PASS] * len(events)
        hits = self._codes(judged.hits) if judged else [[]] * len(events)
        scores = [None] * len(events) if score is None else score.tolist()
        at_us, channels, version = self.clock.now_us(), state.tobytes(), setup.versions.name
        records = []
        for i, event in enumerate(events):
            degraded = [*missing, "deadline"] if i in expired else missing
            outcome = max(outcomes[i], setup.fails_to[event.channel]) if degraded else outcomes[i]
            records.append(
                Decided(at_us, event, late[i], outcome, hits[i], scores[i], degraded,
                        features[i].tobytes(), channels, version)
            )  # fmt: skip
        positions = self.journal.append([ENCODER.encode(record) for record in records])
        for event, position in zip(events, positions, strict=True):
            self.state.remember(event, position, at_us)
        return [self.answer(record) for record in records]

    @property
    def _wants_model(self) -> bool:
        return self.setup.model_missing or self.setup.scorer is not None

    def _score(self, features: Floats) -> Floats | None:
        """Give scores, or None where no model answers: rules then judge alone."""
        if self.setup.scorer is None:
            return None
        try:
            return self.setup.scorer.score(features)
        except Exception as error:  # noqa: BLE001 - a model must not stop the bank's payments
            _log.error("the model failed", version=self.setup.scorer.version, exc_info=error)
            return None

    def _policy(
        self, made: Columns, features: Floats, score: Floats | None, state: Floats
    ) -> Judged | None:
        """Give outcomes and hits, or None where the policy fails: channels then fail their way."""
        policy, n = self.setup.policy, len(features)
        asked = Asked(policy.fields, self.state.plan.names, made, features, score, state)
        try:
            return (
                policy.decide_rows(asked.rows()) if n <= _FEW else policy.decide(asked.columns(), n)
            )
        except Exception as error:  # noqa: BLE001 - nor must a policy
            _log.error("the policy failed", version=self.setup.policy.version, exc_info=error)
            return None

    def _codes(self, hits: NDArray[np.bool_]) -> list[list[str]]:
        found: list[list[str]] = [[] for _ in range(len(hits))]
        for row, rule in zip(*np.nonzero(hits), strict=True):
            found[row].append(self._rule_codes[rule])
        return found

    def _again(self, event: Event) -> Answer:
        """Give the recorded decision of an event decided before; refuse another body."""
        position = self.state.index.find(name_of(event))
        assert position is not None, "only known events come here"
        record = _DECIDED.decode(self.journal.read(position))
        if record.event != event:
            return Refusal(
                event_id=event.event_id,
                code="other_body",
                what="another event was decided under this id; give each event an id of its own",
            )
        return msgspec.structs.replace(self.answer(record), duplicate=True)

    def answer(self, record: Decided) -> Decision:
        """Give the answer that a record stands for, in the words of those who judged then."""
        at, worst, reasons = moment(record.at_us), None, []
        if record.hits:
            words = self._words_of(record.versions)
            held = [words[code] for code in record.hits if code in words]
            reasons = [reason for _, reason in held]
            worst = next((rule for rule, _ in held if rule.outcome == record.outcome), None)
        return Decision(
            event_id=record.event.event_id,
            outcome=_OUTCOMES[record.outcome],
            reasons=reasons,
            decided_at=at,
            versions=record.versions,
            score=record.score,
            method=worst.method if worst else None,
            until=at + timedelta(seconds=worst.delay_s) if worst and worst.delay_s else None,
            degraded=record.degraded,
        )

    def _words_of(self, name: str) -> Mapping[str, tuple[Rule, Reason]]:
        known = self._words.get(name)
        if known is None:
            versions = self.state.versions.get(name)
            rules = versions.rules if versions else []
            known = {rule.code: (rule, Reason(rule.code, rule.zh, rule.en)) for rule in rules}
            self._words[name] = known
        return known
