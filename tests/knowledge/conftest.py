"""Knowledge bases on a real database, with an embedder that can be made to wait or fail. On SQLite
vectors are compared in memory, on PostgreSQL by pgvector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from engines.stt.contexts import NoWeights
from store.conftest import blobs, database, url

from kaikou.engines.embedding.scripted import ScriptedEmbedder
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Vectors
from kaikou.engines.registry import EngineContext
from kaikou.errors import KaikouError
from kaikou.knowledge.in_database import windows_of
from kaikou.knowledge.library import KnowledgeBase
from kaikou.settings.tree import PoolSettings, Settings
from kaikou.store.blobs import Blobs
from kaikou.store.database import Database
from kaikou.store.knowledge import DocumentRow, KnowledgeRepository
from kaikou.store.windows import Windows

__all__ = ["blobs", "database", "url"]


class Embedder(ScriptedEmbedder):
    """``open`` lets passages through; ``error`` is raised instead; ``texts`` counts what it was
    given to keep."""

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()
        self.error: KaikouError | None = None
        self.texts = 0
        self.version = 1

    @property
    def identity(self) -> str:
        return f"{super().identity}/{self.version}"

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.LIVE
    ) -> Vectors:
        if role == "passage":
            self.asked.set()
            await self.open.wait()
        if self.error is not None:
            raise self.error
        vectors = await super().embed(texts, role=role, lane=lane)
        self.texts += len(texts) if role == "passage" else 0
        return vectors


class Room:
    """One server's knowledge; ``again`` is the next server on the same database."""

    def __init__(
        self, database: Database, folder: Path, pool: Pool, windows: Windows | None, **settings: Any
    ) -> None:
        given: dict[str, Any] = {"data_dir": folder, **settings}
        given["knowledge"] = {"passage_chars": 100, "memory_passages": 0, **given.get("knowledge", {})}
        self.settings = Settings.model_validate(given)
        context = EngineContext("scripted", self.settings.embedding, self.settings, pool, NoWeights())
        self.embedder = Embedder(context)
        self.missing: KaikouError | None = None
        self.told: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self.repository = KnowledgeRepository(database, Blobs(folder / "blobs"))
        self.knowledge = KnowledgeBase(
            self.repository, self._embedder, pool, self.settings, self._note, windows
        )
        self.knowledge.importer._back_off = (0.01,)

    async def _embedder(self, patience: float) -> Embedder:
        if self.missing is not None:
            raise self.missing
        return self.embedder

    def _note(self, **data: Any) -> None:
        self.told.append(data)
        self._changed.set()

    async def until(self, document_id: str, *states: str) -> DocumentRow:
        """Wait until the document is in one of these states."""
        async with asyncio.timeout(60):
            while True:
                self._changed.clear()
                found = await self.knowledge.document(document_id)
                if found.state in states:
                    return found
                await self._changed.wait()

    async def add(self, base_id: str, name: str, text: str) -> DocumentRow:
        """Import a text and wait for it."""
        added = await self.knowledge.add(base_id, name, text.encode())
        return await self.until(added.document.id, "ready", "failed")

    async def found(self, query: str, base_id: str) -> list[str]:
        return [one.text for one in await self.knowledge.search(query, bases=[base_id])]


MakeRoom = Callable[..., Room]


@pytest.fixture
async def make(database: Database, tmp_path: Path) -> AsyncIterator[MakeRoom]:
    pool = Pool(PoolSettings(threads=2))
    rooms: list[Room] = []
    windows = await windows_of(database, "memory" if database.sqlite else "pgvector")

    def build(*, start: bool = True, **settings: Any) -> Room:
        rooms.append(Room(database, tmp_path, pool, windows, **settings))
        if start:
            rooms[-1].knowledge.start()
        return rooms[-1]

    yield build
    for room in rooms:
        await room.knowledge.stop()
    await pool.close(5)


@pytest.fixture
async def room(make: MakeRoom) -> Room:
    return make()
