"""The first tables: conversations with items and turns, blobs, agents, voices, secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "blobs",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_blobs"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("agent_id", sa.String(128)),
        sa.Column("surface", sa.String(40), nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_updated_at_id", "conversations", ["updated_at", "id"])
    op.create_table(
        "items",
        sa.Column("conversation_id", sa.String(128), nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20)),
        sa.Column("parts", sa.JSON, nullable=False),
        sa.Column("search", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("call_id", sa.String(128)),
        sa.Column("name", sa.String(200)),
        sa.Column("arguments", sa.Text),
        sa.Column("output", sa.Text),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("audio", sa.String(64)),
        sa.Column("audio_type", sa.String(100)),
        sa.Column("audio_seconds", sa.Float),
        sa.PrimaryKeyConstraint("conversation_id", "id", name="pk_items"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_items_conversation_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["audio"], ["blobs.hash"], name="fk_items_audio"),
    )
    op.create_index("ix_items_conversation_id_position", "items", ["conversation_id", "position"])
    op.create_index("ix_items_audio", "items", ["audio"])
    op.create_table(
        "turns",
        sa.Column("conversation_id", sa.String(128), nullable=False),
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("reply_id", sa.String(128), nullable=False),
        sa.Column("user_item_id", sa.String(128)),
        sa.Column("reply_item_id", sa.String(128)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("stages", sa.JSON, nullable=False),
        sa.Column("total", sa.Float),
        sa.Column("speculations", sa.Integer, nullable=False),
        sa.Column("engines", sa.JSON, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "id", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name="fk_turns_conversation_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_turns_conversation_id_created_at", "turns", ["conversation_id", "created_at"])
    op.create_table(
        "agents",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("greeting", sa.Text, nullable=False),
        sa.Column("voice", sa.String(128)),
        sa.Column("language", sa.String(40)),
        sa.Column("engines", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
    )
    op.create_table(
        "voices",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("engine", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("languages", sa.JSON, nullable=False),
        sa.Column("gender", sa.String(20)),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("recipe", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_voices"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )


def downgrade() -> None:
    for table in ("secrets", "voices", "agents", "turns", "items", "conversations", "blobs"):
        op.drop_table(table)
