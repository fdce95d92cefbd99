"""What agents remember, who is known by voice, and how an agent remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "memories",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("module", sa.String(60), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("conversation_id", sa.String(128)),
        sa.Column("edited", sa.Boolean, nullable=False),
        sa.Column("embedder", sa.String(300)),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_memories"),
    )
    op.create_index("ix_memories_agent_id_who", "memories", ["agent_id", "who"])
    op.create_index("ix_memories_deleted_at", "memories", ["deleted_at"])
    op.create_table(
        "memory_turns",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("agent_id", sa.String(128), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("module", sa.String(60), nullable=False),
        sa.Column("conversation_id", sa.String(128), nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("answered", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_memory_turns"),
    )
    op.create_index("ix_memory_turns_agent_id_who", "memory_turns", ["agent_id", "who"])
    op.create_index("ix_memory_turns_conversation_id", "memory_turns", ["conversation_id"])
    op.create_table(
        "speakers",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("consent", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_heard", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_speakers"),
    )
    op.create_table(
        "voiceprints",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("speaker_id", sa.String(128), nullable=False),
        sa.Column("encoder", sa.String(300), nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_voiceprints"),
        sa.ForeignKeyConstraint(
            ["speaker_id"], ["speakers.id"], name="fk_voiceprints_speaker_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_voiceprints_speaker_id", "voiceprints", ["speaker_id"])
    op.add_column("agents", sa.Column("memory", sa.String(60)))
