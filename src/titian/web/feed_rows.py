"""Quarantined rows as pages show them: fields with what is wrong, masked where they must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from titian.data.feeds.model import Contract, Field
from titian.data.feeds.quarantine import Waiting
from titian.data.feeds.record import RowStatus
from titian.kernel.scope import Scope
from titian.lake.masking import reader_rule
from titian.lake.schema import Mask
from titian.web.feed_words import (
    ROW_STATES,
    code_words,
    contract_name,
    label,
    problem_words,
    remedy_words,
)
from titian.web.listing import State


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a row as its form shows it.

    `value` is what the reader sees; a `hidden` one is masked and stays as it is when left empty.
    """

    name: str
    source: str
    label: str
    value: str
    hidden: bool
    required: bool
    choices: Sequence[tuple[str, str]]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A quarantined row in words; `cell` is its first wrong field, None when it has none."""

    row: Waiting
    feed_name: str
    problems: Sequence[tuple[str, str]]
    state: State
    keys: Sequence[tuple[str, str]]
    cell: Cell | None


def line_of(scope: Scope, contract: Contract | None, row: Waiting) -> Line:
    """Put a row into words for a reader."""
    problems = [(problem_words(contract, one), remedy_words(contract, one)) for one in row.problems]
    if contract is None or row.fields is None:
        name = contract_name(contract) if contract else row.feed
        return Line(row, name, problems, ROW_STATES[row.status], (), None)
    fields = cells(scope, contract, row)
    found = [one for one in fields if one.name == _first_source(contract, row)]
    sources = {field.source for field in contract.fields if field.column.key}
    keys = [(one.label, one.value) for one in fields if one.name in sources and not one.hidden]
    return Line(
        row,
        contract_name(contract),
        problems,
        ROW_STATES[row.status],
        keys,
        next(iter(found), None),
    )


def _first_source(contract: Contract, row: Waiting) -> str:
    known = {field.name for field in contract.fields}
    named = [name for one in row.problems for name in one.column.split(", ") if name in known]
    return contract.field(named[0]).source if named else ""


def cells(scope: Scope, contract: Contract, row: Waiting) -> list[Cell]:
    """Give the fields of a row, in the order of the file."""
    shown = row.fields or {}
    return [_cell(scope, contract, row, name, shown.get(name)) for name in contract.headings]


def _cell(scope: Scope, contract: Contract, row: Waiting, source: str, value: str | None) -> Cell:
    fed = [field for field in contract.fields if field.source == source]
    names = {field.name for field in fed}
    hidden = any(reader_rule(scope, field.column) is not Mask.NONE for field in fed)
    wrong = [one for one in row.problems if names & set(one.column.split(", "))]
    return Cell(
        source,
        fed[0].name,
        " / ".join(label(field.column) for field in fed),
        value or "",
        hidden and bool(value),
        any(field.column.required for field in fed),
        _choices(fed),
        [problem_words(contract, one) for one in wrong] if row.status is RowStatus.OPEN else [],
    )


def _choices(fed: Sequence[Field]) -> list[tuple[str, str]]:
    codes = code_words(fed[0]) if len(fed) == 1 else []
    return [(one.code, f"{one.code} · {one.meaning}") for one in codes]
