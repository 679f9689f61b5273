"""Quarantined rows as people may see them: by column, or scrubbed where columns are unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from titian.data.feeds import rows
from titian.data.feeds.model import Contract, Field
from titian.kernel.scope import Scope
from titian.lake.masking import mask_text, reader_rule, token_salt
from titian.lake.schema import Mask

_LETTERS = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d")


def sees_all(scope: Scope, contract: Contract) -> bool:
    """Say whether a scope reads whole rows in the clear: with a reason, and cleared for it."""
    highest = max(column.level for column in contract.table.columns)
    return scope.unmask_reason is not None and highest <= scope.clearance


def scrubbed(text: str) -> str:
    """Keep the shape of a text and nothing of its content: letters to x, figures to 9."""
    return _DIGITS.sub("9", _LETTERS.sub("x", text))


def personal_values(contract: Contract, fields: Mapping[str, str | None]) -> list[str]:
    """List the values of a row, by heading, that tell who somebody is: those people see masked."""
    sources = {field.source for field in contract.fields if field.column.mask is not Mask.NONE}
    return [value for heading, value in fields.items() if value and heading in sources]


def shown_fields(
    scope: Scope, contract: Contract, fields: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Give a row's fields, by heading, as the scope may see them.

    A field that feeds several columns is shown by the strictest of them.
    """
    salt = token_salt(scope)
    return {
        heading: _shown(scope, [f for f in contract.fields if f.source == heading], value, salt)
        for heading, value in fields.items()
    }


def _shown(scope: Scope, columns: list[Field], value: str | None, salt: str) -> str | None:
    if value is None:
        return None
    masks = [reader_rule(scope, field.column) for field in columns]
    chosen = [mask for mask in masks if mask is not Mask.NONE]
    if Mask.FULL in chosen:
        return rows.shown(scrubbed(value))
    seen = mask_text(chosen[0], value, salt) if chosen else value
    return None if seen is None else rows.shown(seen)
