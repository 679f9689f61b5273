"""The operational tables of this room: orders, states, the run log, pauses, alerts, webhooks."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from titian.kernel.db import UtcDateTime, metadata

job_order = Table(
    "job_order",
    metadata,
    Column("order_id", String(40), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("first_date", Date(), nullable=False),
    Column("last_date", Date(), nullable=False),
    Column("dates", JSON(), nullable=False),
    Column("jobs", JSON(), nullable=True),
    Column("force", Boolean(), nullable=False),
    Column("wide", Boolean(), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("requested_by", String(63), nullable=False),
    Column("requested_at", UtcDateTime(), nullable=False),
    Column("state", String(16), nullable=False),
    Column("total", Integer(), nullable=False),
    Column("finished", Integer(), nullable=False),
    Column("started_at", UtcDateTime(), nullable=True),
    Column("finished_at", UtcDateTime(), nullable=True),
    Column("error", Text(), nullable=False),
    Index("ix_job_order_bank_requested", "bank", "requested_at"),
    Index("ix_job_order_state", "state"),
)

job_run = Table(
    "job_run",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("order_id", String(40), nullable=False),
    Column("bank", String(63), nullable=False),
    Column("job", String(127), nullable=False),
    Column("business_date", Date(), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer(), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("started_at", UtcDateTime(), nullable=False),
    Column("finished_at", UtcDateTime(), nullable=True),
    Column("rows", BigInteger(), nullable=False),
    Column("bytes", BigInteger(), nullable=False),
    Column("seconds", Float(), nullable=False),
    Column("batch", Integer(), nullable=False),
    Column("error", Text(), nullable=False),
    Column("error_code", String(40), nullable=False),
    Column("version", String(40), nullable=False),
    Column("sql_hash", String(40), nullable=False),
    Column("table_version", BigInteger(), nullable=True),
    Index("ix_job_run_bank_started", "bank", "started_at"),
    Index("ix_job_run_unit", "bank", "job", "business_date"),
    Index("ix_job_run_order", "order_id"),
)

job_state = Table(
    "job_state",
    metadata,
    Column("bank", String(63), primary_key=True),
    Column("business_date", Date(), primary_key=True),
    Column("job", String(127), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("why", Text(), nullable=False),
    Column("run_id", String(40), nullable=True),
    Column("order_id", String(40), nullable=False),
    Column("started_at", UtcDateTime(), nullable=True),
    Column("finished_at", UtcDateTime(), nullable=True),
    Column("rows", BigInteger(), nullable=False),
    Column("seconds", Float(), nullable=False),
    Column("version", String(40), nullable=False),
    Index("ix_job_state_date", "business_date"),
)

job_text = Table(
    "job_text",
    metadata,
    Column("sql_hash", String(40), primary_key=True),
    Column("text", Text(), nullable=False),
)

job_pause = Table(
    "job_pause",
    metadata,
    Column("bank", String(63), primary_key=True),
    Column("job", String(127), primary_key=True),
    Column("reason", String(200), nullable=False),
    Column("paused_by", String(63), nullable=False),
    Column("paused_at", UtcDateTime(), nullable=False),
)

job_alert = Table(
    "job_alert",
    metadata,
    Column("alert_id", String(40), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("business_date", Date(), nullable=False),
    Column("job", String(127), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("message", Text(), nullable=False),
    Column("run_id", String(40), nullable=True),
    Column("raised_at", UtcDateTime(), nullable=False),
    Column("resolved_at", UtcDateTime(), nullable=True),
    Column("acknowledged_at", UtcDateTime(), nullable=True),
    Column("acknowledged_by", String(63), nullable=True),
    Index("ix_job_alert_bank_raised", "bank", "raised_at"),
    Index("ix_job_alert_unit", "bank", "business_date", "job", "kind"),
)

job_webhook = Table(
    "job_webhook",
    metadata,
    Column("hook_id", String(40), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("url", String(500), nullable=False),
    Column("created_by", String(63), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Index("ix_job_webhook_bank", "bank"),
)

job_delivery = Table(
    "job_delivery",
    metadata,
    Column("alert_id", String(40), primary_key=True),
    Column("hook_id", String(40), primary_key=True),
    Column("attempts", Integer(), nullable=False),
    Column("next_attempt_at", UtcDateTime(), nullable=True),
    Column("delivered_at", UtcDateTime(), nullable=True),
    Column("error", Text(), nullable=False),
    Index("ix_job_delivery_next_attempt", "next_attempt_at"),
)
