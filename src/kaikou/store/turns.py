"""Turns across all conversations: where their time went."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from kaikou.store import history
from kaikou.store.database import Database
from kaikou.store.records import PlacedTurn
from kaikou.store.tables import conversations, turns


async def recent_turns(
    database: Database,
    since: datetime,
    *,
    limit: int,
    conversation_id: str | None = None,
    agent_id: str | None = None,
    surface: str | None = None,
) -> tuple[PlacedTurn, ...]:
    """The newest turns first, at most ``limit``, of conversations that were not thrown away."""
    query = (
        select(turns, conversations.c.title, conversations.c.agent_id, conversations.c.surface)
        .join(conversations, conversations.c.id == turns.c.conversation_id)
        .where(turns.c.created_at >= since, conversations.c.deleted_at.is_(None))
    )
    if conversation_id is not None:
        query = query.where(conversations.c.id == conversation_id)
    if agent_id is not None:
        query = query.where(conversations.c.agent_id == agent_id)
    if surface is not None:
        query = query.where(conversations.c.surface == surface)
    query = query.order_by(turns.c.created_at.desc(), turns.c.id.desc()).limit(limit)
    async with database.read() as connection:
        found = (await connection.execute(query)).mappings().all()
    return tuple(
        PlacedTurn(
            history.turn_row(row), row["conversation_id"], row["title"], row["agent_id"], row["surface"]
        )
        for row in found
    )
