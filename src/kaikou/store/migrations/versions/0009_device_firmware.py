"""A device has firmware of its own, and an unbound one can be brought back after a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("devices", sa.Column("firmware_image", sa.String(200)))
    op.add_column("devices", sa.Column("deleted_at", sa.DateTime(timezone=True)))
