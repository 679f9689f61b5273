"""The lake: bank-owned Delta tables, and the sessions that read them.

What it is for: declared tables (`schema`) are written by whole business dates and read as
snapshots (`store`); the platform's jobs read them through `open_session`, people through `query`,
both shut into the directory of one bank or of the union.

What it may touch: the lake's directory, the operational database through `kernel` (audit), and
worker processes of its own. What it never does: show one bank's files to another, run a person's
SQL outside a worker, store passwords or biometrics (class C3), keep anything of value outside
Delta, or know what a feed, job or indicator is.
"""

from titian.lake.queries import QueryResult, cancel, query
from titian.lake.schema import Column, Kind, Layer, Mask, PiClass, Table
from titian.lake.session import JobSession, open_session

__all__ = [
    "Column",
    "JobSession",
    "Kind",
    "Layer",
    "Mask",
    "PiClass",
    "QueryResult",
    "Table",
    "cancel",
    "open_session",
    "query",
]
