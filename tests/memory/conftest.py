"""A memory room on a real database, with a language model whose answers the test writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engines.stt.contexts import NoWeights
from store.conftest import blobs, database, url

from kaikou.audio.pcm import Pcm
from kaikou.engines.embedding.scripted import ScriptedEmbedder
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Card, Delta, Embedder, Generation, Health, Lane, Message, Progress
from kaikou.engines.registry import EngineContext
from kaikou.errors import KaikouError
from kaikou.memory.ports import Talk
from kaikou.memory.room import MemoryRoom
from kaikou.settings.tree import PoolSettings, Settings
from kaikou.store.database import Database
from kaikou.store.memories import MemoryRepository
from kaikou.tools.threads import ToolThreads

__all__ = ["blobs", "database", "url"]


class Model:
    """Gives ``answers`` in turn (an error is raised); ``asked`` are the prompts; waits for ``open``."""

    def __init__(self) -> None:
        self.answers: list[str | KaikouError] = []
        self.asked: list[Sequence[Message]] = []
        self.lanes: list[Lane] = []
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Event()

    @property
    def card(self) -> Card:
        return Card("llm", "model", "A model")

    async def load(self, progress: Progress) -> None: ...

    async def close(self) -> None: ...

    def health(self) -> Health:
        return Health("ready")

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None: ...

    async def stream(
        self, messages: Sequence[Message], generation: Generation = Generation(), *, lane: Lane = Lane.LIVE
    ) -> AsyncGenerator[Delta, None]:
        self.asked.append(messages)
        self.lanes.append(lane)
        self.begun.set()
        await self.open.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, KaikouError):
            raise answer
        yield Delta(text=answer, finish="stop")


@dataclass(frozen=True)
class FakeTalk:
    conversation_id: str = "conv_1"
    agent_id: str = "mei"
    device_id: str | None = None
    browser: str | None = None
    language: str | None = None
    kept: bool = True
    memory: str = "facts"


class Home:
    """One server's memory; another on the same database is the next server."""

    def __init__(self, database: Database, folder: Path, pool: Pool, **memory: Any) -> None:
        self.model = Model()
        self.told: list[dict[str, Any]] = []
        self.missing: KaikouError | None = None
        self.speaker: str | None = None
        settings = Settings(data_dir=folder, memory={"learn_after": 3600, **memory})
        context = EngineContext("scripted", settings.embedding, settings, pool, NoWeights())
        self.embedder: Embedder = ScriptedEmbedder(context)
        self.repository = MemoryRepository(database)
        self.room = MemoryRoom(
            self.repository,
            settings,
            self._model,
            self._embedder,
            ToolThreads(4),
            speaker=self._speaker,
            on_change=self._changed,
        )
        self.room.learner.interval = 0.02
        self.room.learner.after_failure = 0.0

    async def _model(self, agent_id: str) -> Model:
        return self.model

    async def _embedder(self, patience: float) -> Embedder:
        if self.missing is not None:
            raise self.missing
        return self.embedder

    async def _speaker(self, talk: Talk, heard: Pcm | None) -> str | None:
        return self.speaker

    def _changed(self, **data: Any) -> None:
        self.told.append(data)

    async def talk(self, *said: str, talk: FakeTalk = FakeTalk(), ends: bool = True) -> str:
        """Hold a conversation; gives what the agent knew from the start."""
        known = await self.room.opening(talk)
        for words in said:
            await self.room.enrich(talk, words, None)
            self.room.after_turn(talk, words, "I see.")
        if ends:
            self.room.closed(talk)
        return known

    async def learned(self, seconds: float = 20) -> None:
        """Wait until nothing waits."""
        async with asyncio.timeout(seconds):
            while self.room.learner._unwritten or await self.repository.waiting():
                await asyncio.sleep(0.01)

    async def texts(self, who: str = "browser", agent: str = "mei") -> list[str]:
        return [row.text for row in await self.repository.of(agent, who)]


MakeHome = Callable[..., Home]


@pytest.fixture
async def make(database: Database, tmp_path: Path) -> AsyncIterator[MakeHome]:
    pool = Pool(PoolSettings(threads=2))
    homes: list[Home] = []

    def build(*, start: bool = True, **memory: Any) -> Home:
        homes.append(Home(database, tmp_path, pool, **memory))
        if start:
            homes[-1].room.start()
        return homes[-1]

    yield build
    for home in homes:
        await home.room.stop()
    await pool.close(5)


@pytest.fixture
async def home(make: MakeHome) -> Home:
    return make()
