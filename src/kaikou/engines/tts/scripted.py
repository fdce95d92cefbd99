"""Scripted speech: a quiet tone as long as the text would take. For load tests and demos.

It costs next to no processor time, so that a load test measures the server and not a model.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaikou.audio.pcm import Pcm
from kaikou.engines.ports import AudioChunk, Card, Health, Lane, Progress, Style, Voice, Word
from kaikou.engines.registry import EngineContext
from kaikou.errors import InvalidInput

_UNIT = re.compile(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]|[^\W_]+(?:'\w+)?")
_SENTENCE = re.compile(r".*?(?:[.!?]+(?!\S)|[。！？\n]+|$)", re.DOTALL)
_LEVEL = 0.02
_VOICES = {"scripted-low": 180.0, "scripted-high": 320.0}


class ScriptedSpeechSettings(BaseModel):
    """``tts.scripted``."""

    model_config = ConfigDict(extra="forbid")

    delay_ms: float = Field(0.0, ge=0, description="Wait before the first chunk.")
    rtf: float = Field(0.0, ge=0, description="Seconds of waiting per second of sound.")
    seconds_per_unit: float = Field(0.25, gt=0, description="Sound per hanzi or word.")
    sound: Literal["tone", "noise", "silence"] = "tone"
    rate: int = Field(24_000, ge=8_000, le=48_000, description="Hz.")


class ScriptedTextToSpeech:
    """One chunk a sentence, with estimated word times."""

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(ScriptedSpeechSettings)
        self._wave = lru_cache(maxsize=8)(self._make_wave)

    @property
    def card(self) -> Card:
        return Card(
            kind="tts",
            name="scripted",
            title="Scripted speech (no real voice)",
            sample_rate=self._options.rate,
            licence="Apache-2.0",
            scripted=True,
            note="Tones instead of speech, for load tests and demos.",
        )

    async def load(self, progress: Progress) -> None:
        progress("Nothing to load", 1.0)

    async def close(self) -> None:
        self._wave.cache_clear()

    def health(self) -> Health:
        return Health("ready", "scripted")

    def voices(self) -> Sequence[Voice]:
        return tuple(Voice(name, f"Scripted {name.rpartition('-')[2]}", (), "neutral") for name in _VOICES)

    def default_voice(self, language: str | None) -> str:
        return next(iter(_VOICES))

    async def stream(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: Style = Style(),
        lane: Lane = Lane.LIVE,
    ) -> AsyncIterator[AudioChunk]:
        name = voice or self.default_voice(style.language)
        if name not in _VOICES:
            raise InvalidInput(
                f"There is no voice {name[:60]!r}.",
                code="unknown_voice",
                hint=f"Voices: {', '.join(_VOICES)}.",
            )
        delay = self._options.delay_ms / 1000
        for sentence in _SENTENCE.finditer(text):
            words = list(_UNIT.finditer(text, *sentence.span()))
            if not words:
                continue
            each = self._options.seconds_per_unit / max(style.speed, 0.05)
            pcm = self._sound(name, each * len(words))
            await asyncio.sleep(delay + self._options.rtf * pcm.seconds)
            delay = 0.0
            times = (
                Word(word.group(), at * each, (at + 1) * each, measured=False, span=word.span())
                for at, word in enumerate(words)
            )
            yield AudioChunk(pcm, sentence.span(), tuple(times))

    def _sound(self, voice: str, seconds: float) -> Pcm:
        wave = self._wave(voice)
        length = round(seconds * self._options.rate)
        return Pcm(np.resize(wave, length) if length > len(wave) else wave[:length], self._options.rate)

    def _make_wave(self, voice: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Ten seconds, from which every sentence takes its part without a copy."""
        length = 10 * self._options.rate
        match self._options.sound:
            case "silence":
                return np.zeros(length, np.float32)
            case "noise":
                noise = np.random.default_rng(7).standard_normal(length)
                return (noise * _LEVEL).astype(np.float32)
            case "tone":
                at = np.arange(length) / self._options.rate
                return (np.sin(2 * np.pi * _VOICES[voice] * at) * _LEVEL * 2**0.5).astype(np.float32)
