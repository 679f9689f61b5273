"""The operational tables the kernel owns."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from titian.kernel.db import UtcDateTime, metadata

bank = Table(
    "bank",
    metadata,
    Column("bank", String(63), primary_key=True),
    Column("name_zh", String(80), nullable=False),
    Column("name_en", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("registered_at", UtcDateTime(), nullable=False),
)

user_account = Table(
    "user_account",
    metadata,
    Column("user_id", String(63), primary_key=True),
    Column("display_name", String(80), nullable=False),
    Column("bank", String(63), ForeignKey("bank.bank"), nullable=True),
    Column("roles", JSON(), nullable=False),
    Column("clearance", Integer(), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("must_change_password", Boolean(), nullable=False),
    Column("disabled", Boolean(), nullable=False),
    Column("failed_logins", Integer(), nullable=False),
    Column("locked_until", UtcDateTime(), nullable=True),
    Column("locale", String(8), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("waiting_since", UtcDateTime(), nullable=True),
    Column("waiting_by", JSON(none_as_null=True), nullable=True),
)

user_session = Table(
    "user_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(63), ForeignKey("user_account.user_id"), nullable=False, index=True),
    Column("bank", String(63), nullable=True),
    Column("csrf_token", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("created_at", UtcDateTime(), nullable=False),
    Column("seen_at", UtcDateTime(), nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("system", String(63), nullable=False),
    Column("bank", String(63), ForeignKey("bank.bank"), nullable=False),
    Column("permission", String(63), nullable=False),
    Column("made_at", UtcDateTime(), nullable=False),
    Column("ends_at", UtcDateTime(), nullable=False),
    UniqueConstraint("bank", "system"),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", Integer(), primary_key=True, autoincrement=False),
    Column("at", UtcDateTime(), nullable=False),
    Column("user_id", String(63), nullable=False),
    Column("bank", String(63), nullable=True),
    Column("action", String(63), nullable=False),
    Column("target", String(256), nullable=False),
    Column("detail", Text(), nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_audit_entry_bank_seq", "bank", "seq"),
    Index("ix_audit_entry_user_seq", "user_id", "seq"),
    Index("ix_audit_entry_target_seq", "target", "seq"),
)
