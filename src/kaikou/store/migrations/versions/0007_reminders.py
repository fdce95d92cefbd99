"""Reminders, and what is to be pushed to devices at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("emotion", sa.String(40), nullable=False),
        sa.Column("at", moment),
        sa.Column("zone", sa.String(100), nullable=False),
        sa.Column("repeat", sa.JSON),
        sa.Column("device_id", sa.String(128)),
        sa.Column("conversation_id", sa.String(128)),
        sa.Column("agent_id", sa.String(128)),
        sa.Column("language", sa.String(40)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("claimed_by", sa.String(40)),
        sa.Column("claimed_until", moment),
        sa.Column("last_at", moment),
        sa.Column("last_outcome", sa.String(20), nullable=False),
        sa.Column("last_note", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("deleted_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
    )
    op.create_index("ix_reminders_state_at", "reminders", ["state", "at"])
    op.create_index("ix_reminders_deleted_at", "reminders", ["deleted_at"])
