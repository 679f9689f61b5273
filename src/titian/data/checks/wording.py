"""What a check asks, in one English sentence: kept with what it found, shown by commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from titian.data.checks.model import Check, CheckKind, Literal
from titian.kernel.errors import Cause


def describe(check: Check) -> str:
    """Say what a check asks; its own label goes first."""
    if check.label:
        return check.label.en
    return _SENTENCES[check.kind](check, ", ".join(check.columns))


def _range(check: Check, what: str) -> str:
    low, high = _written(check.low), _written(check.high)
    if check.low is None:
        return Cause(f"{what} must be at most {high}")
    if check.high is None:
        return Cause(f"{what} must be at least {low}")
    return Cause(f"{what} must be from {low} to {high}")


def _written(value: Literal | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _reconcile(check: Check, columns: str) -> str:
    by = f" by {columns}" if columns else ""
    return Cause(f"{check.ours} must equal {check.theirs} of {check.to}{by}")


_SENTENCES: Mapping[CheckKind, Callable[[Check, str], str]] = {
    CheckKind.NOT_NULL: lambda _check, columns: Cause(f"{columns} must not be empty"),
    CheckKind.UNIQUE: lambda _check, columns: Cause(f"{columns} must not repeat"),
    CheckKind.ACCEPTED: lambda check, columns: Cause(
        f"{columns} must be one of {', '.join(map(str, check.values))}"
    ),
    CheckKind.RANGE: _range,
    CheckKind.REFERENCE: lambda check, columns: Cause(f"{columns} must be found in {check.to}"),
    CheckKind.CONDITION: lambda check, _columns: Cause(f"{check.where} must hold"),
    CheckKind.ROW_COUNT: lambda check, _columns: _range(check, "the number of rows"),
    CheckKind.ROW_COUNT_DRIFT: lambda check, _columns: Cause(
        f"the rows must be within {check.tolerance:.0%} of the date before"
    ),
    CheckKind.FRESHNESS: lambda check, columns: Cause(
        f"{columns} must be at most {check.max_days} days old"
    ),
    CheckKind.SUM_EQUALS: lambda check, columns: Cause(
        f"the sum of {columns} must equal the control total of {check.theirs}"
    ),
    CheckKind.RECONCILE: _reconcile,
}
