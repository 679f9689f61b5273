"""Whose sensitive rights wait for a second person, since when, and who gave them."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0010_confirming"
down_revision = "0009_api_token"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_account", sa.Column("waiting_since", UtcDateTime(), nullable=True))
    op.add_column("user_account", sa.Column("waiting_by", sa.JSON(), nullable=True))
