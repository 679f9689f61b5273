"""The verdict over checked rows: broken rules of severity error keep them unpublished."""

from __future__ import annotations

from titian.data.checks.model import Outcome
from titian.data.checks.wording import describe
from titian.kernel.errors import Terminal, TitianError
from titian.lake.schema import Table


class ChecksFailed(Terminal, TitianError):
    """Rows broke a rule of severity error, so they were not published."""

    code = "checks_failed"

    def __init__(self, what: str, remedy: str, outcomes: tuple[Outcome, ...] = ()) -> None:
        super().__init__(what, remedy)
        self.outcomes = outcomes


def refuse_broken(table: Table, outcomes: tuple[Outcome, ...]) -> None:
    """Raise ChecksFailed if any outcome keeps the rows from being published."""
    broken = [outcome for outcome in outcomes if outcome.blocks]
    if broken:
        first = broken[0]
        more = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
        raise ChecksFailed(
            f"{table.qualified} of {first.business_date} was not published: "
            f"{describe(first.check)}: {first.measured}{more}",
            "Look at the failing keys on the run's page, mend the source or the job, and re-run.",
            outcomes,
        )
