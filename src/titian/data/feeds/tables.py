"""The operational tables of feeds: what arrived, what waits in quarantine, who mended what, drift.

`feed_quarantine.raw` and `.fixed` hold personal data; both are emptied when a row is settled.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from titian.kernel.db import UtcDateTime, metadata

feed_arrival = Table(
    "feed_arrival",
    metadata,
    Column("arrival_id", String(40), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("feed", String(63), nullable=False),
    Column("business_date", Date(), nullable=False),
    Column("delivery_id", String(40), nullable=False),
    Column("status", String(16), nullable=False),
    Column("rows", BigInteger(), nullable=False),
    Column("good", BigInteger(), nullable=False),
    Column("bad", BigInteger(), nullable=False),
    Column("bytes", BigInteger(), nullable=False),
    Column("content", String(64), nullable=False),
    Column("files", JSON(), nullable=False),
    Column("contract_version", String(40), nullable=False),
    Column("contract_digest", String(64), nullable=False),
    Column("control", JSON(), nullable=False),
    Column("refusals", JSON(), nullable=False),
    Column("reasons", JSON(), nullable=False),
    Column("types", JSON(), nullable=False),
    Column("table_version", BigInteger(), nullable=True),
    Column("loaded_by", String(63), nullable=False),
    Column("started_at", UtcDateTime(), nullable=False),
    Column("finished_at", UtcDateTime(), nullable=True),
    Index("ix_feed_arrival_bank_date", "bank", "business_date"),
    Index("ix_feed_arrival_bank_feed_date", "bank", "feed", "business_date"),
)

feed_quarantine = Table(
    "feed_quarantine",
    metadata,
    Column("row_id", String(40), primary_key=True),
    Column(
        "arrival_id",
        String(40),
        ForeignKey("feed_arrival.arrival_id"),
        nullable=False,
        index=True,
    ),
    Column("bank", String(63), nullable=False),
    Column("feed", String(63), nullable=False),
    Column("business_date", Date(), nullable=False),
    Column("file", String(500), nullable=False),
    Column("line", BigInteger(), nullable=False),
    Column("column_name", String(63), nullable=False),
    Column("code", String(32), nullable=False),
    Column("problems", JSON(), nullable=False),
    Column("raw", LargeBinary(), nullable=True),
    Column("fixed", JSON(), nullable=True),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("changed_at", UtcDateTime(), nullable=False),
    Index("ix_feed_quarantine_bank_status_feed", "bank", "status", "feed"),
)

feed_repair = Table(
    "feed_repair",
    metadata,
    Column("repair_id", Integer(), primary_key=True),
    Column("row_id", String(40), nullable=False, index=True),
    Column("bank", String(63), nullable=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("user_id", String(63), nullable=False),
    Column("action", String(16), nullable=False),
    Column("columns", JSON(), nullable=False),
    Column("note", Text(), nullable=False),
)

feed_drift = Table(
    "feed_drift",
    metadata,
    Column("drift_id", String(40), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("feed", String(63), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("column_name", String(200), nullable=False),
    Column("detail", String(500), nullable=False),
    Column("first_date", Date(), nullable=False),
    Column("last_date", Date(), nullable=False),
    Column("deliveries", Integer(), nullable=False),
    Column("rows", BigInteger(), nullable=False),
    Column("first_seen", UtcDateTime(), nullable=False),
    Column("last_seen", UtcDateTime(), nullable=False),
    UniqueConstraint("bank", "feed", "kind", "column_name", "detail"),
)
