"""`titian serve` also does the work that its pages order."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from titian.cli import app
from titian.data.jobs import executor


def test_a_server_works_on_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(
        "titian.web.cli.uvicorn.run", lambda *_app, **_more: seen.append(executor.is_running())
    )
    outcome = CliRunner().invoke(app, ["--home", str(tmp_path), "serve", "--port", "0"])
    assert outcome.exit_code == 0, outcome.output
    assert seen == [True]
    assert not executor.is_running()
