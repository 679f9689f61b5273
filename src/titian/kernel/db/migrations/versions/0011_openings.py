"""How many customers somebody opens, and sees in the clear, within an hour."""

import sqlalchemy as sa
from alembic import op

revision = "0011_openings"
down_revision = "0010_confirming"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("openings", "unmaskings"):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        op.add_column("party_searching", column)
