"""Who sees whom in the clear, who searches how often; the audit log by what was done to whom."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0008_parties"
down_revision = "0007_tag_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "party_unmasking",
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("party_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(63), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("session", "bank", "party_id", name="pk_party_unmasking"),
        sa.ForeignKeyConstraint(
            ["session"],
            ["user_session.token_hash"],
            name="fk_party_unmasking_session",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_party_unmasking_until", "party_unmasking", ["until"])
    op.create_table(
        "party_searching",
        sa.Column("user_id", sa.String(63), nullable=False),
        sa.Column("hour", UtcDateTime(), nullable=False),
        sa.Column("searches", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "hour", name="pk_party_searching"),
    )
    op.create_index("ix_audit_entry_target_seq", "audit_entry", ["target", "seq"])
