"""Run `titian …` in this process, as a shell would see it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from titian import cli
from titian.kernel import db
from titian.kernel.settings import configure, settings


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Ended]


def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Give a way to run the command line in a home; the process is left as it was."""

    def call(home: Path, *words: str) -> Ended:
        before, mask = settings(), os.umask(0o022)
        monkeypatch.setattr(sys, "argv", ["titian", "--home", str(home), *words])
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            os.umask(mask)
            if settings() is not before:
                _close()
            configure(before)
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out, err)

    return call


def _close() -> None:
    file = db.sqlite_file() if settings().database_url is None else None
    if file is not None and file.exists():
        db.engine().dispose()
