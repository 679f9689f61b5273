from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path

import pytest

from titian.kernel.errors import InvalidInput, NotFound
from titian.province.generate import generate
from titian.province.live import LiveEvent, config_of, stream, stream_command
from titian.province.model import ProvinceConfig

CONFIG = ProvinceConfig(banks=2, customers=300, days=10)
MIDNIGHT = datetime(2026, 4, 1)  # noqa: DTZ001 - bank-local
MONEY = {"transfer", "payment", "cash_out"}


class Pace:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def ticks(self) -> float:
        return self.now


def day_of(events: Iterator[LiveEvent], day: date) -> list[LiveEvent]:
    return list(takewhile(lambda event: event.occurred_at.date() == day, events))


@pytest.fixture(scope="module")
def first_day() -> list[LiveEvent]:
    return day_of(stream(CONFIG, 0), MIDNIGHT.date())


def test_it_goes_on_where_the_history_ends(first_day: list[LiveEvent]) -> None:
    assert len(first_day) > 50
    assert first_day[0].occurred_at >= MIDNIGHT
    assert {event.bank for event in first_day} == {"qinghe", "baishui"}


def test_events_come_in_order_and_ids_are_distinct() -> None:
    events = list(islice(stream(CONFIG, 0), 3_000))
    moments = [event.occurred_at for event in events]
    assert moments == sorted(moments)
    assert moments[-1] - moments[0] > timedelta(days=2)
    assert len({event.event_id for event in events}) == len(events)


def test_events_have_the_fields_of_the_raw_feed(first_day: list[LiveEvent]) -> None:
    for event in first_day:
        assert event.result in {"success", "declined", "failed"}
        assert event.channel in {"online", "mobile", "wechat", "direct", "card", "quick"}
        if event.event_type in MONEY:
            assert event.amount_fen is not None
            assert event.account_id is not None
            assert event.amount_fen > 0
        if event.channel == "mobile":
            assert event.device_id is not None
            assert event.ip is not None


def test_customers_are_those_of_the_history(first_day: list[LiveEvent]) -> None:
    known = {f"P{bank:02d}{row + 1:07d}" for bank in (1, 2) for row in range(200)}
    assert {event.party_id for event in first_day if event.party_id} <= known


def test_the_same_seed_streams_the_same_day(first_day: list[LiveEvent]) -> None:
    assert day_of(stream(CONFIG, 0), MIDNIGHT.date()) == first_day


def test_days_differ(first_day: list[LiveEvent]) -> None:
    start = MIDNIGHT + timedelta(days=1)
    second = day_of(stream(CONFIG, 0, start), start.date())
    assert [event.occurred_at.time() for event in second] != [
        event.occurred_at.time() for event in first_day
    ]


def test_starting_later_skips_what_was_before(first_day: list[LiveEvent]) -> None:
    noon = MIDNIGHT + timedelta(hours=12)
    afternoon = day_of(stream(CONFIG, 0, noon), noon.date())
    assert afternoon == [event for event in first_day if event.occurred_at >= noon]


def test_a_start_with_a_zone_is_turned_into_bank_time(first_day: list[LiveEvent]) -> None:
    start = datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert next(stream(CONFIG, 0, start)).occurred_at >= MIDNIGHT + timedelta(hours=12)


def test_a_start_beyond_the_first_block_gives_the_same_events_as_streaming_there() -> None:
    start = MIDNIGHT + timedelta(days=CONFIG.days + 3)
    there = next(event for event in stream(CONFIG, 0) if event.occurred_at >= start)
    assert next(stream(CONFIG, 0, start)) == there


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_events_are_due_at_their_time_divided_by_the_speed(speed: float) -> None:
    pace = Pace()
    for event in islice(stream(CONFIG, speed, sleep=pace.sleep, ticks=pace.ticks), 40):
        due = (event.occurred_at - MIDNIGHT).total_seconds() / speed
        assert pace.now - 100.0 == pytest.approx(due, abs=1e-6)
    assert pace.naps


def test_a_late_reader_catches_up_without_sleeping() -> None:
    pace = Pace()
    events = stream(CONFIG, 1.0, sleep=pace.sleep, ticks=pace.ticks)
    first = next(events)
    pace.now += 86_400
    naps = len(pace.naps)
    for event in islice(events, 20):
        assert event.occurred_at > first.occurred_at or event.event_id
    assert len(pace.naps) == naps


def test_bad_speed_and_start_are_refused() -> None:
    with pytest.raises(InvalidInput, match="--speed"):
        stream(CONFIG, -1)
    with pytest.raises(InvalidInput, match="not after the history"):
        stream(CONFIG, 0, MIDNIGHT - timedelta(seconds=1))
    with pytest.raises(InvalidInput, match="not after the history"):
        stream(CONFIG, 0, datetime(2041, 1, 1))  # noqa: DTZ001 - bank-local


def test_the_command_writes_one_object_a_line(tmp_path: Path) -> None:
    generate(CONFIG, tmp_path / "province")
    target = tmp_path / "events.ndjson"
    stream_command(tmp_path / "province", out=target, speed=0, limit=25)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 25
    assert [line["event_id"] for line in lines] == [
        event.event_id for event in islice(stream(CONFIG, 0), 25)
    ]


def test_the_command_prints_when_no_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(CONFIG, tmp_path / "province")
    printed = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", printed)
    stream_command(tmp_path / "province", speed=0, limit=3)
    assert len(printed.buffer.getvalue().splitlines()) == 3


def test_a_province_gives_back_its_configuration(tmp_path: Path) -> None:
    generate(CONFIG, tmp_path / "province")
    assert config_of(tmp_path / "province") == CONFIG
    with pytest.raises(NotFound, match="holds no province"):
        config_of(tmp_path)


def test_a_negative_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--limit"):
        stream_command(tmp_path, limit=-1)
