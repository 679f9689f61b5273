"""The operational tables of tags and audiences."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from titian.kernel.db import UtcDateTime, metadata

business_tag = Table(
    "business_tag",
    metadata,
    Column("bank", String(63), primary_key=True),
    Column("code", String(63), primary_key=True),
    Column("definition", JSON(), nullable=False),
    Column("status", String(16), nullable=False),
    Column("author", String(63), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("decided_by", String(63), nullable=True),
    Column("decided_at", UtcDateTime(), nullable=True),
    Column("comment", String(400), nullable=False),
    Column("members", Integer(), nullable=False),
    Column("counted_on", Date(), nullable=True),
)

audience = Table(
    "audience",
    metadata,
    Column("audience_id", String(63), primary_key=True),
    Column("bank", String(63), nullable=False),
    Column("name", String(80), nullable=False),
    Column("description", String(400), nullable=False),
    Column("expression", Text(), nullable=False),
    Column("owner", String(63), nullable=False),
    Column("archived", Boolean(), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("updated_at", UtcDateTime(), nullable=False),
    UniqueConstraint("bank", "name"),
)

audience_export = Table(
    "audience_export",
    metadata,
    Column("export_id", String(63), primary_key=True),
    Column("bank", String(63), nullable=False, index=True),
    Column("audience_id", String(63), ForeignKey("audience.audience_id"), nullable=False),
    Column("expression", Text(), nullable=False),
    Column("business_date", Date(), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("columns", JSON(), nullable=False),
    Column("clear", Boolean(), nullable=False),
    Column("members", Integer(), nullable=False),
    Column("status", String(16), nullable=False),
    Column("requested_by", String(63), nullable=False),
    Column("requested_at", UtcDateTime(), nullable=False),
    Column("decided_by", String(63), nullable=True),
    Column("decided_at", UtcDateTime(), nullable=True),
    Column("comment", String(400), nullable=False),
    Column("downloads", Integer(), nullable=False),
)

tag_draft = Table(
    "tag_draft",
    metadata,
    Column("bank", String(63), primary_key=True),
    Column("user_id", String(63), primary_key=True),
    Column("making", String(16), primary_key=True),
    Column("about", String(63), primary_key=True),
    Column("content", JSON(), nullable=False),
    Column("saved_at", UtcDateTime(), nullable=False),
)
