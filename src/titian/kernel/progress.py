"""Progress of long work, on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

Advance = Callable[[int], None]


@contextmanager
def track(label: str, total: int | None, *, aloud: bool = False) -> Iterator[Advance]:
    """Show a bar on stderr while the block runs; call the yielded function with steps done.

    Without a terminal there is no bar; what runs for long says `aloud` when it begins and ends.
    """
    console = Console(stderr=True, highlight=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    lines = aloud and not console.is_terminal
    began = time.monotonic()
    if lines:
        console.print(f"{label} …", markup=False)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=total)
        yield lambda steps: progress.advance(task, steps)
    if lines:
        console.print(f"{label}: done in {time.monotonic() - began:.1f} s", markup=False)
