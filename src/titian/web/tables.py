"""The operational tables the pages own."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, Text

from titian.kernel.db import UtcDateTime, metadata

signin_address = Table(
    "web_signin_address",
    metadata,
    Column("address", String(64), primary_key=True),
    Column("failures", Integer(), nullable=False),
    Column("since", UtcDateTime(), nullable=False, index=True),
)

saved_view = Table(
    "web_saved_view",
    metadata,
    Column("user_id", String(63), primary_key=True),
    Column("page", String(120), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("query", Text(), nullable=False),
    Column("saved_at", UtcDateTime(), nullable=False),
)
