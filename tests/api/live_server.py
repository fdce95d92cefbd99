"""A real server on a free port around real sessions, with engines that answer by a script."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import openai
import orjson
import pybase64
import uvicorn
from asgi_server import serving
from dialogue.scripted import FakeLlm, FakeStt, FakeTts, LoudnessStream, LoudnessVad
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from kaikou.accounts.guard import Guard
from kaikou.accounts.middleware import GuardMiddleware
from kaikou.agents.service import AgentService
from kaikou.api.chat import router as chat_router
from kaikou.api.listener import options
from kaikou.api.openai import router as openai_router
from kaikou.api.runtime import Runtime
from kaikou.audio.pcm import Pcm
from kaikou.dialogue.sessions.admission import Admission, Occupancy
from kaikou.dialogue.sessions.service import LiveService
from kaikou.engines.ports import AudioChunk, Engines, Voice
from kaikou.settings.tree import Settings
from kaikou.store.agents import AgentRepository
from kaikou.store.blobs import Blobs
from kaikou.store.conversations import ConversationRepository
from kaikou.store.database import Database
from kaikou.store.journal import Journal
from kaikou.tools.room import ToolRoom

RATE = 24_000
ANSWER = "Hello there. How are you today?"


class Vad(LoudnessVad):
    """Judges long quiet stretches at a glance, so that hours of them pass in seconds."""

    def stream(self, on_probability: Callable[[float, int], None]) -> LoudnessStream:
        return QuickStream(on_probability)


class QuickStream(LoudnessStream):
    def feed(self, samples: Any) -> None:
        if len(samples) > 16_000 and not len(self._held) and np.abs(samples).max() < 0.1:
            self._end += len(samples)
            self._report(0.02, self._end)
        else:
            super().feed(samples)


class Tts(FakeTts):
    """Like a speech engine that offers some of Kokoro's voices."""

    __hash__ = object.__hash__

    def voices(self) -> list[Voice]:
        return [Voice(name, name, ("en",)) for name in ("v", "af_heart", "af_alloy")]

    async def stream(self, text: str, **more: Any) -> AsyncGenerator[AudioChunk, None]:
        """A tenth of the other's length: these tests run in real time."""
        async with aclosing(super().stream(text, **more)) as chunks:
            async for chunk in chunks:
                yield replace(chunk, pcm=Pcm(chunk.pcm.samples[::5], chunk.pcm.rate))


@dataclass
class Server:
    """What a test looks at from inside, and where it connects from outside."""

    runtime: Runtime
    live: LiveService
    stt: FakeStt
    llm: FakeLlm
    tts: Tts
    port: int = 0
    ready: bool = True
    asgi: uvicorn.Server | None = None

    def client(self, key: str = "none", **more: Any) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{self.port}/v1", api_key=key, **more)

    def socket(self, path: str = "/v1/realtime?model=x", **more: Any) -> Any:
        more.setdefault("max_size", None)
        more.setdefault("max_queue", None)  # what a test does not read must not hold up its goodbye
        return connect(f"ws://127.0.0.1:{self.port}{path}", compression=None, **more)

    async def settled(self, sessions: int = 0, seconds: float = 10.0) -> None:
        """Wait until only so many sessions are left."""
        async with asyncio.timeout(seconds):
            while len(self.live.sessions) != sessions or self.live.admission.sessions != sessions:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def live_server(folder: Path, **changes: Any) -> AsyncIterator[Server]:
    """Serve Realtime and chat. ``changes`` are settings."""
    settings = Settings(data_dir=folder, **changes)
    stt = FakeStt(delay=0.01)
    llm = FakeLlm(reply=lambda messages: ANSWER, first=0.01, each=0.0)
    tts = Tts(delay=0.005)
    engines = Engines(Vad(), None, stt, llm, tts)  # type: ignore[arg-type]
    database = await Database.open(settings)
    blobs = Blobs(folder / "blobs")
    journal = Journal(database, blobs)
    journal.start()
    agents = AgentService(AgentRepository(database))
    tools = ToolRoom(folder, settings.tools)
    live = LiveService(
        settings,
        agents,
        journal,
        Admission(settings.live.max_sessions, Occupancy(0.6, 0.005), lambda: 0.0, most_lag=60.0),
        engines=lambda: runtime.engines if server.ready else None,
        toolbox=tools.toolbox,
        waiting_for=lambda: "the language model: 40 %",
    )
    runtime = Runtime(
        settings=settings,
        loaded=None,  # type: ignore[arg-type]
        pool=None,  # type: ignore[arg-type]
        weights=None,  # type: ignore[arg-type]
        database=database,
        journal=journal,
        conversations=ConversationRepository(database, blobs),
        agents=agents,
        guard=Guard(settings, b"secret"),
        engines=engines,
        live=live,
        tools=tools,
    )
    server = Server(runtime, live, stt, llm, tts)
    live.start()
    app = FastAPI()
    app.state.runtime = runtime
    app.include_router(openai_router)
    app.include_router(chat_router)
    app.add_middleware(GuardMiddleware, guard=runtime.guard)
    try:
        async with serving(product(app, settings.limits.max_frame_bytes)) as (server.port, server.asgi):
            try:
                yield server
            finally:
                runtime.draining = True
    finally:
        await live.close()
        await tools.close()
        await journal.stop()
        await database.close()


def product(app: Any, max_frame_bytes: int) -> uvicorn.Config:
    """The server's options as the product has them."""
    config = options(app, max_frame_bytes=max_frame_bytes)
    config.lifespan = "off"
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # as kaikou.logs does
    return config


# -- sound -----------------------------------------------------------------------------------------


def tone(seconds: float, rate: int = RATE) -> bytes:
    """What the scripted VAD takes for speech, as 16-bit PCM."""
    return np.full(int(seconds * rate), 12000, "<i2").tobytes()


def silence(seconds: float, rate: int = RATE) -> bytes:
    return bytes(int(seconds * rate) * 2)


def base64(data: bytes) -> str:
    return pybase64.b64encode_as_string(data)


# -- a client that keeps what it hears ----------------------------------------------------------------


@dataclass
class Ear:
    """A plain socket client: sends dicts, collects events."""

    socket: ClientConnection
    events: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, **event: Any) -> None:
        await self.socket.send(orjson.dumps(event).decode())

    async def next(self, seconds: float = 10.0) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            event = orjson.loads(await self.socket.recv())
        self.events.append(event)
        return event

    async def until(self, kind: str, seconds: float = 10.0) -> dict[str, Any]:
        """The next event of a type; everything before it is kept in ``events``."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self.next(seconds)
                if event["type"] == kind:
                    return event

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    async def say(self, data: bytes, chunk: int = 9600) -> None:
        for start in range(0, len(data), chunk):
            await self.send(type="input_audio_buffer.append", audio=base64(data[start : start + chunk]))


@asynccontextmanager
async def listening(server: Server, path: str = "/v1/realtime?model=x", **more: Any) -> AsyncIterator[Ear]:
    """A connected client that has heard session.created."""
    async with server.socket(path, **more) as websocket:
        ear = Ear(websocket)
        first = await ear.next()
        assert first["type"] == "session.created", first
        yield ear


def spoken_seconds(text: str) -> tuple[float, float]:
    """The least and the most that ``text`` takes on the fakes: 10 ms a letter, a breath a clause."""
    letters = len(text.replace("  ", " ")) * 0.01
    return letters - 0.1, letters + 0.1 + 0.24 * sum(text.count(mark) for mark in ".,!?")
