"""Who sees a column how: the rule, and each mask twice, as a Python function and as SQL.

The rule: above the reader's clearance nothing shows; below it a masked column shows only its
masked form, unless the reader unmasked it with a reason. The platform itself sees everything.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import lru_cache

import pyarrow as pa
from sqlglot import exp, parse_one

from titian.kernel.keys import key
from titian.kernel.scope import Scope
from titian.lake.schema import Column, Mask, Table
from titian.lake.views import sql_type

HIDDEN = "***"
TOKEN_CHARACTERS = 16
_FULL_PHONE, _FULL_ID, _FULL_ACCOUNT, _SHORT_PHONE = 11, 15, 8, 7
_ADDRESS_SHOWN = 6

_TEXT_SQL = {
    Mask.NAME: "CASE WHEN x = '' THEN '' ELSE left(x, 1) || '*' END",
    Mask.PHONE: f"""
        CASE WHEN x IS NULL THEN NULL
             WHEN length(x) >= {_FULL_PHONE} THEN left(x, 3) || '****' || right(x, 4)
             WHEN length(x) >= {_SHORT_PHONE} THEN '****' || right(x, 2)
             ELSE '****' END""",
    Mask.ID_NO: f"""
        CASE WHEN x IS NULL THEN NULL
             WHEN length(x) >= {_FULL_ID}
             THEN left(x, 4) || repeat('*', CAST(length(x) - 8 AS BIGINT)) || right(x, 4)
             ELSE '****' END""",
    Mask.ACCOUNT: f"""
        CASE WHEN x IS NULL THEN NULL
             WHEN length(x) >= {_FULL_ACCOUNT} THEN '****' || right(x, 4)
             ELSE '****' END""",
    Mask.ADDRESS: f"left(x, least({_ADDRESS_SHOWN}, length(x) // 2)) || '{HIDDEN}'",
    Mask.EMAIL: f"""
        CASE WHEN x IS NULL THEN NULL
             WHEN strpos(x, '@') > 1 THEN left(x, 1) || '{HIDDEN}' || substr(x, strpos(x, '@'))
             ELSE '{HIDDEN}' END""",
    Mask.TOKEN: f"left(sha256(salt || x), {TOKEN_CHARACTERS})",
    Mask.FULL: f"CASE WHEN x IS NULL THEN NULL ELSE '{HIDDEN}' END",
}


def rule(scope: Scope, column: Column) -> Mask:
    """Say how this reader sees a column; `Mask.NONE` is in the clear."""
    if scope.is_system and scope.unmask_reason is None:
        return Mask.NONE
    return reader_rule(scope, column)


def reader_rule(scope: Scope, column: Column) -> Mask:
    """Say how a person of this clearance sees a column, even when the platform asks for them."""
    if column.level > scope.clearance:
        return Mask.FULL
    if scope.unmask_reason is not None:
        return Mask.NONE
    return column.mask


def masked_columns(scope: Scope, table: Table) -> frozenset[str]:
    """Name the columns of a table that a person of this scope does not see in the clear."""
    return frozenset(c.name for c in table.columns if reader_rule(scope, c) is not Mask.NONE)


def mask_text(mask: Mask, value: str | None, salt: str = "") -> str | None:
    """Give the masked form of a text; nothing stays nothing."""
    return value if value is None or mask is Mask.NONE else _FUNCTIONS[mask](value, salt)


def masked(scope: Scope, table: Table, rows: pa.Table) -> pa.Table:
    """Give rows of a table as the reader may see them; columns keep their types."""
    for position, name in enumerate(rows.column_names):
        column = next((c for c in table.columns if c.name == name), None)
        mask = Mask.NONE if column is None else rule(scope, column)
        if mask is Mask.NONE:
            continue
        kind = rows.schema.field(position).type
        if pa.types.is_string(kind):
            salt = token_salt(scope)
            shown = [mask_text(mask, value, salt) for value in rows.column(position).to_pylist()]
            values = pa.array(shown, kind)
        else:
            values = pa.nulls(rows.num_rows, kind)
        rows = rows.set_column(position, rows.schema.field(position), values)
    return rows


def mask_sql(column: Column, mask: Mask, salt: str) -> exp.Expr:
    """Give the DuckDB expression that shows a column masked, under the column's own name."""
    if mask is Mask.NONE:
        return exp.column(column.name, quoted=True)
    if not pa.types.is_string(column.arrow):
        nothing = exp.Cast(this=exp.null(), to=sql_type(column.type))
        return exp.alias_(nothing, column.name, quoted=True)
    shown = _template(mask).copy()
    for place in list(shown.find_all(exp.Column)):
        if place.name == "x":
            place.replace(exp.column(column.name, quoted=True))
        else:
            place.replace(exp.Literal.string(salt))
    return exp.alias_(exp.paren(shown), column.name, quoted=True)


def token_salt(scope: Scope) -> str:
    """Give the secret that tokens of a scope are made with; each bank has its own."""
    return hmac.new(key("masking"), scope.place.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=16)
def _template(mask: Mask) -> exp.Expr:
    return parse_one(_TEXT_SQL[mask], dialect="duckdb")


def _name(value: str, _salt: str) -> str:
    return f"{value[0]}*" if value else ""


def _phone(value: str, _salt: str) -> str:
    if len(value) >= _FULL_PHONE:
        return f"{value[:3]}****{value[-4:]}"
    return f"****{value[-2:]}" if len(value) >= _SHORT_PHONE else "****"


def _id_no(value: str, _salt: str) -> str:
    return f"{value[:4]}{'*' * (len(value) - 8)}{value[-4:]}" if len(value) >= _FULL_ID else "****"


def _account(value: str, _salt: str) -> str:
    return f"****{value[-4:]}" if len(value) >= _FULL_ACCOUNT else "****"


def _address(value: str, _salt: str) -> str:
    return f"{value[: min(_ADDRESS_SHOWN, len(value) // 2)]}***"


def _email(value: str, _salt: str) -> str:
    at = value.find("@")
    return f"{value[0]}***{value[at:]}" if at >= 1 else HIDDEN


def _token(value: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}{value}".encode()).hexdigest()[:TOKEN_CHARACTERS]


def _full(_value: str, _salt: str) -> str:
    return HIDDEN


_FUNCTIONS: dict[Mask, Callable[[str, str], str]] = {
    Mask.NAME: _name,
    Mask.PHONE: _phone,
    Mask.ID_NO: _id_no,
    Mask.ACCOUNT: _account,
    Mask.ADDRESS: _address,
    Mask.EMAIL: _email,
    Mask.TOKEN: _token,
    Mask.FULL: _full,
}
