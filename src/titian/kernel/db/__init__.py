"""The operational database: SQLite (WAL) by default, PostgreSQL by setting `database_url`."""

from titian.kernel.db.engine import begin, engine, is_postgres, read
from titian.kernel.db.metadata import UtcDateTime, metadata
from titian.kernel.db.upgrade import alembic_config, ready, upgrade

__all__ = [
    "UtcDateTime",
    "alembic_config",
    "begin",
    "engine",
    "is_postgres",
    "metadata",
    "read",
    "ready",
    "upgrade",
]
