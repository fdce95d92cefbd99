"""A room of speakers on a real database, with the scripted encoder: voices are tones."""

from __future__ import annotations

import io
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines.stt.contexts import NoWeights
from store.conftest import blobs, database, url

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.ports import SpeakerEncoder
from kaikou.engines.registry import EngineContext
from kaikou.engines.speaker.scripted import ScriptedSpeakerEncoder
from kaikou.errors import KaikouError
from kaikou.settings.tree import PoolSettings, Settings, SpeakerSettings
from kaikou.speakers.library import SpeakerLibrary
from kaikou.speakers.room import SpeakerRoom
from kaikou.store.database import Database
from kaikou.store.speakers import SpeakerRepository

__all__ = ["blobs", "database", "url"]

RATE = 16_000
ANNA, BOB, CARL = 220.0, 330.0, 550.0
"""Their voices, in Hz."""


def voice(pitch: float, seconds: float = 2.0, *, rate: int = RATE) -> Pcm:
    """A tone with overtones, and a quiet beginning and end."""
    at = np.arange(int(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * pitch * times * at) / times for times in (1, 2, 3)) * 0.1
    edge = np.zeros(rate // 5)
    return Pcm(np.concatenate([edge, tone, edge]).astype(np.float32), rate)


def wav(*parts: Pcm, pause: float = 0.6) -> bytes:
    """A file of the parts with pauses between them."""
    between = np.zeros(int(pause * RATE), np.float32)
    samples = np.concatenate([piece for part in parts for piece in (part.samples, between)])
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


@dataclass(frozen=True)
class FakeTalk:
    conversation_id: str = "conv_1"
    language: str | None = None


class Home:
    def __init__(self, database: Database, pool: Pool, **speaker: Any) -> None:
        speaker = {"needed": 3, **speaker}
        settings = SpeakerSettings(enabled=True, **speaker) if "enabled" not in speaker else None
        self.settings = settings or SpeakerSettings(**speaker)
        given = Settings(data_dir=Path("none"))
        self.encoder: SpeakerEncoder = ScriptedSpeakerEncoder(
            EngineContext("scripted", given.speaker, given, pool, NoWeights())
        )
        self.missing: KaikouError | None = None
        self.asked = 0
        self.told: list[dict[str, Any]] = []
        self.names: list[tuple[str, str | None]] = []
        self.repository = SpeakerRepository(database)
        self.library = SpeakerLibrary(self.repository, self._source, pool, self.settings, self._changed)
        self.room = SpeakerRoom(
            self.library, self.settings, self._changed, lambda talk, name: self.names.append((talk, name))
        )

    async def _source(self, patience: float) -> SpeakerEncoder:
        self.asked += 1
        if self.missing is not None:
            raise self.missing
        return self.encoder

    def _changed(self, **data: Any) -> None:
        self.told.append(data)

    async def known(self, name: str, pitch: float) -> str:
        """Somebody with enough prints."""
        made = await self.library.add(name, {"by": name, "text": "I agree."})
        await self.library.enrol(made.row.id, wav(*[voice(pitch, 1.8)] * 3))
        return made.row.id


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(PoolSettings(threads=2))
    yield made
    await made.close(5)


@pytest.fixture
async def home(database: Database, pool: Pool) -> AsyncIterator[Home]:
    made = Home(database, pool)
    yield made
    await made.room.stop()
