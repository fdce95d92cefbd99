"""Agents that people made or changed."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import RowMapping

from kaikou.store.database import Database
from kaikou.store.records import AgentRow
from kaikou.store.tables import agents


class AgentRepository:
    """Rows of agents by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[AgentRow, ...]:
        """Oldest first."""
        async with self._database.read() as connection:
            found = await connection.execute(select(agents).order_by(agents.c.created_at, agents.c.id))
            return tuple(_row(row) for row in found.mappings())

    async def get(self, agent_id: str) -> AgentRow | None:
        async with self._database.read() as connection:
            found = await connection.execute(select(agents).where(agents.c.id == agent_id))
            row = found.mappings().one_or_none()
            return None if row is None else _row(row)

    async def put(self, row: AgentRow) -> None:
        """Insert, or replace the one of the same id."""
        values = asdict(row) | {
            "engines": dict(row.engines),
            "tools": None if row.tools is None else list(row.tools),
            "knowledge": None if row.knowledge is None else list(row.knowledge),
        }
        async with self._database.write() as connection:
            done = await connection.execute(update(agents).where(agents.c.id == row.id).values(values))
            if not done.rowcount:
                await connection.execute(insert(agents).values(values))

    async def delete(self, agent_id: str) -> bool:
        """False if there was none."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(agents).where(agents.c.id == agent_id))
            return bool(done.rowcount)


def _row(row: RowMapping) -> AgentRow:
    return AgentRow(**row)
