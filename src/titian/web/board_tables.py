"""The lists of the boards: the union's banks, worst first, and a bank's jobs as they run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from markupsafe import Markup

from titian.data.jobs import board
from titian.data.jobs.board import BankBoard
from titian.data.jobs.catalogue import lately
from titian.data.jobs.model import Stand, State
from titian.kernel.errors import TitianError
from titian.kernel.ids import BankId
from titian.kernel.scope import Permission, Scope
from titian.web.i18n import Text, _, errors, lazy, locale
from titian.web.listing import (
    Column,
    Empty,
    Filter,
    FilterKind,
    Kind,
    Table,
    Tone,
    over,
)
from titian.web.listing import State as Word
from titian.web.naming import names_at
from titian.web.render import as_code
from titian.web.words import RUN_STATES

if TYPE_CHECKING:
    from titian.web.context import Context

MAX_ROOTS = 1
_BROKEN = "broken"
_PARTLY = "partly"
BANK_STATES: dict[str, Word] = {
    _BROKEN: Word(lazy("Definitions broken"), Tone.BAD),
    **{state.value: word for state, word in RUN_STATES.items()},
    _PARTLY: Word(lazy("Not finished"), Tone.CALM),
}
_ORDER = {name: place for place, name in enumerate([_BROKEN, *(s.value for s in board.SEVERITY)])}
_ORDER[_PARTLY] = _ORDER[State.PENDING.value]
_EXPLAINED = frozenset({State.WAITING, State.RETRYING, State.HELD, State.FAILED, State.PAUSED})

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BankLine:
    """One bank of the union's board; `roots` are the first of those that hold others up."""

    name: str
    board: BankBoard
    job_names: Names

    @property
    def state(self) -> str:
        """The word for the bank's day as a whole."""
        if self.board.problem:
            return _BROKEN
        worst = self.board.worst
        return _PARTLY if worst is State.PENDING and self.board.begun else worst.value

    @property
    def urgency(self) -> tuple[int, int, int, str]:
        """What sorts the worst first."""
        line = self.board
        return (_ORDER[self.state], -line.red, -line.late, self.name)

    @property
    def roots(self) -> Sequence[Stand]:
        """The first jobs that hold others up."""
        return self.board.roots[:MAX_ROOTS]

    def told(self, stand: Stand) -> str:
        """Say what a job that holds others up is stopped by."""
        if stand.state is State.WAITING:
            return why(stand, self.job_names)
        return str(RUN_STATES[stand.state].label)

    def words(self) -> str:
        """Say who holds others up, for a file."""
        known = self.job_names
        return "; ".join(f"{known.get(s.job, s.job)}: {self.told(s)}" for s in self.board.roots)


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job of a bank's board, in its place of the day's order."""

    place: int
    name: str
    stand: Stand
    paused: bool
    why: str

    @property
    def code(self) -> Markup:
        """The job's code, and whether it is paused."""
        code = as_code(self.stand.job)
        return Markup(" · ").join((code, _("Paused"))) if self.paused else code


def why(stand: Stand, names: Names) -> str:
    """Say why a job stands where it stands; empty when there is nothing to explain."""
    return errors.told(stand.why, names) if stand.state in _EXPLAINED else ""


def job_names(bank: BankId) -> Names:
    """Give the names of a bank's jobs in the reader's language; none when they cannot be read."""
    try:
        jobs = lately(Scope.system(bank)).jobs
    except TitianError:
        return {}
    return {name: job.zh if locale() == "zh" else job.en for name, job in jobs.items()}


def _count(state: State) -> Callable[[BankLine], int]:
    return lambda line: line.board.counts[state]


def _alarm(value: Callable[[BankLine], int], tone: Tone) -> Callable[[BankLine], Tone | None]:
    return lambda line: tone if value(line) else None


_FAILED, _HELD = _count(State.FAILED), _count(State.HELD)
BANKS: Table[BankLine] = Table(
    "bank-runs",
    lazy("Banks"),
    columns=(
        Column(
            "name",
            lazy("Bank"),
            main=True,
            link=lambda ctx, line: ctx.url("/runs", at=line.board.bank),
            note=lambda line: errors.told(line.board.problem) if line.board.problem else None,
        ),
        Column("bank", lazy("Code"), value=lambda line: line.board.bank, shown=False),
        Column("state", lazy("State"), Kind.STATE, states=BANK_STATES),
        Column(
            "done",
            lazy("Jobs done"),
            Kind.NUMBER,
            value=lambda line: line.board.done,
            of=lambda line: line.board.total,
        ),
        Column(
            "total", lazy("Jobs"), Kind.NUMBER, value=lambda line: line.board.total, shown=False
        ),
        Column("failed", lazy("Failed"), Kind.NUMBER, _FAILED, tone=_alarm(_FAILED, Tone.BAD)),
        Column("held", lazy("Held up"), Kind.NUMBER, _HELD, tone=_alarm(_HELD, Tone.WARN)),
        Column(
            "late",
            lazy("Late"),
            Kind.NUMBER,
            value=lambda line: line.board.late,
            tone=_alarm(lambda line: line.board.late, Tone.WARN),
        ),
        Column("roots", lazy("Held up by"), value=BankLine.words, sortable=False),
        Column("rows", lazy("Rows"), Kind.NUMBER, value=lambda line: line.board.rows, desk=True),
        Column("seconds", lazy("Took"), Kind.SECONDS, lambda line: line.board.seconds, shown=False),
        Column(
            "finished", lazy("Finished"), Kind.MOMENT, lambda line: line.board.finished, desk=True
        ),
    ),
    filters=(
        Filter("q", lazy("Bank"), FilterKind.SEARCH),
        Filter("show", lazy("Show"), choices=lambda _ctx: [(k, v[0]) for k, v in _SHOWN.items()]),
    ),
    sort="state",
    page_size=100,
    empty=Empty(
        lazy("No banks yet"),
        lazy("Register the first member bank; its runs appear here."),
        lazy("New bank"),
        "/banks/new",
        Permission.MANAGE_BANKS,
    ),
    export=Permission.VIEW_JOBS,
)
_SHOWN: dict[str, tuple[Text, Callable[[BankLine], bool]]] = {
    "red": (lazy("red"), lambda line: bool(line.board.red or line.board.problem)),
    "late": (lazy("late"), lambda line: bool(line.board.late)),
    "waiting": (lazy("waiting for a feed"), lambda line: bool(_count(State.WAITING)(line))),
    "open": (lazy("not finished"), lambda line: line.board.done < line.board.total),
    "done": (lazy("finished"), lambda line: line.board.done == line.board.total),
    "paused": (lazy("paused"), lambda line: line.board.paused),
}


def bank_table(lines: Sequence[BankLine]) -> Table[BankLine]:
    """Give the union's list over its lines of a day."""
    return over(
        BANKS,
        lines,
        search=lambda line: f"{line.name} {line.board.bank}",
        keep={"show": lambda line, name: _SHOWN[name][1](line)},
        order={"state": lambda line: line.urgency},
    )


JOBS: Table[JobLine] = Table(
    "day-jobs",
    lazy("Jobs"),
    columns=(
        Column(
            "name",
            lazy("Job"),
            main=True,
            link=lambda ctx, line: ctx.url(f"/runs/jobs/{line.stand.job}"),
            note=lambda line: line.code,
        ),
        Column("job", lazy("Code"), Kind.CODE, lambda line: line.stand.job, shown=False),
        Column(
            "state",
            lazy("State"),
            Kind.STATE,
            lambda line: line.stand.state,
            states=RUN_STATES,
            link=lambda ctx, line: (
                ctx.url(f"/runs/log/{line.stand.run}") if line.stand.run else None
            ),
        ),
        Column("why", lazy("Why"), sortable=False),
        Column("rows", lazy("Rows"), Kind.NUMBER, lambda line: line.stand.rows),
        Column("seconds", lazy("Took"), Kind.SECONDS, lambda line: line.stand.seconds),
        Column(
            "finished", lazy("Finished"), Kind.MOMENT, lambda line: line.stand.finished, desk=True
        ),
    ),
    filters=(
        Filter("q", lazy("Job"), FilterKind.SEARCH),
        Filter(
            "state",
            lazy("State"),
            choices=lambda _ctx: [(state, word.label) for state, word in RUN_STATES.items()],
        ),
    ),
    page_size=100,
    empty=Empty(
        lazy("No jobs here yet"),
        lazy("Install this bank's definitions, or let it inherit the union's."),
    ),
    export=Permission.VIEW_JOBS,
)


def job_table(lines: Sequence[JobLine]) -> Table[JobLine]:
    """Give a bank's list over where its jobs stand."""
    return over(
        JOBS,
        lines,
        search=lambda line: f"{line.name} {line.stand.job}",
        keep={"state": lambda line, state: line.stand.state == state},
        order={"state": lambda line: (board.SEVERITY.index(line.stand.state), line.place)},
    )


def job_lines(ctx: Context, day: date, paused: frozenset[str]) -> list[JobLine]:
    """Give where a bank's jobs stand on a date, in the order in which they run."""
    names = names_at(ctx.scope.bank_id)
    return [
        JobLine(
            place,
            names.get(stand.job, stand.job),
            stand,
            stand.job in paused,
            why(stand, names),
        )
        for place, stand in enumerate(board.stands(ctx.scope, day))
    ]
