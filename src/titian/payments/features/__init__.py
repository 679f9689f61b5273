"""Velocity features: declared once in YAML, compiled to the online kernel and to DuckDB SQL.

`model` has the words, `reading` the files, `plan` compiles declarations to the kernel's tables,
`columns` turns a table of events into the kernel's input, `sql` compiles the same declarations to
DuckDB for training and back-tests. A property test holds the two equal, event by event.
"""

from titian.payments.features.model import Source, Velocity
from titian.payments.features.plan import Plan, compile_plan
from titian.payments.features.reading import read_features

__all__ = ["Plan", "Source", "Velocity", "compile_plan", "read_features"]
