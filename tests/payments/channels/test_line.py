"""The whole line from a table of events to an alarm that names channel and factor."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from tests.payments.channels.simulated import MONDAY_US

from titian.payments.channels.alarms import Alarm, Status, Verdict
from titian.payments.channels.calendar import Calendar
from titian.payments.channels.model import DAY_US, Factor
from titian.payments.channels.monitor import Settings, begin
from titian.payments.channels.series import STRUCTURE_US, bin_events
from titian.payments.model import Channel

DAYS = 14
START = MONDAY_US
ATTACK_US = START + 13 * DAY_US + DAY_US // 2


def transfers_and_logins(*, attack: bool) -> pa.Table:
    stream = np.random.default_rng(5)
    number = 1_500 * DAYS
    at_us = START + np.sort(stream.integers(0, DAYS * DAY_US, number))
    kind = np.where(stream.random(number) < 0.5, "login", "transfer")
    failed = np.where(stream.random(number) < 0.1, "failed", "success")
    channel = stream.choice(["mobile", "online"], number, p=[0.7, 0.3])
    if attack:
        more = 200
        at_us = np.r_[at_us, ATTACK_US + stream.integers(0, STRUCTURE_US, more)]
        kind = np.r_[kind, np.full(more, "login")]
        failed = np.r_[failed, np.full(more, "failed")]
        channel = np.r_[channel, np.full(more, "mobile")]
    party = stream.integers(0, 300, len(at_us))
    return pa.table(
        {
            "at_us": at_us,
            "channel": channel,
            "event_type": kind,
            "result": failed,
            "amount_fen": np.where(kind == "login", 0, stream.integers(100, 10**6, len(at_us))),
            "party_id": party.astype(str),
            "device_id": (party % 250).astype(str),
            "payee_account": stream.integers(0, 500, len(at_us)).astype(str),
        }
    )


def judged(events: pa.Table) -> list[Verdict]:
    series = bin_events(events, START, START + DAYS * DAY_US, STRUCTURE_US)
    split = 12 * 96
    monitor = begin(series.rows(0, split), Calendar(), Settings(max_order=2, window=3_000))
    return monitor.watch(series.rows(split, len(series.values)))


@pytest.fixture(scope="module")
def attacked() -> list[Verdict]:
    return judged(transfers_and_logins(attack=True))


def alarms_of(verdicts: list[Verdict]) -> list[Alarm]:
    return [alarm for verdict in verdicts for alarm in verdict.alarms]


def test_an_attack_is_found_in_its_bin_and_blamed_on_its_series(attacked: list[Verdict]) -> None:
    found = [alarm for alarm in alarms_of(attacked) if alarm.at_us == ATTACK_US]
    assert found
    worst = found[0].blamed[0]
    assert worst.series == (Channel.MOBILE, Factor.FAILED_LOGINS)
    assert worst.share > 0.5
    assert worst.deviation > 5


def test_the_channel_under_attack_shows_pressure(attacked: list[Verdict]) -> None:
    bin_ = next(verdict for verdict in attacked if verdict.at_us == ATTACK_US)
    channels = list(Channel)
    assert bin_.pressure[channels.index(Channel.MOBILE)] < 0.01
    assert bin_.pressure[channels.index(Channel.CARD)] == 1.0
    assert bin_.status is Status.WATCHING


def test_without_the_attack_the_same_bins_are_quiet() -> None:
    quiet = alarms_of(judged(transfers_and_logins(attack=False)))
    assert not [alarm for alarm in quiet if alarm.at_us == ATTACK_US]
    assert len(quiet) <= 8  # two are expected in two days; P(Poisson(2) > 8) < 0.001
