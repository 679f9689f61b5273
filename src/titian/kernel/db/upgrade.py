"""Bring the operational database to the schema of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from titian.kernel.db.engine import begin, is_postgres, read
from titian.kernel.errors import Conflict

_UPGRADE_LOCK = 0x7174_6E00


def alembic_config() -> Config:
    """Give Alembic's configuration; migrations ship inside the package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@lru_cache(maxsize=1)
def _head() -> str:
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "the package ships at least one migration"
    return head


def ready() -> bool:
    """Say whether the database already has this version's schema."""
    with read() as connection:
        return _revision(connection) == _head()


def behind() -> bool:
    """Say whether the schema is an older one, or none. Raises Conflict for one not known here."""
    with read() as connection:
        at = _revision(connection)
    _refuse_unknown(at)
    return at != _head()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def upgrade() -> None:
    """Migrate to the newest schema; quick when nothing is to do, safe when two start at once."""
    if ready():
        return
    with _locked() as connection:
        at = _revision(connection)
        if at == _head():
            return
        _refuse_unknown(at)
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_unknown(at: str | None) -> None:
    if at is not None and at not in _known():
        raise Conflict(
            f"the database is at schema {at}, which this version does not know",
            "Run the newer version of Titian that made it, or restore a backup.",
        )


def _known() -> set[str]:
    scripts = ScriptDirectory.from_config(alembic_config())
    return {script.revision for script in scripts.walk_revisions()}


@contextmanager
def _locked() -> Iterator[Connection]:
    with begin() as connection:
        if is_postgres():
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        yield connection
