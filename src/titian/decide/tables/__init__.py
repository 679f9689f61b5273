"""Decision tables: rows of cells over typed columns, as credit and risk staff write them.

`model` is a table as written, `cells` joins a column with a cell into a condition, `compiled`
decides rows and batches, `checker` finds gaps, overlaps and rows that never decide (over the
`regions` that cells cut a column into), `excel` brings tables in and out of workbooks.
"""

from titian.decide.tables.checker import Finding, Findings, check
from titian.decide.tables.compiled import CompiledTable, compile_table
from titian.decide.tables.model import HitPolicy, Input, Output, Table, TableRow
from titian.decide.tables.problems import TableError, TableProblem

__all__ = [
    "CompiledTable",
    "Finding",
    "Findings",
    "HitPolicy",
    "Input",
    "Output",
    "Table",
    "TableError",
    "TableProblem",
    "TableRow",
    "check",
    "compile_table",
]
