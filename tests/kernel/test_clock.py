from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from titian.kernel import clock
from titian.kernel.clock import BANK_TZ

MORNING = datetime(2026, 4, 1, 7, 30, tzinfo=BANK_TZ)


def test_it_works() -> None:
    with clock.frozen(MORNING):
        assert clock.now() == MORNING
        assert clock.now().tzinfo is UTC
        assert f"{clock.today()}" == "2026-04-01"


def test_time_runs_on_from_a_moment() -> None:
    with clock.running_from(MORNING):
        first = clock.now()
        assert timedelta(0) <= first - MORNING < timedelta(seconds=5)
        assert clock.now() > first


@pytest.mark.parametrize("hold", [clock.frozen, clock.running_from])
def test_afterwards_it_is_now_again(hold: object) -> None:
    assert callable(hold)
    with hold(MORNING), clock.frozen(MORNING + timedelta(days=1)):
        pass
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("hold", [clock.frozen, clock.running_from])
def test_a_moment_without_a_time_zone_is_refused(hold: object) -> None:
    assert callable(hold)
    with pytest.raises((AssertionError, TypeError)):
        hold(MORNING.replace(tzinfo=None))
