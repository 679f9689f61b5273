"""The interactive shell: SQL ended by `;`, and a few commands that begin with a dot."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

from titian.kernel.errors import TitianError
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake import show, store
from titian.lake.queries import query
from titian.lake.show import Format

try:
    import readline
except ImportError:  # not on every platform
    readline = None  # type: ignore[assignment]

HISTORY_LINES = 1_000
_HELP = """\
SQL            one SELECT, ended by ;
.tables        list the tables
.schema NAME   show a table's columns
.format FORM   table, csv or json
.limit ROWS    how many rows to show at most
.quit          leave (or Ctrl-D)"""


class Shell:
    """A loop of questions and answers at one place; an error is shown and the loop goes on."""

    def __init__(self, scope: Scope, limit: int, out: Console) -> None:
        self._scope = scope
        self._limit = limit
        self._out = out
        self._form = Format.TABLE
        self._commands: dict[str, Callable[[str], None]] = {
            ".tables": self._tables,
            ".schema": lambda name: show.schema(store.describe(scope, name), out),
            ".format": self._set_format,
            ".limit": self._set_limit,
            ".help": lambda _: self._say(_HELP),
        }

    def run(self) -> None:
        """Ask until the person leaves."""
        with _history(settings().home / "shell_history"):
            self._say(f"{self._scope.place}: .help lists the commands, .quit leaves")
            while (text := self._next()) is not None:
                if text:
                    self._answer(text)

    def _next(self) -> str | None:
        lines: list[str] = []
        while True:
            try:
                line = input("   ...> " if lines else f"{self._scope.place}> ")
            except EOFError:
                rest = "" if sys.stdin.isatty() else "\n".join(lines).strip()
                return rest.rstrip(";") or None
            except KeyboardInterrupt:
                return ""
            if not lines and line.strip().startswith("."):
                word = line.strip()
                return None if word in (".quit", ".exit") else word
            lines.append(line)
            text = "\n".join(lines).strip()
            if not text or text.endswith(";"):
                return text.rstrip(";")

    def _answer(self, text: str) -> None:
        try:
            if text.startswith("."):
                word, _, rest = text.partition(" ")
                self._commands.get(word, self._unknown)(rest.strip())
                return
            found = query(self._scope, text, limit=self._limit)
            show.result(found, self._form, self._out)
            self._say(show.footnote(found), style="dim")
        except TitianError as error:
            self._say(f"{error.what}\n  {error.remedy}", style="red")
        except KeyboardInterrupt:
            self._say("stopped", style="red")

    def _tables(self, _rest: str) -> None:
        for found in store.tables(self._scope):
            self._say(f"{found.table.qualified:<32} {found.rows:>12,}  {found.table.zh}")

    def _set_format(self, word: str) -> None:
        with suppress(ValueError):
            self._form = Format(word)
            return
        self._say("choose table, csv or json", style="red")

    def _set_limit(self, word: str) -> None:
        most = settings().query_max_rows
        if word.isdecimal() and 1 <= int(word) <= most:
            self._limit = int(word)
        else:
            self._say(f"choose 1 to {most} rows", style="red")

    def _unknown(self, _rest: str) -> None:
        self._say("there is no such command; .help lists them", style="red")

    def _say(self, text: str, style: str = "") -> None:
        self._out.print(Text(text, style=style), soft_wrap=True)


@contextmanager
def _history(path: Path) -> Iterator[None]:
    if readline is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    readline.set_history_length(HISTORY_LINES)
    with suppress(OSError):
        readline.read_history_file(path)
    try:
        yield
    finally:
        with suppress(OSError):
            readline.write_history_file(path)
