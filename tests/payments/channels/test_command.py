"""`titian payments channels` over a bank's lake."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from importlib import resources

import pyarrow as pa
import pytest
from tests.payments.channels.test_line import ATTACK_US, DAYS, START, transfers_and_logins
from typer.testing import CliRunner, Result

from titian.cli import app
from titian.data.jobs.header import read_header
from titian.kernel.errors import InvalidInput, NotFound
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import store
from titian.payments.channels.history import read_history
from titian.payments.channels.model import DAY_US

BANK_OFFSET_US = 8 * 3_600_000_000
Run = Callable[..., Result]


def fill(scope: Scope) -> None:
    file = resources.files("titian.data") / "presets" / "jobs" / "core" / "core.event.sql"
    table = read_header(file.read_text("utf-8"), "core.event.sql").table
    events = transfers_and_logins(attack=True)
    local = pa.array(events["at_us"].to_numpy() + BANK_OFFSET_US, pa.timestamp("us"))
    columns: dict[str, object] = {
        field.name: pa.nulls(len(local), field.type) for field in table.arrow_schema(with_date=True)
    }
    columns |= {name: events[name] for name in events.column_names if name != "at_us"}
    columns |= {
        "event_id": [f"e{n}" for n in range(len(local))],
        "occurred_at": local,
        "business_date": local.cast(pa.date32()),
    }
    rows = pa.table(columns).cast(table.arrow_schema(with_date=True))
    store.write_dates(scope, table, rows, sorted(set(rows["business_date"].to_pylist())))


@pytest.fixture
def run(qinghe: Scope) -> Run:
    """Run a command in the test's home."""
    home = ["--home", str(settings().home)]

    def call(*words: str) -> Result:
        words = ("payments", "channels", "--bank", "qinghe", *words)
        return CliRunner().invoke(app, [*home, *words], catch_exceptions=False)

    return call


def test_it_reports_state_and_alarms_of_the_days_watched(qinghe: Scope, run: Run) -> None:
    fill(qinghe)
    found = json.loads(run("--watch-days", "2", "--json").stdout)
    attack = [one for one in found["alarms"] if one["at"].startswith("2026-03-15T12:00:00+08:00")]
    assert attack[0]["blamed"][0]["series"] == "mobile.failed_logins"
    assert [one["channel"] for one in found["channels"]][:2] == ["online", "mobile"]
    assert {gate["name"] for gate in found["gates"]} == {"stable", "white", "stationary"}
    assert found["observed_alarms"] == len(found["alarms"])
    assert found["left_out"]["card.attempts"] == "too few bins in which anything happened"
    assert found["leads"] == []
    shown = run("--watch-days", "2").stdout
    assert "mobile.failed_logins" in shown
    assert "expected of quiet days" in shown


def test_leads_are_tested_when_asked_for(qinghe: Scope, run: Run) -> None:
    fill(qinghe)
    found = json.loads(run("--leads", "--json").stdout)
    assert len(found["leads"]) <= 20  # of 182 pairs; the events are drawn without any lead
    assert all(lead["cause"] != lead["effect"] for lead in found["leads"])
    assert all(0 <= lead["p_value"] <= 0.05 for lead in found["leads"])


def test_history_is_read_in_bank_time(qinghe: Scope) -> None:
    fill(qinghe)
    history = read_history(qinghe, 5, date(2026, 3, 15))
    assert (history.first, history.last) == (date(2026, 3, 11), date(2026, 3, 15))
    assert history.start_us == START + 9 * DAY_US
    assert history.end_us == START + DAYS * DAY_US
    assert START <= min(history.events["at_us"].to_pylist()) < START + DAY_US
    assert ATTACK_US < max(history.events["at_us"].to_pylist()) < history.end_us


def test_what_is_not_there_is_refused(qinghe: Scope) -> None:
    with pytest.raises(NotFound, match="no channel events yet"):
        read_history(qinghe, 5)
    fill(qinghe)
    with pytest.raises(InvalidInput, match="no channel events on 2026-04-01"):
        read_history(qinghe, 5, date(2026, 4, 1))
    with pytest.raises(InvalidInput, match="0 days"):
        read_history(qinghe, 0)
