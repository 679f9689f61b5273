"""A job's SQL: one SELECT, parsed once; what it reads, where each output column comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlglot import exp, parse
from sqlglot.errors import OptimizeError, ParseError, SqlglotError, TokenError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope as SqlScope
from sqlglot.optimizer.scope import build_scope, traverse_scope
from sqlglot.schema import MappingSchema

from titian.data.jobs.model import Read
from titian.data.strict import nearest
from titian.kernel.errors import InvalidDefinition
from titian.lake.schema import BUSINESS_DATE, Layer, Table
from titian.lake.views import sql_type

DIALECT = "duckdb"
MAX_SQL_CHARACTERS = 200_000
MAX_EXPRESSION_CHARACTERS = 600

# What a job may ask for: `$business_date` and dates derived from it.
PARAMETERS = ("business_date", "previous_date", "month_start", "quarter_start", "year_start")

_LOOSE = (exp.Binary, exp.Between, exp.In, exp.Unary)
_FUNCTION_TABLES = ("range", "generate_series", "unnest")
_UNRESOLVED = re.compile(
    r"[Cc]olumn '([^']+)' could not be resolved(?: for table: '([^']*)')?|Unknown column: (\w+)"
)


@dataclass(frozen=True, slots=True)
class Text:
    """A job's SQL before its tables' columns are known."""

    text: str
    file: str
    query: exp.Query = field(compare=False, repr=False)
    tables: tuple[tuple[str, int], ...]
    parameters: frozenset[str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A job's SQL against known tables: its reads, and the query with every name resolved."""

    reads: tuple[Read, ...]
    query: exp.Query = field(compare=False, repr=False)


@lru_cache(maxsize=4_096)
def read_sql(text: str, file: str) -> Text:
    """Parse a job file's SQL (header comment included, so that lines are those of the file).

    Raises InvalidDefinition for anything but one SELECT over raw, core and mart tables.
    """
    if len(text) > MAX_SQL_CHARACTERS:
        raise InvalidDefinition(
            f"the file is over {MAX_SQL_CHARACTERS:,} characters", "Split the job.", file=file
        )
    line = 1 + text.count("\n", 0, max(0, text.find("*/")))
    query = _one_select(text, file, line)
    for node in query.walk():
        _refuse_non_select(node, file, line, text)
    tables = tuple(_tables(query, file, line, text))
    return Text(text, file, query, tables, frozenset(_parameters(query, file, line)))


def _one_select(text: str, file: str, line: int) -> exp.Query:
    try:
        statements = [item for item in parse(text, dialect=DIALECT) if item is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        near = first.get("highlight") or ""
        raise InvalidDefinition(
            f"this is not SQL{f' near {near!r}' if near else ''}: "
            f"{first.get('description') or 'it cannot be parsed'}",
            "Check the words before it; the dialect is DuckDB's.",
            file=file,
            line=_line_of_error(first, text, line),
        ) from None
    except TokenError as error:
        raise InvalidDefinition(
            f"this is not SQL: {error}",
            "Look for a quote that is not closed.",
            file=file,
            line=line,
        ) from None
    statements = [item for item in statements if not isinstance(item, exp.Semicolon)]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise InvalidDefinition(
            "a job is exactly one SELECT statement",
            "Leave only a SELECT (with its WITH); what it writes is stated in the header.",
            file=file,
            line=line,
        )
    return statements[0]


def _line_of_error(error: Mapping[str, object], text: str, default: int) -> int:
    before = f"{error.get('start_context') or ''}{error.get('highlight') or ''}"
    at = text.find(before) if before else -1
    return default if at < 0 else 1 + text.count("\n", 0, at + len(before))


def _refuse_non_select(node: exp.Expr, file: str, line: int, text: str) -> None:
    if isinstance(node, exp.DML | exp.DDL | exp.Command | exp.Into) and not isinstance(
        node, exp.Query
    ):
        raise InvalidDefinition(
            f"{node.key.upper()} is not allowed in a job",
            "Write a SELECT; what the job writes is stated in the header.",
            file=file,
            line=_line(node, line, text),
        )


def _tables(query: exp.Query, file: str, line: int, text: str) -> Iterable[tuple[str, int]]:
    seen: dict[str, int] = {}
    for scope in traverse_scope(query):
        for source in scope.sources.values():
            if not isinstance(source, exp.Table):
                continue
            if isinstance(source.this, exp.Func):
                _refuse_function(source.this, file, _line(source, line, text))
                continue
            name, at = f"{source.db}.{source.name}", _line(source, line, text)
            if source.catalog or source.db not in set(Layer):
                raise InvalidDefinition(
                    f"{source.sql(DIALECT)} is not a table of the lake",
                    "Write layer.table with layer raw, core or mart.",
                    file=file,
                    line=at,
                )
            seen.setdefault(name, at)
    return seen.items()


def _refuse_function(function: exp.Func, file: str, line: int) -> None:
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    if name.lower() not in _FUNCTION_TABLES:
        raise InvalidDefinition(
            f"a job may not read from {name.lower()}()",
            "Read tables of the lake; deliveries come in through feeds.",
            file=file,
            line=line,
        )


def _parameters(query: exp.Query, file: str, line: int) -> Iterable[str]:
    for node in query.find_all(exp.Placeholder, exp.Parameter):
        name = node.name
        if name not in PARAMETERS:
            raise InvalidDefinition(
                f"unknown parameter ${name}", nearest(name, PARAMETERS), file=file, line=line
            )
        yield name


@lru_cache(maxsize=4_096)
def understand(text: Text, known: tuple[Table, ...], target: Table) -> Meaning:
    """Resolve every column of a job's SQL against the tables it reads.

    `known` are these tables as declared. Raises InvalidDefinition for an unknown column, and for
    output columns that differ from those of `target`.
    """
    try:
        query = qualify(
            text.query.copy(),
            schema=_schema(known),
            dialect=DIALECT,
            validate_qualify_columns=True,
            quote_identifiers=False,
        )
    except OptimizeError as error:
        raise _unresolved(str(error), text, known) from None
    except SqlglotError as error:
        raise InvalidDefinition(
            f"the SQL cannot be resolved: {error}", "Simplify it.", file=text.file
        ) from None
    assert isinstance(query, exp.Query)
    _match_columns(query, text, target)
    return Meaning(tuple(_reads(query, text)), query)


@dataclass(frozen=True, slots=True)
class Made:
    """How an output column is made: the columns it comes from, and one expression over them."""

    sources: tuple[str, ...]
    expression: str


@lru_cache(maxsize=4_096)
def columns_made(text: Text, known: tuple[Table, ...], target: Table) -> Mapping[str, Made]:
    """Say of each output column how it is made of columns such as `raw.loan.amount_fen`.

    What inner queries name is put in its place, so that the expression stands by itself.
    """
    query = understand(text, known, target).query
    nodes = lineage(
        None,
        query,
        _schema(known),
        dialect=DIALECT,
        scope=build_scope(query),
        trim_selects=False,
        copy=False,
    )
    return {
        name: Made(tuple(sorted(_leaves(node))), _expression(node)) for name, node in nodes.items()
    }


def _expression(node: Node) -> str:
    whole = _put_in(node).sql(DIALECT)
    own = node.expression.unalias().sql(DIALECT)
    shown = whole if len(whole) <= MAX_EXPRESSION_CHARACTERS else own
    return shown[:MAX_EXPRESSION_CHARACTERS]


def _put_in(node: Node) -> exp.Expr:
    inner = {child.name: child for child in node.downstream}

    def put(part: exp.Expr) -> exp.Expr:
        child = inner.get(f"{part.table}.{part.name}") if isinstance(part, exp.Column) else None
        if child is None or isinstance(child.expression, exp.Query):
            return part
        if isinstance(child.expression, exp.Table):
            return exp.column(part.name, child.expression.name, child.expression.db)
        found = _put_in(child)
        return exp.Paren(this=found) if isinstance(found, _LOOSE) else found

    return node.expression.unalias().transform(put)


@lru_cache(maxsize=512)
def _schema(known: tuple[Table, ...]) -> MappingSchema:
    schema = MappingSchema(dialect=DIALECT)
    for table in known:
        columns = {column.name: sql_type(column.type) for column in table.columns}
        columns[BUSINESS_DATE] = sql_type("date")
        schema.add_table(
            exp.table_(table.name, db=table.layer.value), columns, dialect=DIALECT, normalize=False
        )
    return schema


def _unresolved(message: str, text: Text, known: tuple[Table, ...]) -> InvalidDefinition:
    found = _UNRESOLVED.search(message)
    if found is None:
        return InvalidDefinition(message, "Check the names of columns.", file=text.file)
    column, alias = found[1] or found[3], found[2]
    columns = {item.name for table in known for item in table.columns} | {BUSINESS_DATE}
    columns |= {alias_.alias for alias_ in text.query.find_all(exp.Alias)}
    sources = [table for table, _ in text.tables]
    where = f" of {alias!r}" if alias else f" in {', '.join(sources)}" if sources else ""
    return InvalidDefinition(
        f"no column {column!r}{where}",
        nearest(column, columns - {""})
        if column not in columns
        else "Several tables have it, or this one does not: name the table before the column.",
        file=text.file,
        line=_line_of_column(text, column, alias),
    )


def _line_of_column(text: Text, column: str, alias: str | None) -> int:
    for node in text.query.find_all(exp.Column):
        if node.name == column and (alias is None or node.table == alias):
            return _line(node, 0, text.text)
    return 0


def _match_columns(query: exp.Query, text: Text, target: Table) -> None:
    given = query.named_selects
    line = _line(text.query, 0, text.text)
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice or "" in given:
        what = f"{', '.join(twice)} twice" if twice and twice != [""] else "a column without a name"
        raise InvalidDefinition(
            f"the SELECT gives {what}", "Name each column once with AS.", file=text.file, line=line
        )
    declared = {column.name for column in target.columns}
    missing = [name for name in given if name not in declared]
    if BUSINESS_DATE in missing:
        raise InvalidDefinition(
            "the SELECT gives business_date",
            "Leave it out, as with * EXCLUDE (business_date): the lake adds the run's date itself.",
            file=text.file,
            line=line,
        )
    absent = [column.name for column in target.columns if column.name not in given]
    if missing:
        raise InvalidDefinition(
            f"the SELECT gives {', '.join(missing)}, which the header does not declare",
            f"Add it under columns, or drop it. {nearest(missing[0], absent)}"
            if absent
            else "Add it under columns, or drop it.",
            file=text.file,
            line=line,
        )
    if absent:
        raise InvalidDefinition(
            f"the header declares {', '.join(absent)}, which the SELECT does not give",
            "Select it, or take it out of columns.",
            file=text.file,
            line=line,
        )


def _reads(query: exp.Query, text: Text) -> Iterable[Read]:
    history: dict[str, bool] = {}
    for scope in traverse_scope(query):
        same_day = _same_day_aliases(scope)
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table) and not isinstance(source.this, exp.Func):
                name = f"{source.db}.{source.name}"
                history[name] = history.get(name, False) or alias not in same_day
    lines = dict(text.tables)
    return [Read(name, past, line=lines.get(name, 0)) for name, past in history.items()]


def _same_day_aliases(scope: SqlScope) -> set[str]:
    expression = scope.expression
    filters = [expression.args.get("where")] + [
        join.args.get("on") for join in expression.args.get("joins") or ()
    ]
    links: list[tuple[str, str]] = []
    for item in filters:
        condition = item.this if isinstance(item, exp.Where) else item
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            link = _date_link(part)
            if link:
                links.append(link)
    found = {""}
    while True:
        grown = found | {b for a, b in links if a in found} | {a for a, b in links if b in found}
        if grown == found:
            return found
        found = grown


def _date_link(condition: exp.Expr | None) -> tuple[str, str] | None:
    if isinstance(condition, exp.Paren):
        return _date_link(condition.this)
    if not isinstance(condition, exp.EQ):
        return None
    sides = [_date_side(condition.left), _date_side(condition.right)]
    return (sides[0], sides[1]) if sides[0] is not None and sides[1] is not None else None


def _date_side(side: exp.Expr) -> str | None:
    if isinstance(side, exp.Cast):
        return _date_side(side.this)
    if isinstance(side, exp.Placeholder | exp.Parameter):
        return "" if side.name == BUSINESS_DATE else None
    if isinstance(side, exp.Column) and side.name == BUSINESS_DATE:
        return side.table or None
    return None


def _leaves(node: Node) -> set[str]:
    found: set[str] = set()
    for item in node.walk():
        table = item.expression
        if isinstance(table, exp.Table) and table.db:
            found.add(f"{table.db}.{table.name}.{item.name.rpartition('.')[2]}")
    return found


def _line(node: exp.Expr, default: int, text: str) -> int:
    # sqlglot counts lines twice after a `$name`, which it first tries to read as a quoted text;
    # its offsets are right.
    starts = [part.meta["start"] for part in node.find_all(exp.Identifier) if "start" in part.meta]
    return 1 + text.count("\n", 0, min(starts)) if starts else default
