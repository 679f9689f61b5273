"""Failed sign-ins by address, and saved views of lists."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0006_web"
down_revision = "0003_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "web_signin_address",
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_web_signin_address"),
    )
    op.create_index("ix_web_signin_address_since", "web_signin_address", ["since"])
    op.create_table(
        "web_saved_view",
        sa.Column("user_id", sa.String(63), nullable=False),
        sa.Column("page", sa.String(120), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "page", "name", name="pk_web_saved_view"),
    )


def downgrade() -> None:
    op.drop_table("web_saved_view")
    op.drop_table("web_signin_address")
