"""Voices of the library that people made: blends, later clones."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import RowMapping

from kaikou.store.database import Database
from kaikou.store.records import VoiceRow
from kaikou.store.tables import voices


class VoiceRepository:
    """Rows of voices by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[VoiceRow, ...]:
        """Oldest first."""
        async with self._database.read() as connection:
            found = await connection.execute(select(voices).order_by(voices.c.created_at, voices.c.id))
            return tuple(_row(row) for row in found.mappings())

    async def get(self, voice_id: str) -> VoiceRow | None:
        async with self._database.read() as connection:
            found = await connection.execute(select(voices).where(voices.c.id == voice_id))
            row = found.mappings().one_or_none()
            return None if row is None else _row(row)

    async def put(self, row: VoiceRow) -> None:
        """Insert, or replace the one of the same id."""
        values = asdict(row) | {"languages": list(row.languages), "recipe": dict(row.recipe)}
        async with self._database.write() as connection:
            done = await connection.execute(update(voices).where(voices.c.id == row.id).values(values))
            if not done.rowcount:
                await connection.execute(insert(voices).values(values))

    async def delete(self, voice_id: str) -> bool:
        """False if there was none."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(voices).where(voices.c.id == voice_id))
            return bool(done.rowcount)


def _row(row: RowMapping) -> VoiceRow:
    return VoiceRow(**{**row, "languages": tuple(row["languages"])})
