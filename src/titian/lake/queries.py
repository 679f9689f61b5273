"""People's SQL: through the gate, in a worker process, over masked views, within limits."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from typing import Any, TypeAlias

import pyarrow as pa

from titian.kernel import audit
from titian.kernel.errors import LimitExceeded, TitianError
from titian.kernel.ids import new_id
from titian.kernel.scope import Permission, Scope
from titian.kernel.settings import settings
from titian.lake import gate, handles, layout, masking, pool, provenance
from titian.lake.faults import refusal
from titian.lake.gate import Parameters, Statement
from titian.lake.views import variable, view

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
MAX_SAFE_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result; `masked` when its values are, or come from, masked ones."""

    name: str
    type: str
    masked: bool


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows a person asked for, as Arrow and, by `rows`, as JSON values."""

    columns: tuple[ResultColumn, ...]
    arrow: pa.Table
    truncated: bool
    seconds: float
    tables: tuple[str, ...]

    def rows(self) -> Iterator[list[Json]]:
        """Give each row as JSON values, in the order of the columns."""
        for batch in self.arrow.to_batches():
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield [json_value(value) for value in values]


def query(
    scope: Scope,
    sql: str,
    params: Parameters = None,
    *,
    limit: int | None = None,
    query_id: str | None = None,
) -> QueryResult:
    """Run one SELECT a person wrote over their scope's tables, masked for them. Needs QUERY.

    `limit` rows at most (the setting `query_max_rows` without it); `query_id` lets another thread
    `cancel` it. Audited whatever comes of it. Raises Denied, InvalidInput, NotFound,
    LimitExceeded, TimedOut or Unavailable.
    """
    scope.require(Permission.QUERY)
    began = time.monotonic()
    statement: Statement | None = None
    rows, outcome = 0, "done"
    try:
        most = settings().query_max_rows
        if limit is not None and not 1 <= limit <= most:
            raise LimitExceeded(f"{limit} rows were asked for", f"Ask for 1 to {most}.")
        statement = gate.pass_through(sql, layout.table_names(scope), params)
        result = _run(scope, statement, limit or most, query_id or new_id("query"), began)
        rows = result.arrow.num_rows
    except TitianError as error:
        outcome = error.code
        raise
    finally:
        audit.record(scope, "query", scope.place, _note(scope, sql, statement, rows, outcome))
    return result


def cancel(scope: Scope, query_id: str) -> bool:
    """Stop a running query of a scope's place; False when it does not run there."""
    scope.require(Permission.QUERY)
    return pool.shared().cancel(layout.root(scope), query_id)


def json_value(value: object) -> Json:
    """Give a value of a result as JSON: dates as ISO text, exact numbers as text beyond 2^53."""
    if value is None or isinstance(value, bool):
        return value
    for kinds, convert in _TO_JSON:
        if isinstance(value, kinds):
            return convert(value)
    return str(value)


def _exact(value: Decimal | int) -> Json:
    if isinstance(value, Decimal):
        if value.as_tuple().exponent != 0:
            return str(value)
        value = int(value)
    return value if abs(value) <= MAX_SAFE_INTEGER else str(value)


_TO_JSON: tuple[tuple[type | tuple[type, ...], Callable[[Any], Json]], ...] = (
    (str, str),
    ((int, Decimal), _exact),
    (float, lambda value: value if math.isfinite(value) else str(value)),
    ((date, datetime, clock_time), lambda value: value.isoformat()),
    (bytes, lambda value: base64.b64encode(value).decode()),
    (Mapping, lambda value: {str(name): json_value(item) for name, item in value.items()}),
    ((list, tuple), lambda value: [json_value(item) for item in value]),
)


def _run(
    scope: Scope, statement: Statement, limit: int, query_id: str, began: float
) -> QueryResult:
    views, masked = _views(scope, statement)
    deadline = began + settings().query_timeout_s
    request = {"views": views, "sql": statement.sql, "limit": limit}
    with pool.shared().worker(layout.root(scope), query_id) as lent:
        head, body = lent.ask(request, max(deadline, time.monotonic() + 1))
    if not head["ok"]:
        raise refusal(head["kind"], head["words"])
    rows = pa.ipc.open_stream(body).read_all()
    hidden = provenance.derived_from(statement.tree, masked, rows.schema.names)
    columns = tuple(
        ResultColumn(field.name, type_name(field.type), is_masked)
        for field, is_masked in zip(rows.schema, hidden, strict=True)
    )
    return QueryResult(columns, rows, head["truncated"], time.monotonic() - began, statement.tables)


def _views(scope: Scope, statement: Statement) -> tuple[dict[str, dict[str, Any]], frozenset[str]]:
    views: dict[str, dict[str, Any]] = {}
    masked: set[str] = set()
    for name in statement.tables:
        found = handles.snapshot(scope, name)
        table = found.table
        masked |= masking.masked_columns(scope, table)
        views[name] = {
            "variable": variable(table),
            "files": found.uris(),
            "statement": _masked_view(scope, found),
        }
    return views, frozenset(masked)


def _masked_view(scope: Scope, found: handles.Snapshot) -> str:
    salt = masking.token_salt(scope)
    return view(
        found.table,
        lambda column: masking.mask_sql(column, masking.reader_rule(scope, column), salt),
        empty=not found.files,
        evolved=found.evolved,
    )


def type_name(kind: pa.DataType) -> str:
    """Give the name of an Arrow type as tables declare it, or the nearest plain word."""
    checks = (
        (pa.types.is_string, "string"),
        (pa.types.is_large_string, "string"),
        (pa.types.is_integer, "integer"),
        (pa.types.is_floating, "double"),
        (pa.types.is_boolean, "boolean"),
        (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "timestamp"),
        (pa.types.is_time, "time"),
        (pa.types.is_binary, "binary"),
        (pa.types.is_null, "null"),
        (pa.types.is_struct, "struct"),
        (pa.types.is_map, "map"),
        (pa.types.is_list, "list"),
    )
    if pa.types.is_decimal(kind):
        return "integer" if kind.scale == 0 else f"decimal({kind.precision},{kind.scale})"
    return next((name for check, name in checks if check(kind)), str(kind))


def _note(
    scope: Scope, sql: str, statement: Statement | None, rows: int, outcome: str
) -> dict[str, object]:
    return {
        "sql": statement.shown if statement else "",
        "sql_hash": gate.fingerprint(sql),
        "tables": list(statement.tables) if statement else [],
        "rows": rows,
        "outcome": outcome,
        "unmask_reason": (scope.unmask_reason or "")[:200],
    }
