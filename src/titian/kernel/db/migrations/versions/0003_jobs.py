"""Orders, run log, states, pauses and alerts of jobs; results of checks."""

import sqlalchemy as sa
from alembic import op

from titian.kernel.db.metadata import UtcDateTime

revision = "0003_jobs"
down_revision = "0002_feeds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _check_result()
    _job_alert()
    _job_delivery()
    _job_order()
    _job_pause()
    _job_run()
    _job_state()
    _job_text()
    _job_webhook()


def _check_result() -> None:
    op.create_table(
        "check_result",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("table_name", sa.String(127), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("failing", sa.BigInteger(), nullable=False),
        sa.Column("measured", sa.Text(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_check_result"),
    )
    op.create_index("ix_check_result_passed", "check_result", ["bank", "passed", "checked_at"])
    op.create_index(
        "ix_check_result_table_date", "check_result", ["bank", "table_name", "business_date"]
    )


def _job_alert() -> None:
    op.create_table(
        "job_alert",
        sa.Column("alert_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("job", sa.String(127), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=True),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(63), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", name="pk_job_alert"),
    )
    op.create_index("ix_job_alert_bank_raised", "job_alert", ["bank", "raised_at"])
    op.create_index("ix_job_alert_unit", "job_alert", ["bank", "business_date", "job", "kind"])


def _job_delivery() -> None:
    op.create_table(
        "job_delivery",
        sa.Column("alert_id", sa.String(40), nullable=False),
        sa.Column("hook_id", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "hook_id", name="pk_job_delivery"),
    )
    op.create_index("ix_job_delivery_next_attempt", "job_delivery", ["next_attempt_at"])


def _job_order() -> None:
    op.create_table(
        "job_order",
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("dates", sa.JSON(), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=True),
        sa.Column("force", sa.Boolean(), nullable=False),
        sa.Column("wide", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("requested_by", sa.String(63), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_job_order"),
    )
    op.create_index("ix_job_order_bank_requested", "job_order", ["bank", "requested_at"])
    op.create_index("ix_job_order_state", "job_order", ["state"])


def _job_pause() -> None:
    op.create_table(
        "job_pause",
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("job", sa.String(127), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("paused_by", sa.String(63), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("bank", "job", name="pk_job_pause"),
    )


def _job_run() -> None:
    op.create_table(
        "job_run",
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("job", sa.String(127), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("error_code", sa.String(40), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("sql_hash", sa.String(40), nullable=False),
        sa.Column("table_version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name="pk_job_run"),
    )
    op.create_index("ix_job_run_bank_started", "job_run", ["bank", "started_at"])
    op.create_index("ix_job_run_order", "job_run", ["order_id"])
    op.create_index("ix_job_run_unit", "job_run", ["bank", "job", "business_date"])


def _job_state() -> None:
    op.create_table(
        "job_state",
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("job", sa.String(127), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=True),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("bank", "business_date", "job", name="pk_job_state"),
    )
    op.create_index("ix_job_state_date", "job_state", ["business_date"])


def _job_text() -> None:
    op.create_table(
        "job_text",
        sa.Column("sql_hash", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sql_hash", name="pk_job_text"),
    )


def _job_webhook() -> None:
    op.create_table(
        "job_webhook",
        sa.Column("hook_id", sa.String(40), nullable=False),
        sa.Column("bank", sa.String(63), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("created_by", sa.String(63), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hook_id", name="pk_job_webhook"),
    )
    op.create_index("ix_job_webhook_bank", "job_webhook", ["bank"])
