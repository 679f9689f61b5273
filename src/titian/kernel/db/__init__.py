"""The operational database: SQLite (WAL) by default, PostgreSQL by setting `database_url`."""

from titian.kernel.db.engine import (
    after_commit,
    begin,
    engine,
    explained,
    explained_sqlite,
    is_postgres,
    read,
    sqlite_file,
)
from titian.kernel.db.metadata import UtcDateTime, metadata
from titian.kernel.db.upgrade import alembic_config, behind, ready, upgrade

__all__ = [
    "UtcDateTime",
    "after_commit",
    "alembic_config",
    "begin",
    "behind",
    "engine",
    "explained",
    "explained_sqlite",
    "is_postgres",
    "metadata",
    "read",
    "ready",
    "sqlite_file",
    "upgrade",
]
