"""What agents remember of people, and the turns that nothing was learned from yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from kaikou.store.database import Database
from kaikou.store.records import now
from kaikou.store.tables import memories, memory_turns

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """Something remembered. ``edited``: a person wrote it, and no module changes it."""

    id: str
    agent_id: str
    who: str
    module: str
    topic: str
    text: str
    conversation_id: str | None
    edited: bool
    created_at: datetime
    updated_at: datetime
    embedder: str | None = None
    vector: bytes | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TurnRow:
    """What somebody said and what the agent answered, still to be learned from."""

    id: str
    agent_id: str
    who: str
    module: str
    conversation_id: str
    said: str
    answered: str
    said_at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody an agent remembers."""

    agent_id: str
    who: str
    memories: int
    waiting: int
    updated_at: datetime


class MemoryRepository:
    """Rows of memories and of waiting turns; what is thrown away is seen by nobody until it is brought
    back or purged."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # -- memories

    async def get(self, memory_id: str) -> MemoryRow | None:
        found = await self._rows(memories.c.id == memory_id)
        return found[0] if found else None

    async def of(self, agent_id: str, who: str, module: str | None = None) -> tuple[MemoryRow, ...]:
        """Everything remembered of somebody (by one module), newest first."""
        where = [memories.c.agent_id == agent_id, memories.c.who == who]
        if module is not None:
            where.append(memories.c.module == module)
        return await self._rows(*where)

    async def page(
        self, agent_id: str | None, who: str | None, offset: int, limit: int
    ) -> tuple[tuple[MemoryRow, ...], int]:
        """Some of what fits, newest first, and how many there are."""
        where = _filter(agent_id, who)
        query = select(func.count()).select_from(memories).where(memories.c.deleted_at.is_(None), *where)
        async with self.database.read() as connection:
            total = int((await connection.execute(query)).scalar_one())
        return await self._rows(*where, offset=offset, limit=limit), total

    async def add(self, row: MemoryRow) -> None:
        values = {name: getattr(row, name) for name in MemoryRow.__slots__}
        async with self.database.write() as connection:
            await connection.execute(insert(memories).values(values))

    async def change(self, memory_id: str, **values: Any) -> bool:
        """Set columns of a memory that is not thrown away; False where there is none."""
        here = (memories.c.id == memory_id) & memories.c.deleted_at.is_(None)
        async with self.database.write() as connection:
            done = await connection.execute(update(memories).where(here).values(values))
            return bool(done.rowcount)

    async def set_vectors(self, embedder: str, vectors: Sequence[tuple[str, bytes]]) -> None:
        """Keep vectors by id."""
        change = update(memories).where(memories.c.id == bindparam("at"))
        async with self.database.write() as connection:
            await connection.execute(
                change.values(embedder=embedder, vector=bindparam("made")),
                [{"at": at, "made": made} for at, made in vectors],
            )

    async def mark(self, ids: Sequence[str], *, deleted: bool) -> tuple[MemoryRow, ...]:
        """Throw away or bring back; gives those that were in the other state."""
        column = memories.c.deleted_at
        other = column.is_(None) if deleted else column.is_not(None)
        done: list[MemoryRow] = []
        for start in range(0, len(ids), _AT_ONCE):
            here = memories.c.id.in_(list(ids[start : start + _AT_ONCE])) & other
            async with self.database.write() as connection:
                found = await connection.execute(select(memories).where(here))
                done += [MemoryRow(**row) for row in found.mappings()]
                change = update(memories).where(here).values(deleted_at=now() if deleted else None)
                await connection.execute(change)
        return tuple(done)

    async def move(self, ids: Sequence[str], who: str) -> tuple[MemoryRow, ...]:
        """Make them ``who``'s; gives those that were somebody else's, as they are now."""
        done: list[MemoryRow] = []
        for start in range(0, len(ids), _AT_ONCE):
            others = (memories.c.who != who) & memories.c.deleted_at.is_(None)
            here = memories.c.id.in_(list(ids[start : start + _AT_ONCE])) & others
            async with self.database.write() as connection:
                found = await connection.execute(select(memories).where(here))
                done += [MemoryRow(**{**row, "who": who}) for row in found.mappings()]
                await connection.execute(update(memories).where(here).values(who=who))
        return tuple(done)

    async def people(self) -> tuple[PersonRow, ...]:
        """Everybody who is remembered, or of whom turns wait; who was learned about last comes first."""
        here = memories.c.deleted_at.is_(None)
        known = select(
            memories.c.agent_id, memories.c.who, func.count(), func.max(memories.c.updated_at)
        ).where(here)
        waiting = select(
            memory_turns.c.agent_id, memory_turns.c.who, func.count(), func.max(memory_turns.c.said_at)
        )
        found: dict[tuple[str, str], PersonRow] = {}
        async with self.database.read() as connection:
            grouped = known.group_by(memories.c.agent_id, memories.c.who)
            for agent, who, count, last in await connection.execute(grouped):
                found[agent, who] = PersonRow(agent, who, count, 0, last)
            grouped = waiting.group_by(memory_turns.c.agent_id, memory_turns.c.who)
            for agent, who, count, last in await connection.execute(grouped):
                before = found.get((agent, who), PersonRow(agent, who, 0, 0, last))
                newest = max(before.updated_at, last)
                found[agent, who] = PersonRow(agent, who, before.memories, count, newest)
        return tuple(sorted(found.values(), key=lambda one: one.updated_at, reverse=True))

    async def ids(self, agent_id: str | None, who: str | None) -> tuple[str, ...]:
        """Of all that fits."""
        query = select(memories.c.id).where(memories.c.deleted_at.is_(None), *_filter(agent_id, who))
        async with self.database.read() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def purge(self, before: datetime) -> tuple[str, ...]:
        """Delete for good what was thrown away before that moment; gives the ids."""
        due = memories.c.deleted_at < before
        async with self.database.write() as connection:
            gone = tuple((await connection.execute(select(memories.c.id).where(due))).scalars())
            if gone:
                await connection.execute(delete(memories).where(due))
            return gone

    async def _rows(
        self, *where: ColumnElement[bool], offset: int = 0, limit: int | None = None
    ) -> tuple[MemoryRow, ...]:
        query = select(memories).where(memories.c.deleted_at.is_(None), *where)
        query = query.order_by(memories.c.updated_at.desc(), memories.c.id).offset(offset).limit(limit)
        async with self.database.read() as connection:
            found = await connection.execute(query)
            return tuple(MemoryRow(**row) for row in found.mappings())

    # -- turns that wait

    async def wait(self, rows: Sequence[TurnRow]) -> None:
        """Keep turns until they are learned from."""
        async with self.database.write() as connection:
            values = [{name: getattr(row, name) for name in TurnRow.__slots__} for row in rows]
            await connection.execute(insert(memory_turns), values)

    async def waiting(self, agent_id: str | None = None, who: str | None = None) -> tuple[TurnRow, ...]:
        """Oldest first."""
        query = select(memory_turns).order_by(memory_turns.c.said_at, memory_turns.c.id)
        if agent_id is not None:
            query = query.where(memory_turns.c.agent_id == agent_id)
        if who is not None:
            query = query.where(memory_turns.c.who == who)
        async with self.database.read() as connection:
            found = await connection.execute(query)
            return tuple(TurnRow(**row) for row in found.mappings())

    async def learned(self, ids: Sequence[str]) -> None:
        """These turns need not wait any more."""
        async with self.database.write() as connection:
            await connection.execute(delete(memory_turns).where(memory_turns.c.id.in_(list(ids))))

    async def tried(self, ids: Sequence[str]) -> None:
        """Learning from these failed once more."""
        change = update(memory_turns).where(memory_turns.c.id.in_(list(ids)))
        async with self.database.write() as connection:
            await connection.execute(change.values(tries=memory_turns.c.tries + 1))

    async def forget_turns(
        self,
        *,
        agent_id: str | None = None,
        who: str | None = None,
        conversations: Sequence[str] | None = None,
    ) -> None:
        """Learn nothing from the waiting turns that fit (no condition: from none of them)."""
        query = delete(memory_turns)
        if agent_id is not None:
            query = query.where(memory_turns.c.agent_id == agent_id)
        if who is not None:
            query = query.where(memory_turns.c.who == who)
        if conversations is not None:
            query = query.where(memory_turns.c.conversation_id.in_(list(conversations)))
        async with self.database.write() as connection:
            await connection.execute(query)


def _filter(agent_id: str | None, who: str | None) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if agent_id is not None:
        where.append(memories.c.agent_id == agent_id)
    if who is not None:
        where.append(memories.c.who == who)
    return where
