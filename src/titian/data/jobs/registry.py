"""The Python jobs there are: those of this room's neighbours, and those the systems hand down."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from titian.data.jobs.python import PythonJob

# Modules of the data room that hold a tuple JOBS; looked up late, since they build on this room.
_NEIGHBOURS = ("titian.data.indicators.jobs", "titian.data.tags.jobs", "titian.data.parties.jobs")

_handed_down: tuple[PythonJob, ...] = ()


def hand_down(jobs: tuple[PythonJob, ...]) -> None:
    """Say once, at the start of the process, which jobs the systems above add to the night."""
    global _handed_down
    _handed_down = jobs


def python_jobs() -> tuple[PythonJob, ...]:
    """List all Python jobs, in a fixed order."""
    own: list[PythonJob] = []
    for name in _NEIGHBOURS:
        if find_spec(name.rpartition(".")[0]) is not None and find_spec(name) is not None:
            own.extend(import_module(name).JOBS)
    return (*own, *_handed_down)
