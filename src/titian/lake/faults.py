"""DuckDB's errors in Titian's words: what is wrong, and what to do."""

from __future__ import annotations

import duckdb

from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, TitianError, Unavailable
from titian.lake.worker import fault


def explained(error: duckdb.Error) -> TitianError:
    """Turn DuckDB's words into ours, with the remedy."""
    return refusal(*fault(error))


def refusal(kind: str, words: str) -> TitianError:
    """Give the error for a statement that failed in a session, here or in a worker."""
    if kind == LimitExceeded.code:
        return LimitExceeded(
            f"the statement needs more than a session has: {words}",
            "Read fewer dates or columns, or aggregate before joining.",
        )
    if kind == Denied.code:
        return Denied(
            f"the statement reaches outside of this place's tables: {words}",
            "Read tables by name, such as core.loan, with the functions of a query.",
        )
    if kind == Unavailable.code:
        return Unavailable(f"the engine broke down: {words}", "Run the statement again.")
    return InvalidInput(
        f"the statement cannot run: {words}",
        "Check names and types there: `titian lake schema TABLE` lists a table's columns.",
    )
