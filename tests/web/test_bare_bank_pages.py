"""A bank that inherits nothing of the union: every page says what it lacks, and how to get it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from titian.data import definitions
from titian.data.definitions import Presets
from titian.kernel.scope import Scope
from titian.web.walk import Walker


@pytest.fixture
def admin(qinghe: Scope, as_user: Callable[..., Walker]) -> Walker:
    """Give an administrator's browser; qinghe has no jobs, tags or indicators."""
    definitions.set_presets(qinghe, Presets.NONE)
    return as_user("admin")


@pytest.mark.parametrize("path", ["/tags", "/tags/new", "/audiences/build"])
def test_tags_and_audiences_say_what_they_lack(admin: Walker, path: str) -> None:
    page = admin.get(f"/at/qinghe{path}")
    assert page.status_code == 200
    assert "no job of this bank makes it" in page.text
    assert "titian define --bank qinghe" in page.text
    assert '<form class="filters' not in page.text


@pytest.mark.parametrize("path", ["/audiences", "/tags/proposals", "/search?q=qinghe"])
def test_what_rests_on_tags_opens(admin: Walker, path: str) -> None:
    assert admin.get(f"/at/qinghe{path}").status_code == 200


def test_the_board_of_a_bank_without_jobs_says_how_to_get_some(admin: Walker) -> None:
    page = admin.get("/at/qinghe/runs")
    assert "This bank has no jobs" in page.text
    assert "titian define --bank qinghe" in page.text
    for absent in ('<form class="filters', "<progress", "Back-fill", "Run the day"):
        assert absent not in page.text
