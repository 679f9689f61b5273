"""Where tables lie: one directory per bank, one for the union, nothing shared between them."""

from __future__ import annotations

from pathlib import Path

from titian.kernel.ids import bank_id
from titian.kernel.scope import Scope
from titian.kernel.settings import settings
from titian.lake.schema import Layer, split_name

LOG = "_delta_log"


def root(scope: Scope) -> Path:
    """Give the directory that holds all tables of a scope, and nothing of any other."""
    lake = settings().lake.absolute()
    if scope.bank is None:
        return lake / "union"
    return lake / "banks" / bank_id(scope.bank)


def table_path(scope: Scope, qualified: str) -> Path:
    """Give the directory of a table, whether it exists or not. Raises InvalidInput."""
    layer, name = split_name(qualified)
    return root(scope) / layer.value / name


def table_names(scope: Scope) -> list[str]:
    """List the tables that exist, such as `core.loan`, by layer and name."""
    place = root(scope)
    return [
        f"{layer.value}.{folder.name}"
        for layer in Layer
        if (place / layer.value).is_dir()
        for folder in sorted((place / layer.value).iterdir())
        if (folder / LOG).is_dir()
    ]
