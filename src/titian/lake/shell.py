"""The interactive shell: SQL ended by `;`, and a few commands that begin with a dot."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from titian.kernel.errors import InvalidInput, TitianError
from titian.kernel.near import nearest
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.kernel.terminal import grid, in_words, listing, note, say
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
    """A loop of questions and answers at one place; an error is shown and the loop goes on.

    What is piped in is answered without prompts; remarks and errors go to stderr.
    """

    def __init__(self, scope: Scope, limit: int) -> None:
        self._scope = scope
        self._limit = limit
        self._form = Format.TABLE
        self._watched = sys.stdin.isatty()
        self._failed: TitianError | None = None
        self._commands: dict[str, Callable[[str], None]] = {
            ".tables": self._tables,
            ".schema": self._schema,
            ".format": self._set_format,
            ".limit": self._set_limit,
            ".help": lambda _: say(_HELP),
        }

    def run(self) -> TitianError | None:
        """Ask until the person leaves; give the first error of what nobody watched."""
        with _history(settings().home / "shell_history", kept=self._watched):
            if self._watched:
                say(f"{self._scope.place}: .help lists the commands, .quit leaves")
            while (text := self._next()) is not None:
                if text:
                    self._answer(text)
        return None if self._watched else self._failed

    def _next(self) -> str | None:
        lines: list[str] = []
        while True:
            try:
                line = input(self._prompt("   ..." if lines else self._scope.place))
            except EOFError:
                rest = "" if self._watched else "\n".join(lines).strip()
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

    def _prompt(self, word: str) -> str:
        return f"{word}> " if self._watched else ""

    def _answer(self, text: str) -> None:
        try:
            if text.startswith("."):
                word, _, rest = text.partition(" ")
                self._command(word)(rest.strip())
                return
            found = query(self._scope, text, limit=self._limit)
            show.result(found, self._form)
            note(show.footnote(found))
        except TitianError as error:
            self._failed = self._failed or error
            note(f"{error.what}\n  {error.remedy}", style="red")
        except KeyboardInterrupt:
            note("stopped", style="red")

    def _command(self, word: str) -> Callable[[str], None]:
        if word not in self._commands:
            raise InvalidInput(f"there is no command {word}", nearest(word, self._commands))
        return self._commands[word]

    def _tables(self, _rest: str) -> None:
        found = store.tables(self._scope)
        rows = [(one.table.qualified, one.rows, in_words(one.table.label)) for one in found]
        listing(("table", "rows", "name"), rows, none=f"{self._scope.place} has no tables yet")

    def _schema(self, name: str) -> None:
        table = store.describe(self._scope, name)
        say(show.title(table))
        grid(show.COLUMN_HEADS, show.columns(table))

    def _set_format(self, word: str) -> None:
        if word not in set(Format):
            raise InvalidInput(f"{word!r} is no format", "Choose table, csv or json.")
        self._form = Format(word)

    def _set_limit(self, word: str) -> None:
        most = settings().query_max_rows
        if not word.isdecimal() or not 1 <= int(word) <= most:
            raise InvalidInput(f"{word!r} is no limit", f"Choose 1 to {most} rows.")
        self._limit = int(word)


@contextmanager
def _history(path: Path, *, kept: bool) -> Iterator[None]:
    if not kept or readline is None:
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
