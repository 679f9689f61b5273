"""Arrivals, quarantine, repairs and drift of feeds."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0002_feeds"
down_revision = "0001_kernel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_arrival",
        sa.Column("arrival_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("feed", sa.String(63), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("delivery_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("good", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("contract_version", sa.String(40), nullable=False),
        sa.Column("contract_digest", sa.String(64), nullable=False),
        sa.Column("control", sa.JSON(), nullable=False),
        sa.Column("refusals", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("table_version", sa.BigInteger(), nullable=True),
        sa.Column("loaded_by", sa.String(63), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("arrival_id", name="pk_feed_arrival"),
    )
    op.create_index("ix_feed_arrival_bank_date", "feed_arrival", ["bank", "business_date"])
    op.create_index(
        "ix_feed_arrival_bank_feed_date", "feed_arrival", ["bank", "feed", "business_date"]
    )
    _quarantine()
    _repair()
    _drift()


def _quarantine() -> None:
    op.create_table(
        "feed_quarantine",
        sa.Column("row_id", sa.String(40), nullable=False),
        sa.Column("arrival_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("feed", sa.String(63), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("file", sa.String(500), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("column_name", sa.String(63), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("fixed", sa.JSON(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("row_id", name="pk_feed_quarantine"),
        sa.ForeignKeyConstraint(
            ["arrival_id"], ["feed_arrival.arrival_id"], name="fk_feed_quarantine_arrival_id"
        ),
    )
    op.create_index("ix_feed_quarantine_arrival_id", "feed_quarantine", ["arrival_id"])
    op.create_index(
        "ix_feed_quarantine_bank_status_feed", "feed_quarantine", ["bank", "status", "feed"]
    )


def _repair() -> None:
    op.create_table(
        "feed_repair",
        sa.Column("repair_id", sa.Integer(), nullable=False),
        sa.Column("row_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.String(63), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("repair_id", name="pk_feed_repair"),
    )
    op.create_index("ix_feed_repair_row_id", "feed_repair", ["row_id"])


def _drift() -> None:
    op.create_table(
        "feed_drift",
        sa.Column("drift_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("feed", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("column_name", sa.String(200), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", UtcDateTime(), nullable=False),
        sa.Column("last_seen", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("drift_id", name="pk_feed_drift"),
        sa.UniqueConstraint(
            "bank", "feed", "kind", "column_name", "detail", name="uq_feed_drift_bank"
        ),
    )
