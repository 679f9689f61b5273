"""Tables and JSON of the jobs' command line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from titian.data.checks.results import Result
from titian.data.jobs.alerts import Alert
from titian.data.jobs.board import BankBoard
from titian.data.jobs.catalogue import Catalogue
from titian.data.jobs.lineage import Edge, Lineage
from titian.data.jobs.model import Stand, State
from titian.data.jobs.orders import Order
from titian.data.jobs.webhooks import Hook
from titian.kernel.clock import BANK_TZ

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


def as_json(value: object) -> None:
    """Print a value (dataclasses, dates and enums included) as JSON."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def stands(found: Sequence[Stand]) -> None:
    """Print where each job stands."""
    table = Table("job", "state", "rows", "seconds", "why")
    for stand in found:
        colour = COLOURS[stand.state]
        table.add_row(
            stand.job,
            f"[{colour}]{stand.state.value}[/]",
            f"{stand.rows:,}" if stand.run else "",
            f"{stand.seconds:.3f}" if stand.run else "",
            escape(stand.why),
        )
    Console().print(table)


def boards(found: Sequence[BankBoard]) -> None:
    """Print one line per bank."""
    table = Table("bank", "date", "done", "failed", "held", "waiting", "late", "rows", "finished")
    for line in found:
        counts = line.counts
        table.add_row(
            line.bank + (" (paused)" if line.paused else ""),
            str(line.business_date),
            f"{line.done}/{line.total}",
            str(counts[State.FAILED] or ""),
            str(counts[State.HELD] or ""),
            str(counts[State.WAITING] or ""),
            str(line.late or ""),
            f"{line.rows:,}",
            line.finished.astimezone(BANK_TZ).strftime("%m-%d %H:%M:%S") if line.finished else "",
        )
        if line.problem:
            table.add_row("", "", f"[red]{escape(line.problem)}[/]")
    Console().print(table)


def orders(found: Sequence[Order]) -> None:
    """Print one line per order."""
    table = Table("order", "bank", "dates", "reason", "state", "units", "error")
    for order in found:
        span = str(order.dates[0])
        span += f" … {order.dates[-1]}" if len(order.dates) > 1 else ""
        table.add_row(
            order.order,
            order.bank,
            span,
            order.reason.value,
            order.state.value,
            f"{order.finished}/{order.total}",
            escape(order.error),
        )
    Console().print(table)


def alerts(found: Sequence[Alert]) -> None:
    """Print one line per alert."""
    table = Table("raised", "bank", "date", "job", "kind", "message")
    for alert in found:
        table.add_row(
            alert.raised.astimezone(BANK_TZ).strftime("%m-%d %H:%M"),
            alert.bank,
            str(alert.business_date),
            alert.job,
            alert.kind.value,
            escape(alert.message),
        )
    Console().print(table)


def hooks(found: Sequence[Hook]) -> None:
    """Print one line per receiver of alerts."""
    table = Table("receiver", "bank", "address", "since")
    for hook in found:
        since = hook.created.astimezone(BANK_TZ).strftime("%Y-%m-%d")
        table.add_row(hook.hook, hook.bank or "(union)", escape(hook.url), since)
    Console().print(table)


def checks(found: Sequence[Result]) -> None:
    """Print one line per check."""
    table = Table("table", "date", "check", "severity", "result", "measured", "for example")
    for result in found:
        shown = "; ".join(
            " ".join(f"{name}={value}" for name, value in row.items()) for row in result.sample[:2]
        )
        table.add_row(
            result.table,
            str(result.business_date),
            escape(result.label),
            result.severity.value,
            "[green]passed[/]" if result.passed else "[red]failed[/]",
            escape(result.measured),
            escape(shown),
        )
    Console().print(table)


def graph(catalogue: Catalogue) -> None:
    """Print the jobs in order, each with what it reads."""
    table = Table("job", "reads", "schedule", "waits for", "checks")
    for name in catalogue.graph.order:
        job = catalogue.jobs[name]
        reads = [read.table + (" (history)" if read.history else "") for read in job.reads]
        table.add_row(
            name, ", ".join(reads), job.schedule, ", ".join(job.waits), str(len(job.checks))
        )
    Console().print(table)


def lineage(found: Lineage, *, up: bool) -> None:
    """Print lineage as a tree from the column asked for."""
    beside: dict[str, list[Edge]] = {}
    for edge in found.edges:
        beside.setdefault(edge.target if up else edge.source, []).append(edge)
    root = Tree(f"[bold]{found.column}[/] {'comes from' if up else 'goes into'}")
    _branch(root, found.column, beside, {found.column}, up=up)
    Console().print(root)


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


def words(lines: Iterable[str]) -> None:
    """Print plain lines on stderr, so that they never mix with --json."""
    for line in lines:
        typer.echo(line, err=True)
