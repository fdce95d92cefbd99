"""Devices that are bound to this server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("client_id", sa.String(128), nullable=False),
        sa.Column("agent_id", sa.String(128)),
        sa.Column("alias", sa.String(200), nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("board", sa.String(100), nullable=False),
        sa.Column("firmware", sa.String(60), nullable=False),
        sa.Column("serial", sa.String(128), nullable=False),
        sa.Column("language", sa.String(40), nullable=False),
        sa.Column("auto_update", sa.Boolean, nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
    )
