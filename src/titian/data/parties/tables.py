"""The operational tables of parties: who sees whom in the clear until when, and who searches."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from titian.kernel.db import UtcDateTime, metadata

# Rows go with their session: signing out ends what it unmasked.
unmasking = Table(
    "party_unmasking",
    metadata,
    Column(
        "session",
        String(64),
        ForeignKey("user_session.token_hash", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("bank", String(63), primary_key=True),
    Column("party_id", String(64), primary_key=True),
    Column("user_id", String(63), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("since", UtcDateTime(), nullable=False),
    Column("until", UtcDateTime(), nullable=False, index=True),
)

searching = Table(
    "party_searching",
    metadata,
    Column("user_id", String(63), primary_key=True),
    Column("hour", UtcDateTime(), primary_key=True),
    Column("searches", Integer(), nullable=False),
    Column("misses", Integer(), nullable=False),
    Column("openings", Integer(), nullable=False, server_default="0"),
    Column("unmaskings", Integer(), nullable=False, server_default="0"),
)
