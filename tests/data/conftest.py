"""What rooms of the data platform share: the sample bank, and a way to run one of its jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import sample_bank as bank_of_tests

from titian.data.jobs.task import Made
from titian.kernel.scope import Scope
from titian.kernel.settings import Settings

RunJob = Callable[..., Made]


@pytest.fixture
def run_job() -> RunJob:
    """Give a function that runs one job of a bank for some dates, without queue or log."""
    return bank_of_tests.run_job


@pytest.fixture
def sample_bank(sample_home: Path, qinghe: Scope, home: Settings) -> Scope:
    """Give a bank with 240 parties: its core tables, mart, tags and definitions of four dates."""
    bank_of_tests.pour(sample_home, home.home)
    return qinghe
