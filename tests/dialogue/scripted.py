"""Engines that answer by a script, and a client that speaks by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.events import AudioOut, Event
from kaikou.dialogue.items import Item
from kaikou.dialogue.session import SessionConfig
from kaikou.dialogue.speaking.pacer import Pacer
from kaikou.dialogue.speaking.phrases import Mouth
from kaikou.dialogue.thinking.company import Company
from kaikou.dialogue.tool_calls.hands import Hands
from kaikou.engines.ports import (
    AudioChunk,
    Card,
    Delta,
    Engines,
    Generation,
    Health,
    Message,
    Style,
    Transcript,
    Voice,
)
from kaikou.settings.tree import Settings

RATE = 16_000


class _Engine:
    kind = ""

    @property
    def card(self) -> Card:
        return Card(self.kind, "fake", "a fake for tests", scripted=True)

    async def load(self, progress: Any) -> None: ...

    async def close(self) -> None: ...

    def health(self) -> Health:
        return Health("ready")


class LoudnessVad(_Engine):
    """Speech is what is louder than 0.1; windows of 32 ms, judged at once."""

    kind = "vad"

    def stream(self, on_probability: Callable[[float, int], None]) -> LoudnessStream:
        return LoudnessStream(on_probability)


class LoudnessStream:
    def __init__(self, report: Callable[[float, int], None]) -> None:
        self._report, self._held, self._end = report, np.zeros(0, np.float32), 0

    def feed(self, samples: Any) -> None:
        self._held = np.concatenate((self._held, samples))
        while len(self._held) >= 512:
            window, self._held = self._held[:512], self._held[512:]
            self._end += 512
            self._report(0.95 if np.abs(window).max() > 0.1 else 0.02, self._end)

    def reset(self) -> None:
        self._end += len(self._held)
        self._held = np.zeros(0, np.float32)

    def close(self) -> None: ...


@dataclass
class FakeStt(_Engine):
    """``words(seconds of voiced audio)`` decides what was said; ``fail`` raises instead."""

    words: Callable[[float], str] = lambda seconds: f"I spoke for {seconds:.1f} seconds."
    delay: float = 0.1
    fail: Exception | None = None
    calls: int = 0
    kind = "stt"

    async def transcribe(self, audio: Pcm, **_: Any) -> Transcript:
        self.calls += 1
        await asyncio.sleep(self.delay)
        if self.fail is not None:
            raise self.fail
        voiced = float(np.count_nonzero(np.abs(audio.samples) > 0.1)) / audio.rate
        return Transcript(self.words(voiced) if voiced else "", "en", seconds=audio.seconds)

    def stream(self, **_: Any) -> None:
        return None


@dataclass
class FakeTurn(_Engine):
    probability: float = 0.9
    kind = "turn"

    async def end_of_turn(self, audio: Pcm, transcript: str, **_: Any) -> float:
        await asyncio.sleep(0.03)
        return self.probability


@dataclass
class FakeLlm(_Engine):
    """Answers with ``reply(messages)``, instructions left out, word by word."""

    reply: Callable[[Sequence[Message]], str | list[Delta]] = lambda messages: (
        "Well, that is one thing. And here is quite another one, said at some length. Good."
    )
    first: float = 0.2
    each: float = 0.02
    fail: Exception | None = None
    prompts: list[list[Message]] = field(default_factory=list)
    running: int = 0
    reading: float = 0.0
    """Seconds that warming takes."""
    warmed: list[list[Message]] = field(default_factory=list)
    warming: int = 0
    generations: list[Generation] = field(default_factory=list)
    kind = "llm"

    async def stream(
        self, messages: Sequence[Message], generation: Generation = Generation(), **_: Any
    ) -> AsyncGenerator[Delta, None]:
        self.prompts.append(list(messages))
        self.generations.append(generation)
        self.running += 1
        try:
            await asyncio.sleep(self.first)
            if self.fail is not None:
                raise self.fail
            answer = self.reply([message for message in messages if message.role != "system"])
            if isinstance(answer, list):
                for delta in answer:
                    yield delta
                return
            for word in answer.split(" "):
                yield Delta(text=word + " ")
                await asyncio.sleep(self.each)
            yield Delta(finish="stop")
        finally:
            self.running -= 1

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None:
        self.warmed.append(list(messages))
        self.warming += 1
        try:
            await asyncio.sleep(self.reading)
        finally:
            self.warming -= 1


@dataclass
class FakeTts(_Engine):
    """50 ms of tone a letter."""

    delay: float = 0.15
    fail: Exception | None = None
    spoken: list[str] = field(default_factory=list)
    running: int = 0
    kind = "tts"

    def voices(self) -> list[Voice]:
        return [Voice("v", "V", ("en",))]

    def default_voice(self, language: str | None) -> str:
        return "v"

    async def stream(
        self, text: str, *, voice: str | None = None, style: Style = Style(), **_: Any
    ) -> AsyncGenerator[AudioChunk, None]:
        self.running += 1
        try:
            await asyncio.sleep(self.delay)
            if self.fail is not None:
                raise self.fail
            self.spoken.append(text)
            yield AudioChunk(Pcm(np.full(len(text) * 1200, 0.3, np.float32), 24_000), (0, len(text)))
        finally:
            self.running -= 1


@dataclass
class Stage:
    """One conversation with its fakes, and everything it reported with its time."""

    conversation: Conversation
    stt: FakeStt
    llm: FakeLlm
    tts: FakeTts
    turn: FakeTurn
    pacer: Pacer
    log: list[tuple[float, Event]] = field(default_factory=list)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for _, event in self.log if isinstance(event, kind)]

    def at(self, kind: type[Any]) -> list[float]:
        return [moment for moment, event in self.log if isinstance(event, kind)]

    def names(self) -> list[str]:
        return [type(event).__name__ for _, event in self.log]

    @property
    def audio_ms(self) -> float:
        return sum(len(event.data) for event in self.of(AudioOut)) / 2 / 24

    def history(self) -> list[tuple[str | None, str]]:
        return [(item.role, item.text) for item in self.conversation.items]

    async def speak(self, seconds: float) -> None:
        await self._play(np.full(int(seconds * RATE), 0.5, np.float32))

    async def quiet(self, seconds: float) -> None:
        await self._play(np.zeros(int(seconds * RATE), np.float32))

    async def _play(self, samples: np.ndarray) -> None:
        for start in range(0, len(samples), 320):
            await asyncio.sleep(0.02)
            self.conversation.hear(Pcm(samples[start : start + 320], RATE))


def open_stage(
    config: SessionConfig = SessionConfig(input_rate=RATE),
    *,
    turn_detector: bool = True,
    items: Sequence[Item] = (),
    settings: Settings | None = None,
    stt: FakeStt | None = None,
    llm: FakeLlm | None = None,
    tts: FakeTts | None = None,
    turn: FakeTurn | None = None,
    hands: Hands | None = None,
    company: Company | None = None,
) -> Stage:
    """A conversation on fakes; call it inside a running loop, close it with ``closing``."""
    stt, llm, tts, turn = stt or FakeStt(), llm or FakeLlm(), tts or FakeTts(), turn or FakeTurn()
    engines = Engines(LoudnessVad(), turn if turn_detector else None, stt, llm, tts)  # type: ignore[arg-type]
    loop = asyncio.get_running_loop()
    log: list[tuple[float, Event]] = []
    pacer = Pacer()
    conversation = Conversation(
        config,
        lambda event: log.append((loop.time(), event)),
        engines=engines,
        mouth=Mouth(tts),  # type: ignore[arg-type]
        pacer=pacer,
        settings=settings or Settings(),
        items=items,
        hands=hands,
        company=company,
    )
    return Stage(conversation, stt, llm, tts, turn, pacer, log)
