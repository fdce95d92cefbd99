"""People known by voice, with the consent they gave and the prints of their voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from kaikou.store.database import Database
from kaikou.store.tables import speakers, voiceprints


@dataclass(frozen=True, slots=True)
class PrintRow:
    """One utterance's print; the sound itself is not kept."""

    id: str
    speaker_id: str
    encoder: str
    vector: bytes
    seconds: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SpeakerRow:
    """Somebody. ``consent``: who gave it (``by``), when (``at``, ISO 8601), in which words (``text``)."""

    id: str
    name: str
    consent: Mapping[str, str]
    created_at: datetime
    updated_at: datetime
    last_heard: datetime | None = None


class SpeakerRepository:
    """Rows of speakers and of their prints. Deleting is for good: voices are not kept for an undo."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[SpeakerRow, ...]:
        """By name."""
        async with self._database.read() as connection:
            found = await connection.execute(select(speakers).order_by(speakers.c.name, speakers.c.id))
            return tuple(SpeakerRow(**row) for row in found.mappings())

    async def get(self, speaker_id: str) -> SpeakerRow | None:
        async with self._database.read() as connection:
            found = await connection.execute(select(speakers).where(speakers.c.id == speaker_id))
            row = found.mappings().one_or_none()
            return None if row is None else SpeakerRow(**row)

    async def add(self, row: SpeakerRow) -> None:
        values = {name: getattr(row, name) for name in SpeakerRow.__slots__}
        async with self._database.write() as connection:
            await connection.execute(insert(speakers).values(values | {"consent": dict(row.consent)}))

    async def change(self, speaker_id: str, **values: Any) -> bool:
        """Set some columns; False if there is nobody of that id."""
        change = update(speakers).where(speakers.c.id == speaker_id)
        async with self._database.write() as connection:
            return bool((await connection.execute(change.values(values))).rowcount)

    async def delete(self, speaker_id: str) -> bool:
        """With all prints, for good; False if there was nobody."""
        async with self._database.write() as connection:
            await connection.execute(delete(voiceprints).where(voiceprints.c.speaker_id == speaker_id))
            done = await connection.execute(delete(speakers).where(speakers.c.id == speaker_id))
            return bool(done.rowcount)

    async def prints(self, speaker_id: str | None = None) -> tuple[PrintRow, ...]:
        """Of one speaker or of all, oldest first."""
        query = select(voiceprints).order_by(voiceprints.c.created_at, voiceprints.c.id)
        if speaker_id is not None:
            query = query.where(voiceprints.c.speaker_id == speaker_id)
        async with self._database.read() as connection:
            found = await connection.execute(query)
            return tuple(PrintRow(**row) for row in found.mappings())

    async def add_prints(self, rows: Sequence[PrintRow]) -> None:
        values = [{name: getattr(row, name) for name in PrintRow.__slots__} for row in rows]
        async with self._database.write() as connection:
            await connection.execute(insert(voiceprints), values)

    async def drop_prints(self, speaker_id: str) -> None:
        """All of one speaker's, for good."""
        async with self._database.write() as connection:
            await connection.execute(delete(voiceprints).where(voiceprints.c.speaker_id == speaker_id))
