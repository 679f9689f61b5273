"""An engine on a folder of the test's own, with the declarations that ship."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.payment_events import NOW

from titian.payments.engine import Engine, Setup
from titian.payments.engine.clock import SteadyClock
from titian.payments.engine.setup import preset
from titian.payments.journal import Disk


def still() -> SteadyClock:
    """Give a clock that stands at the moment of the test's events."""
    return SteadyClock(lambda: round(NOW.timestamp() * 1_000_000), lambda: 0)


@pytest.fixture(scope="session")
def setup() -> Setup:
    """Give the make-up that ships, with a secret of the tests."""
    return preset(b"secret of the tests")


@pytest.fixture
def start(tmp_path: Path, setup: Setup) -> Iterator[Callable[..., Engine]]:
    """Give a way to start an engine on the same folder, again and again."""
    opened: list[Disk] = []

    def started(chosen: Setup = setup, clock: SteadyClock | None = None) -> Engine:
        for disk in opened:
            disk.close()
        opened[:] = [Disk(tmp_path / "journal")]
        return Engine.start(opened[0], chosen, clock or still())

    yield started
    for disk in opened:
        disk.close()
