"""The same promises on PostgreSQL: orders, run log, a killed process, slots as advisory locks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from titian.data.jobs import slots
from titian.kernel import db
from titian.kernel.ids import new_id
from titian.kernel.settings import Settings, configure, load

from .conftest import Plot
from .test_board import run_plot, test_the_heat_map  # noqa: F401
from .test_board import test_a_rerun_takes_what_depends_on_it_along as test_rerun  # noqa: F401
from .test_checks_in_jobs import (  # noqa: F401
    test_rows_that_break_an_error_are_never_published,
    test_scores_weigh_errors_three_times,
)
from .test_conductor import (  # noqa: F401
    test_a_failure_holds_what_depends_on_it_and_nothing_else,
    test_many_dates_in_one_statement_give_what_single_ones_give,
)
from .test_executor import (
    CHAIN,
    killed_jobs,  # noqa: F401
    test_a_killed_process_loses_and_doubles_nothing,
    test_orders_of_one_bank_run_one_after_another,  # noqa: F401
)
from .test_watch import test_alerts_go_out_signed  # noqa: F401

pytestmark = pytest.mark.service


@pytest.fixture
def home(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Give settings with an empty home and a database of their own on PostgreSQL."""
    name = new_id("titian")
    url = f"{postgres_url.rsplit('/', 1)[0]}/{name}"
    before = load(home=tmp_path / "never-used")
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        monkeypatch.setenv("TITIAN_DATABASE_URL", url)
        made = configure(load(home=tmp_path / "home", query_workers=1, job_workers=2))
        db.upgrade()
        yield made
        db.engine().dispose()
        configure(before)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


kill = test_a_killed_process_loses_and_doubles_nothing
del test_a_killed_process_loses_and_doubles_nothing


def test_a_killed_process(plot: Plot, killed_jobs: Path) -> None:  # noqa: F811
    kill(plot, killed_jobs, CHAIN // 2)


def test_slots_are_held_once(home: Settings) -> None:
    first, release = slots.take()
    assert first == 0
    assert slots.try_take(0) is None
    release()
    again = slots.try_take(0)
    assert again is not None
    again()
