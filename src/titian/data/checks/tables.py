"""The operational table of check results."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Index, Integer, String, Table, Text

from titian.kernel.db import UtcDateTime, metadata

check_result = Table(
    "check_result",
    metadata,
    Column("run_id", String(40), primary_key=True),
    Column("position", Integer(), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("table_name", String(127), nullable=False),
    Column("business_date", Date(), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("label", Text(), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("passed", Boolean(), nullable=False),
    Column("rows", BigInteger(), nullable=False),
    Column("failing", BigInteger(), nullable=False),
    Column("measured", Text(), nullable=False),
    Column("sample", JSON(), nullable=False),
    Column("checked_at", UtcDateTime(), nullable=False),
    Column("current", Boolean(), nullable=False),
    Index("ix_check_result_table_date", "bank", "table_name", "business_date"),
    Index("ix_check_result_passed", "bank", "passed", "checked_at"),
)
