"""Business-made tags, saved audiences and their exports."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0004_tags"
down_revision = "0006_web"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "business_tag",
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("code", sa.String(63), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("author", sa.String(63), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(63), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("comment", sa.String(400), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("bank", "code", name="pk_business_tag"),
    )
    op.create_table(
        "audience",
        sa.Column("audience_id", sa.String(63), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("description", sa.String(400), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("audience_id", name="pk_audience"),
        sa.UniqueConstraint("bank", "name", name="uq_audience_bank"),
    )
    op.create_table(
        "audience_export",
        sa.Column("export_id", sa.String(63), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("audience_id", sa.String(63), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("clear", sa.Boolean(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("requested_by", sa.String(63), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(63), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("comment", sa.String(400), nullable=False),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", name="pk_audience_export"),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audience.audience_id"], name="fk_audience_export_audience_id"
        ),
    )
    op.create_index("ix_audience_export_bank", "audience_export", ["bank"])
