from __future__ import annotations

import pytest

from titian.kernel.progress import track


def test_without_a_terminal_nothing_is_said_unless_aloud(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with track("Loading", 2) as advance:
        advance(2)
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "")
    with track("Loading", 2, aloud=True) as advance:
        assert capsys.readouterr().err == "Loading …\n"
        advance(2)
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.startswith("Loading: done in ")


def test_what_fails_is_not_said_to_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), track("Loading", None, aloud=True):
        raise ValueError("broken")
    assert "done" not in capsys.readouterr().err
