"""Keys of machines: each works for one bank and may do one thing."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0009_api_token"
down_revision = "0008_parties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("system", sa.String(63), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("permission", sa.String(63), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_api_token"),
        sa.ForeignKeyConstraint(["bank"], ["bank.bank"], name="fk_api_token_bank"),
        sa.UniqueConstraint("bank", "system", name="uq_api_token_bank"),
    )
