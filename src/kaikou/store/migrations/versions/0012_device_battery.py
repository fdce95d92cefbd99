"""What a device told of its battery last, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("devices", sa.Column("battery_percent", sa.Integer()))
    op.add_column("devices", sa.Column("battery_charging", sa.Boolean()))
    op.add_column("devices", sa.Column("battery_at", sa.DateTime(timezone=True)))
