"""The tables. ``migrations/`` makes them; a test holds the two equal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware moment, in UTC on every database (SQLite keeps no zone by itself)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the store takes timezone-aware moments only")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


ID = String(128)
HASH = String(64)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

blobs = Table(
    "blobs",
    metadata,
    Column("hash", HASH, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Files kept by content hash. A blob lives while any foreign key to ``hash`` names it."""

conversations = Table(
    "conversations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("search", Text, nullable=False),
    Column("agent_id", ID),
    Column("surface", String(40), nullable=False),
    Column("config", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Index(None, "updated_at", "id"),
    Index(None, "deleted_at"),
)
"""``deleted_at``: thrown away then, but still to be had back until it is purged."""

items = Table(
    "items",
    metadata,
    Column("conversation_id", ID, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("id", ID, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("role", String(20)),
    Column("parts", JSON, nullable=False),
    Column("search", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("call_id", ID),
    Column("name", String(200)),
    Column("arguments", Text),
    Column("output", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("audio", HASH, ForeignKey("blobs.hash")),
    Column("audio_type", String(100)),
    Column("audio_seconds", Float),
    PrimaryKeyConstraint("conversation_id", "id"),
    Index(None, "conversation_id", "position"),
    Index(None, "audio"),
)
"""``search``, here and in conversations, is the text folded for comparison (``history.folded``)."""

turns = Table(
    "turns",
    metadata,
    Column("conversation_id", ID, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("id", ID, nullable=False),
    Column("reply_id", ID, nullable=False),
    Column("user_item_id", ID),
    Column("reply_item_id", ID),
    Column("status", String(20), nullable=False),
    Column("stages", JSON, nullable=False),
    Column("total", Float),
    Column("speculations", Integer, nullable=False),
    Column("engines", JSON, nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("conversation_id", "id"),
    Index(None, "conversation_id", "created_at"),
    Index(None, "created_at"),
)

agents = Table(
    "agents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("greeting", Text, nullable=False),
    Column("voice", ID),
    Column("language", String(40)),
    Column("engines", JSON, nullable=False),
    Column("tools", JSON(none_as_null=True)),
    Column("knowledge", JSON(none_as_null=True)),
    Column("memory", String(60)),
    Column("intent", String(60)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

knowledge_bases = Table(
    "knowledge_bases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index(None, "deleted_at"),
)
"""``revision`` grows with whatever a search could find otherwise."""

documents = Table(
    "documents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("base_id", ID, ForeignKey("knowledge_bases.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("file_name", String(300), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("file", HASH, ForeignKey("blobs.hash"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("error", JSON(none_as_null=True)),
    Column("characters", Integer, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index(None, "base_id", "created_at"),
    Index(None, "file"),
    Index(None, "state"),
    Index(None, "deleted_at"),
)

passages = Table(
    "passages",
    metadata,
    Column("document_id", ID, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("heading", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("embedder", String(300)),
    Column("vector", LargeBinary),
    PrimaryKeyConstraint("document_id", "position"),
)
"""``words`` is the text as words with spaces between; ``vector`` holds its
vectors, made by ``embedder``, as ``knowledge/vector_index.py`` packs them. What pgvector
compares is made of them (``windows.py``)."""

voices = Table(
    "voices",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("engine", String(100), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("languages", JSON, nullable=False),
    Column("gender", String(20)),
    Column("description", Text, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", ID, primary_key=True),
    Column("client_id", ID, nullable=False),
    Column("agent_id", ID),
    Column("alias", String(200), nullable=False),
    Column("model", String(100), nullable=False),
    Column("board", String(100), nullable=False),
    Column("firmware", String(60), nullable=False),
    Column("serial", ID, nullable=False),
    Column("language", String(40), nullable=False),
    Column("auto_update", Boolean, nullable=False),
    Column("firmware_image", String(200)),
    Column("bound_at", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime),
    Column("battery_percent", Integer),
    Column("battery_charging", Boolean),
    Column("battery_at", UtcDateTime),
    Column("deleted_at", UtcDateTime),
)
"""Devices bound to this server; ``agent_id`` None: the default agent; ``firmware_image`` None: its board's
newest. ``battery_at``: when it told its battery last. ``deleted_at``: unbound, and may be brought
back for a while."""

memories = Table(
    "memories",
    metadata,
    Column("id", ID, primary_key=True),
    Column("agent_id", ID, nullable=False),
    Column("who", String(200), nullable=False),
    Column("module", String(60), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("conversation_id", ID),
    Column("edited", Boolean, nullable=False),
    Column("embedder", String(300)),
    Column("vector", LargeBinary),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index(None, "agent_id", "who"),
    Index(None, "deleted_at"),
)
"""What an agent remembers of somebody (``who``); ``vector`` is float32, made by ``embedder``."""

memory_turns = Table(
    "memory_turns",
    metadata,
    Column("id", ID, primary_key=True),
    Column("agent_id", ID, nullable=False),
    Column("who", String(200), nullable=False),
    Column("module", String(60), nullable=False),
    Column("conversation_id", ID, nullable=False),
    Column("said", Text, nullable=False),
    Column("answered", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("said_at", UtcDateTime, nullable=False),
    Index(None, "agent_id", "who"),
    Index(None, "conversation_id"),
)
"""Turns that nothing was learned from yet."""

speakers = Table(
    "speakers",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("consent", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("last_heard", UtcDateTime),
)

voiceprints = Table(
    "voiceprints",
    metadata,
    Column("id", ID, primary_key=True),
    Column("speaker_id", ID, ForeignKey("speakers.id", ondelete="CASCADE"), nullable=False),
    Column("encoder", String(300), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "speaker_id"),
)
"""One utterance of a speaker as float32 numbers, made by ``encoder``; the sound itself is not kept."""
endpoints = Table(
    "endpoints",
    metadata,
    Column("id", ID, primary_key=True),
    Column("agent_id", ID, nullable=False),
    Column("name", String(200), nullable=False),
    Column("token_hash", HASH, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Where MCP servers dial in, each for one agent."""

claims = Table(
    "claims",
    metadata,
    Column("work", String(300), primary_key=True),
    Column("holder", String(40), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Which server does a piece of work now (``claims.py``)."""

reminders = Table(
    "reminders",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("title", String(200), nullable=False),
    Column("emotion", String(40), nullable=False),
    Column("at", UtcDateTime),
    Column("zone", String(100), nullable=False),
    Column("repeat", JSON(none_as_null=True)),
    Column("device_id", ID),
    Column("conversation_id", ID),
    Column("agent_id", ID),
    Column("language", String(40)),
    Column("state", String(20), nullable=False),
    Column("claimed_by", String(40)),
    Column("claimed_until", UtcDateTime),
    Column("last_at", UtcDateTime),
    Column("last_outcome", String(20), nullable=False),
    Column("last_note", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index(None, "state", "at"),
    Index(None, "deleted_at"),
)
"""``claimed_by``: the server that is seeing to it now. A claim that has run out was left by one that
died meanwhile."""

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
"""Secrets made once by the server itself, such as the key that signs cookies."""


def blob_references() -> list[Column[str]]:
    """Every column that keeps a blob alive, found by its foreign key."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column is blobs.c.hash for key in column.foreign_keys)
    ]
