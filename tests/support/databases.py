"""A fresh operational database of either kind, for tests that must hold on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from titian.kernel import db
from titian.kernel.ids import new_id
from titian.kernel.settings import Settings, configure, load


@contextmanager
def on_postgres(home: Path, url: str) -> Iterator[Settings]:
    """Put settings with a fresh, migrated PostgreSQL database in force, and drop it at the end."""
    name = new_id("titian")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        made = configure(load(home=home, database_url=f"{url.rsplit('/', 1)[0]}/{name}"))
        try:
            db.upgrade()
            yield made
        finally:
            db.engine().dispose()
            configure(load(home=home))
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
