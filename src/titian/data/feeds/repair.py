"""Mending and giving up rows of the quarantine."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy import Row

from titian.data import notes
from titian.data.feeds import claims, registry, rows
from titian.data.feeds.model import Contract, Field
from titian.data.feeds.quarantine import (
    Waiting,
    check_tells_nobody,
    current_fields,
    stored_row,
    waiting_of,
)
from titian.data.feeds.record import RowStatus, described, remember, set_rows
from titian.kernel import audit, db
from titian.kernel.errors import Conflict, InvalidInput, LimitExceeded
from titian.kernel.scope import Permission, Scope

WHOLE_ROW = "*"
Fields = dict[str, str | None]


def fix(
    scope: Scope,
    row_id: str,
    *,
    raw: str | None = None,
    values: Mapping[str, str | None] | None = None,
    note: str = "",
) -> Waiting:
    """Mend a row: by its whole text, or by column, named as in the file or as in the table.

    Values are written as in the file. The row is checked at once: it is `fixed` when nothing is
    wrong any more, and stays `open` with what is left otherwise. Needs REPAIR_QUARANTINE. Raises
    NotFound, InvalidInput, Conflict for a row that is settled or being replayed.
    """
    scope.require(Permission.REPAIR_QUARANTINE)
    note = notes.checked(note)
    if (raw is None) == (not values):
        raise InvalidInput("nothing or too much is to be mended", "Give the text, or some columns.")
    check_tells_nobody(scope, row_id, note)
    claims.finish_for(scope, row_id)
    with db.begin() as connection:
        row = stored_row(connection, scope, row_id)
        _require_waiting(row)
        contract = registry.contract(scope, row.feed)
        if raw is not None:
            fields, columns = _from_text(contract, raw), [WHOLE_ROW]
        else:
            assert values is not None, "one of the two is given"
            fields, columns = _from_values(contract, row, values)
        problems = rows.problems_of(contract, fields)
        changes: dict[str, object] = {
            "status": RowStatus.OPEN if problems else RowStatus.FIXED,
            "fixed": sa.null() if fields is None else fields,
        }
        if problems:
            changes |= described(problems)
        set_rows(connection, [row_id], changes)
        remember(connection, scope, [row_id], "fix", columns, note)
        audit.record(scope, "feeds.fix", row_id, {"columns": columns}, connection)
        changed = stored_row(connection, scope, row_id)
    return waiting_of(scope, changed, contract)


def dismiss(scope: Scope, row_id: str, note: str) -> None:
    """Give a row up for good, with a reason. Needs REPAIR_QUARANTINE. Raises as `fix`."""
    scope.require(Permission.REPAIR_QUARANTINE)
    note = notes.checked(note)
    if not note:
        raise InvalidInput("a row is dismissed without a reason", "Say why in the note.")
    check_tells_nobody(scope, row_id, note)
    claims.finish_for(scope, row_id)
    with db.begin() as connection:
        row = stored_row(connection, scope, row_id)
        _require_waiting(row)
        settled = {"status": RowStatus.DISMISSED, "raw": None, "fixed": sa.null()}
        set_rows(connection, [row_id], settled)
        remember(connection, scope, [row_id], "dismiss", [], note)
        audit.record(scope, "feeds.dismiss", row_id, {}, connection)


def _require_waiting(row: Row[tuple[object, ...]]) -> None:
    if row.status == RowStatus.REPLAYING:
        raise Conflict(f"row {row.row_id} is being replayed now", "Wait until that is done.")
    if row.status not in (RowStatus.OPEN, RowStatus.FIXED):
        raise Conflict(f"row {row.row_id} is {row.status} already", "Nothing is left to do.")


def _from_text(contract: Contract, text: str) -> Fields | None:
    if len(text) > rows.MAX_ROW_CHARACTERS:
        raise LimitExceeded("the text is too long for one row", "Enter a single row.")
    return rows.fields_of_text(contract, text)


def _from_values(
    contract: Contract, row: Row[tuple[object, ...]], values: Mapping[str, str | None]
) -> tuple[Fields, list[str]]:
    """Give the row's fields with some values changed, and the columns that really changed."""
    given = {_heading(contract, name): value or None for name, value in values.items()}
    fields = current_fields(contract, row)
    if fields is None:
        absent = [name for name in contract.headings if name not in given]
        if absent:
            raise InvalidInput(
                f"row {row.row_id} cannot be split into fields, so its columns are not known",
                f"Give the whole text, or every column ({', '.join(absent[:10])} too).",
            )
        fields = dict.fromkeys(contract.headings)
    changed = {name for name, value in given.items() if value != fields[name]}
    columns = sorted(field.name for field in contract.fields if field.source in changed)
    return fields | given, columns


def _heading(contract: Contract, name: str) -> str:
    """Find the field of the file that is called so, or that a column of the table comes from.

    Rows are shown under the file's names, so these go first where both are in use.
    """
    if name in contract.headings:
        return name
    for field in contract.fields:
        if field.name == name:
            return field.source
    raise InvalidInput(
        f"feed {contract.feed} has no column {name!r}",
        f"Its columns are {', '.join(map(_both_names, contract.fields))}.",
    )


def _both_names(field: Field) -> str:
    return field.name if field.name == field.source else f"{field.source} ({field.name})"
