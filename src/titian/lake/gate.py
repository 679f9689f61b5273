"""The gate for people's SQL: one SELECT over named tables, written anew from its syntax tree.

What runs is never the text that was typed but what the tree says, with tables qualified, common
table expressions renamed apart from anything in the catalogue, and parameters as literals. The
worker then has DuckDB parse it and checks every function and source against the lists.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import SqlglotError

from titian.kernel.errors import Denied, InvalidInput, LimitExceeded, NotFound, Remedy, TitianError
from titian.kernel.keys import key
from titian.lake.functions import TABLE_FUNCTIONS
from titian.lake.schema import Layer

MAX_CHARACTERS = 50_000
MAX_TOKENS = 10_000
MAX_SHOWN = 2_000
CTE_PREFIX = "q_"
Parameters = Mapping[str, object] | Sequence[object] | None

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,62}")
_LONG_NUMBER = re.compile(r"\d{6}")
_NOT_A_READ = (
    exp.DML,
    exp.DDL,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Describe,
    exp.Summarize,
    exp.Show,
    exp.Set,
    exp.Pragma,
    exp.Attach,
    exp.Detach,
    exp.Copy,
    exp.Use,
    exp.Alter,
    exp.Drop,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Kill,
    exp.Analyze,
    exp.Install,
    exp.Execute,
    exp.SessionParameter,
    exp.Version,
)
_VALUES = frozenset(
    {
        TokenType.STRING,
        TokenType.NUMBER,
        TokenType.BIT_STRING,
        TokenType.BYTE_STRING,
        TokenType.HEREDOC_STRING,
        TokenType.HEX_STRING,
        TokenType.NATIONAL_STRING,
        TokenType.RAW_STRING,
        TokenType.UNICODE_STRING,
    }
)
_LIST_THEM = Remedy("See which there are: titian lake tables --bank ID, or .tables in the shell.")
_CHECK_SQL = "Check the words, quotes and brackets near there."
_SELECTS_ONLY = "Only one SELECT over tables such as core.loan may run here."

logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that passed: the SQL to run, its tables, and its text without any value."""

    tree: exp.Query
    sql: str
    tables: tuple[str, ...]
    shown: str


class UnknownTable(NotFound):
    """A query names a table that its reader's place does not have."""


def pass_through(text: str, known: Collection[str], params: Parameters = None) -> Statement:
    """Check people's SQL against the tables they may name.

    Raises InvalidInput, Denied, NotFound or LimitExceeded, each saying what to write instead.
    """
    tree = _parsed(_numbered(text) if params else text)
    try:
        _refuse_writes(tree)
        shown = without_values(tree)
        tables: set[str] = set()
        _resolve(tree, frozenset(), frozenset(known), tables)
        _bind(tree, params)
        sql = _written(tree)
    except RecursionError:
        raise _too_deep() from None
    return Statement(tree, sql, tuple(sorted(tables)), shown)


def fingerprint(text: str) -> str:
    """Give a keyed hash of a statement: equal texts are equal, and values cannot be guessed."""
    return hmac.new(key("audit"), text.encode(), hashlib.sha256).hexdigest()


def without_values(tree: exp.Expr) -> str:
    """Give the SQL with every literal, and every name that may hold a value, blanked."""
    text = tree.sql("duckdb", comments=False)
    for token in reversed(_tokens(text)):
        blank = _blank(token)
        if blank:
            text = f"{text[: token.start]}{blank}{text[token.end + 1 :]}"
    return text[:MAX_SHOWN]


def _blank(token: Token) -> str:
    if token.token_type in _VALUES:
        return "?"
    if token.token_type in (TokenType.IDENTIFIER, TokenType.VAR):
        plain = _PLAIN.fullmatch(token.text) and not _LONG_NUMBER.search(token.text)
        return "" if plain else "…"
    return ""


def _parsed(text: str) -> exp.Query:
    if len(text) > MAX_CHARACTERS:
        raise LimitExceeded(
            f"the statement has {len(text)} characters", f"Keep it under {MAX_CHARACTERS}."
        )
    if _CONTROL.search(text):
        raise InvalidInput("the statement holds control characters", "Type it without them.")
    if len(_tokens(text)) > MAX_TOKENS:
        raise LimitExceeded("the statement is too long", f"Keep it under {MAX_TOKENS} words.")
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except SqlglotError as error:
        raise InvalidInput(f"the SQL is not understood: {_first_line(error)}", _CHECK_SQL) from None
    except RecursionError:
        raise _too_deep() from None
    if not trees:
        raise InvalidInput("the statement is empty", "Type a SELECT.")
    if len(trees) > 1:
        raise Denied(f"{len(trees)} statements were given at once", "Run them one by one.")
    if not isinstance(trees[0], exp.Query):
        raise Denied(f"{_kind(trees[0])} is not a SELECT", _SELECTS_ONLY)
    return trees[0]


def _tokens(text: str) -> list[Token]:
    try:
        return sqlglot.tokenize(text, dialect="duckdb")
    except SqlglotError as error:
        raise InvalidInput(f"the SQL is not understood: {_first_line(error)}", _CHECK_SQL) from None


def _written(tree: exp.Query) -> str:
    try:
        return tree.sql(
            "duckdb",
            comments=False,
            normalize_functions=False,
            unsupported_level=sqlglot.ErrorLevel.RAISE,
        )
    except SqlglotError as error:
        raise InvalidInput(f"the SQL cannot be run: {_first_line(error)}", _CHECK_SQL) from None


def _refuse_writes(tree: exp.Expr) -> None:
    for node in tree.walk():
        if isinstance(node, _NOT_A_READ):
            raise Denied(f"{_kind(node)} is not allowed in a query", _SELECTS_ONLY)


def _resolve(
    node: exp.Expr, visible: frozenset[str], known: frozenset[str], tables: set[str]
) -> None:
    if isinstance(node, exp.Query):
        visible = _resolve_with(node, visible, known, tables)
    if isinstance(node, exp.Table):
        _resolve_table(node, visible, known, tables)
    for child in node.iter_expressions():
        if not isinstance(child, exp.With):
            _resolve(child, visible, known, tables)


def _resolve_with(
    query: exp.Query, visible: frozenset[str], known: frozenset[str], tables: set[str]
) -> frozenset[str]:
    clause = query.args.get("with_")
    if clause is None:
        return visible
    for cte in clause.expressions:
        name = cte.alias.lower()
        _resolve(cte.this, visible | {name} if clause.recursive else visible, known, tables)
        visible |= {name}
        cte.args["alias"].set("this", _cte_name(name))
    return visible


def _resolve_table(
    table: exp.Table, visible: frozenset[str], known: frozenset[str], tables: set[str]
) -> None:
    if not isinstance(table.this, exp.Identifier):
        _check_table_function(table)
        return
    layer, name = table.db.lower(), table.name.lower()
    if table.catalog:
        raise Denied(f"{table.sql('duckdb')[:80]} names a catalogue", _SELECTS_ONLY)
    if not layer and name in visible:
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", _cte_name(name))
        return
    if layer not in set(Layer) or f"{layer}.{name}" not in known:
        raise _unknown_table(layer, name, known)
    table.set("this", exp.to_identifier(name, quoted=True))
    table.set("db", exp.to_identifier(layer, quoted=True))
    tables.add(f"{layer}.{name}")


def _check_table_function(table: exp.Table) -> None:
    function = table.this
    name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
    allowed = isinstance(function, exp.GenerateSeries | exp.Unnest)
    if not allowed and name.lower() not in TABLE_FUNCTIONS:
        raise Denied(f"{str(name)[:60]}() is not a source that may be read", _SELECTS_ONLY)


def _unknown_table(layer: str, name: str, known: frozenset[str]) -> TitianError:
    asked = f"{layer}.{name}" if layer else name
    if layer and layer not in set(Layer):
        return Denied(f"{asked[:80]!r} lies outside of raw, core and mart", _SELECTS_ONLY)
    same = sorted(table for table in known if table.partition(".")[2] == name)
    close = same or get_close_matches(asked, known, n=3)
    remedy = f"Did you mean {', '.join(close)}?" if close else _LIST_THEM
    return UnknownTable(f"there is no table {asked[:80]!r} here", remedy)


def _numbered(text: str) -> str:
    """Give the text with each `?` as `$1`, `$2` …: a tree does not keep their order."""
    marks = [token for token in _tokens(text) if token.token_type is TokenType.PLACEHOLDER]
    for number in range(len(marks), 0, -1):
        mark = marks[number - 1]
        if mark.text == "?":
            text = f"{text[: mark.start]}${number}{text[mark.end + 1 :]}"
    return text


def _bind(tree: exp.Query, params: Parameters) -> None:
    values = params if isinstance(params, Mapping) else _by_number(params or ())
    for place in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        name = str(place.name)
        if name not in values:
            raise InvalidInput(f"parameter {name[:40] or '?'} has no value", "Give it a value.")
        place.replace(_literal(values[name]))


def _by_number(params: Sequence[object]) -> dict[str, object]:
    return {str(position): value for position, value in enumerate(params, 1)}


def _literal(value: object) -> exp.Expr:
    try:
        return exp.convert(value)
    except ValueError:
        raise InvalidInput(
            f"a parameter is of type {type(value).__name__}", "Use text, numbers, dates or lists."
        ) from None


def _cte_name(name: str) -> exp.Identifier:
    return exp.to_identifier(f"{CTE_PREFIX}{name}", quoted=True)


def _kind(node: exp.Expr) -> str:
    return (node.sql("duckdb").split() or [type(node).__name__])[0].upper()[:40]


def _first_line(error: Exception) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).split("\n", 1)[0][:200]


def _too_deep() -> LimitExceeded:
    return LimitExceeded(
        "the statement is nested too deeply", "Split it with common table expressions (WITH)."
    )
