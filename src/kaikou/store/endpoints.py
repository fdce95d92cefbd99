"""Endpoints that MCP servers dial in to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select

from kaikou.store.database import Database
from kaikou.store.records import now
from kaikou.store.tables import endpoints


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """``token_hash`` is the SHA-256 of the token in hex; the token itself is kept nowhere."""

    id: str
    agent_id: str
    name: str
    token_hash: str
    created_at: datetime = field(default_factory=now)


class EndpointRepository:
    """Rows of endpoints by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[EndpointRow, ...]:
        """In the order they were made."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(endpoints).order_by(endpoints.c.created_at, endpoints.c.id)
            )
            return tuple(EndpointRow(**row) for row in found.mappings())

    async def add(self, row: EndpointRow) -> None:
        async with self._database.write() as connection:
            await connection.execute(insert(endpoints).values(asdict(row)))

    async def delete(self, endpoint_id: str) -> bool:
        """False if there was none."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(endpoints).where(endpoints.c.id == endpoint_id))
            return bool(done.rowcount)
