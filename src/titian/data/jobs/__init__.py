"""Jobs: SQL files and Python functions that turn raw tables into core and mart tables.

A unit of work is (job, bank, business date). The order of jobs, the lineage of columns and the
list of readers come from parsing (`sqltext`, `graph`, `lineage`); nothing is declared twice. One
durable order runs a bank's dates (`orders`, `executor`); what became of every unit stands in the
run log (`runlog`), from which a restarted process goes on. Pages read `board`, operators use
`control`.

It may use `kernel`, `lake`, `data.checks`, `data.feeds` and `data.definitions`. It never writes
raw tables and never reads another bank's.
"""

from titian.data.jobs.catalogue import Catalogue, load
from titian.data.jobs.context import JobContext
from titian.data.jobs.guarding import validate
from titian.data.jobs.model import Job, Read, State
from titian.data.jobs.python import PythonJob, Shape, job

__all__ = [
    "Catalogue",
    "Job",
    "JobContext",
    "PythonJob",
    "Read",
    "Shape",
    "State",
    "job",
    "load",
    "validate",
]
