"""A new engineer's first day: find a preset in the tree, change it, see it on the page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from titian.data import definitions
from titian.data.definitions import Kind
from titian.data.jobs import catalogue
from titian.web.walk import Walker

SignIn = Callable[..., Walker]
ROOT = Path(__file__).parents[2]
PRESETS = Path(str(resources.files("titian.data") / "presets"))


@pytest.fixture
def presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the package's presets to change, in force instead of them and at once."""
    copy = shutil.copytree(PRESETS, tmp_path / "presets")
    monkeypatch.setattr(catalogue, "FRESH_S", 0.0)
    monkeypatch.setattr(definitions, "_presets", lambda kind: copy / Kind(kind).value)
    return copy


@pytest.fixture
def engineer(presets: Path, as_user: SignIn) -> Walker:
    """Give the browser of somebody who sees all pages."""
    return as_user("admin")


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name} does not say {before!r} once"
    file.write_text(text.replace(before, after), encoding="utf-8")


def page(walker: Walker, path: str) -> str:
    answer = walker.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return re.sub(r"\s+", " ", answer.text)


def test_the_manual_leads_to_the_presets() -> None:
    manual = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.search(r"`(src/titian/data/presets/)`", manual)
    assert named is not None
    assert (ROOT / named[1]).is_dir()


def test_a_warning_level_of_a_job(engineer: Walker, presets: Path) -> None:
    address = "/at/qinghe/runs/jobs/core.loan"
    assert "50%" in page(engineer, address)
    assert "35%" not in page(engineer, address)
    file = presets / "jobs" / "core" / "core.loan.sql"
    change(file, "{row_count_drift: {max_ratio: 0.5}", "{row_count_drift: {max_ratio: 0.35}")
    assert "35%" in page(engineer, address)


def test_how_many_bad_rows_a_feed_may_have(engineer: Walker, presets: Path) -> None:
    address = "/at/qinghe/feeds/village/contract"
    assert "12.5%" not in page(engineer, address)
    file = presets / "feeds" / "village.odcs.yaml"
    change(
        file,
        "  - {property: kind, value: snapshot}",
        "  - {property: kind, value: snapshot}\n  - {property: max_bad_share, value: 0.125}",
    )
    assert "12.5%" in page(engineer, address)


def test_the_name_of_an_indicator(engineer: Walker, presets: Path) -> None:
    address = "/at/qinghe/indicators/deposit_balance"
    change(presets / "indicators" / "public.yaml", "en: deposits,", "en: money entrusted to us,")
    assert "money entrusted to us" in page(engineer, address).casefold()


def test_the_name_of_a_tag(engineer: Walker, presets: Path) -> None:
    change(presets / "tags" / "income.yaml", "en: Salary is paid here", "en: Paid by us each month")
    assert "Paid by us each month" in page(engineer, "/at/qinghe/tags/payroll")


def test_a_slip_in_a_preset_is_named_with_its_place(engineer: Walker, presets: Path) -> None:
    file = presets / "jobs" / "core" / "core.loan.sql"
    change(file, "{row_count_drift: {max_ratio: 0.5}", "{row_count_drift: {max_ration: 0.5}")
    answer = engineer.get("/at/qinghe/runs/jobs/core.loan")
    assert answer.status_code == 422
    for words in ("max_ration", "max_ratio", "core.loan.sql:57"):
        assert words in answer.text
