"""The rooms of the house, listed once; `cli`, `web` and the database take them from here."""

from __future__ import annotations

from importlib import import_module

# Modules that declare operational tables, in the order of their migrations.
TABLE_MODULES: tuple[str, ...] = (
    "titian.kernel.tables",
    "titian.data.feeds.tables",
    "titian.data.checks.tables",
    "titian.data.jobs.tables",
    "titian.data.tags.tables",
    "titian.data.parties.tables",
    "titian.web.tables",
)


def declare_tables() -> None:
    """Import every module that declares operational tables."""
    for module in TABLE_MODULES:
        import_module(module)
