"""What people have typed of a tag or an audience and not yet sent."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0007_tag_drafts"
down_revision = "0004_tags"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag_draft",
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("user_id", sa.String(63), nullable=False),
        sa.Column("making", sa.String(16), nullable=False),
        sa.Column("about", sa.String(63), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("bank", "user_id", "making", "about", name="pk_tag_draft"),
    )
