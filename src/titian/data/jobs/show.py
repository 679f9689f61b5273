"""Lists of the jobs' command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.tree import Tree

from titian.data.checks.results import Result
from titian.data.jobs import runlog
from titian.data.jobs.alerts import Alert
from titian.data.jobs.board import BankBoard
from titian.data.jobs.catalogue import Catalogue
from titian.data.jobs.lineage import Edge, Lineage
from titian.data.jobs.model import Stand, State
from titian.data.jobs.orders import Order
from titian.data.jobs.webhooks import Hook
from titian.kernel.ids import BankId
from titian.kernel.terminal import Cell, console, counted, listing

NONE_YET = "no data yet: `titian feeds load` brings some"
NONE_OF_DATE = "no data of that date"
COLOURS = {
    State.SUCCEEDED: "green",
    State.FAILED: "bold red",
    State.HELD: "red",
    State.RETRYING: "yellow",
    State.WAITING: "yellow",
    State.PAUSED: "yellow",
    State.RUNNING: "cyan",
    State.PENDING: "dim",
    State.SKIPPED: "dim",
}


def stands(found: Sequence[Stand], *, whole: object, json: bool, csv: bool) -> None:
    """List where each job stands; as JSON, print the `whole` they are part of."""
    rows = [
        (
            stand.job,
            Cell(stand.state, stand.state.value, COLOURS[stand.state]),
            stand.rows if stand.run else None,
            Cell(stand.seconds, f"{stand.seconds:.3f}") if stand.run else None,
            stand.why,
        )
        for stand in found
    ]
    none = "the bank has no jobs: `titian define` installs some"
    names = ("job", "state", "rows", "seconds", "why")
    listing(names, rows, none=none, whole=whole, json=json, csv=csv)


@dataclass(frozen=True, slots=True)
class Line:
    """A bank with its board of a date; `remark` says why there is little or nothing of it."""

    bank: BankId
    board: BankBoard | None
    remark: str = ""


def boards(found: Sequence[Line], *, json: bool, csv: bool) -> None:
    """List one line per bank."""
    heads = ("bank", "business_date", "done", "failed", "held", "waiting", "late", "rows")
    none = "no bank is registered yet: `titian banks add` registers one"
    more = ("finished", "paused", "problem")
    rows = [(line.bank, *_board(line)) for line in found]
    whole = [
        {
            "bank": line.bank,
            **(asdict(line.board) if line.board else {"business_date": None}),
            "remark": line.remark,
        }
        for line in found
    ]
    listing((*heads, *more), rows, none=none, whole=whole, json=json, csv=csv)


def _board(line: Line) -> tuple[object, ...]:
    board = line.board
    if board is None:
        return (*(None,) * 9, line.remark)
    return (
        board.business_date,
        Cell(board.done, f"{board.done}/{board.total}"),
        *(Cell(count, str(count or "")) for count in _counts(board)),
        board.rows,
        board.finished,
        "paused" if board.paused else "",
        Cell(board.problem, board.problem, "red") if board.problem else line.remark,
    )


def _counts(line: BankBoard) -> tuple[int, ...]:
    shown = (State.FAILED, State.HELD, State.WAITING)
    return (*(line.counts[state] for state in shown), line.late)


def orders(found: Sequence[Order], *, none: str, json: bool = False, csv: bool = False) -> None:
    """List one line per order, with how many of its units are done."""
    rows, whole = [], []
    for order in found:
        left = len(runlog.left_by(order))
        span = str(order.dates[0])
        span += f" … {order.dates[-1]}" if len(order.dates) > 1 else ""
        done = order.finished - left
        units = Cell(done, f"{done}/{order.total}")
        dates = Cell(order.dates, span)
        rows.append((order.order, order.bank, dates, order.reason, order.state, units, order.error))
        whole.append({**asdict(order), "done": done})
    names = ("order", "bank", "dates", "reason", "state", "done", "error")
    listing(names, rows, none=none, whole=whole, json=json, csv=csv)


def alerts(found: Sequence[Alert], *, json: bool, csv: bool) -> None:
    """List one line per alert."""
    rows = [
        (alert.raised, alert.bank, alert.business_date, alert.job, alert.kind, alert.message)
        for alert in found
    ]
    names = ("raised", "bank", "business_date", "job", "kind", "message")
    none = "nothing failed or is late"
    listing(names, rows, none=none, whole=found, json=json, csv=csv)


def hooks(found: Sequence[Hook], *, json: bool, csv: bool) -> None:
    """List one line per receiver of alerts."""
    rows = [
        (hook.hook, Cell(hook.bank, hook.bank or "(union)"), hook.url, hook.created)
        for hook in found
    ]
    none = "no receiver is known: `titian jobs webhooks add` adds one"
    names = ("receiver", "bank", "address", "since")
    listing(names, rows, none=none, whole=found, json=json, csv=csv)


def checks(found: Sequence[Result], *, none: str, json: bool, csv: bool) -> None:
    """List one line per check."""
    rows = [
        (
            result.table,
            result.business_date,
            result.label,
            result.severity,
            Cell(result.passed, *(("passed", "green") if result.passed else ("failed", "red"))),
            result.measured,
            Cell(result.sample, _examples(result)),
        )
        for result in found
    ]
    names = ("table", "business_date", "check", "severity", "passed", "measured", "for_example")
    listing(names, rows, none=none, whole=found, json=json, csv=csv)


def _examples(result: Result) -> str:
    return "; ".join(
        " ".join(f"{name}={value}" for name, value in row.items()) for row in result.sample[:2]
    )


def graph(catalogue: Catalogue, *, whole: object, json: bool, csv: bool) -> None:
    """List the jobs in order, each with what it reads; as JSON, print the `whole` graph."""
    rows = []
    for name in catalogue.graph.order:
        job = catalogue.jobs[name]
        reads = [read.table + (" (history)" if read.history else "") for read in job.reads]
        rows.append((name, reads, job.schedule, job.waits, len(job.checks)))
    none = "the bank has no jobs: `titian define` installs some"
    remark = counted(len(rows), "job")
    names = ("job", "reads", "schedule", "waits_for", "checks")
    listing(names, rows, none=none, remark=remark, whole=whole, json=json, csv=csv)


def lineage(found: Lineage, *, up: bool) -> None:
    """Print lineage as a tree from the column asked for."""
    beside: dict[str, list[Edge]] = {}
    for edge in found.edges:
        beside.setdefault(edge.target if up else edge.source, []).append(edge)
    root = Tree(f"[bold]{found.column}[/] {'comes from' if up else 'goes into'}")
    _branch(root, found.column, beside, {found.column}, up=up)
    console().print(root)


def _branch(
    tree: Tree, column: str, beside: dict[str, list[Edge]], above: set[str], *, up: bool
) -> None:
    for edge in beside.get(column, ()):
        name = edge.source if up else edge.target
        words = name if edge.exact else f"{name} [dim](anywhere in {edge.job})[/]"
        if name in above:
            tree.add(f"{words} [dim](again)[/]")
            continue
        _branch(tree.add(words), name, beside, above | {name}, up=up)
