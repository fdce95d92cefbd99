"""Scripted speech: length follows the text, delay and rate of work follow the settings."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kaikou.engines.pool import Pool
from kaikou.engines.ports import AudioChunk, Progress, Style
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.tts.scripted import ScriptedTextToSpeech
from kaikou.errors import InvalidInput, SettingsError
from kaikou.settings.tree import Settings, TtsSettings


class NoWeights:
    async def fetch(self, model: str, progress: Progress) -> Path:
        raise AssertionError("this engine has no weights")

    def installed(self, model: str) -> Path | None:
        return None


def engine(**options: Any) -> ScriptedTextToSpeech:
    choice = TtsSettings.model_validate({"scripted": options})
    found = create("tts", EngineContext("scripted", choice, Settings(), Pool(), NoWeights()))
    assert isinstance(found, ScriptedTextToSpeech)
    return found


async def spoken(tts: ScriptedTextToSpeech, text: str, **more: Any) -> list[AudioChunk]:
    return [chunk async for chunk in tts.stream(text, **more)]


async def test_one_chunk_a_sentence_as_long_as_its_words() -> None:
    first, second = await spoken(engine(seconds_per_unit=0.5), "It costs $2.50 today. 你好！")
    assert first.pcm.seconds == 0.5 * 5
    assert second.pcm.seconds == 0.5 * 2
    assert [word.text for word in second.words] == ["你", "好"]
    assert not any(word.measured for word in first.words + second.words)
    assert first.span[0] == 0
    assert first.span[1] <= second.span[0] < second.span[1] == len("It costs $2.50 today. 你好！")


async def test_speed_shortens() -> None:
    (slow,) = await spoken(engine(), "one two three four")
    (fast,) = await spoken(engine(), "one two three four", style=Style(speed=2.0))
    assert fast.pcm.seconds == slow.pcm.seconds / 2


@pytest.mark.parametrize(("sound", "level"), [("tone", 0.02), ("noise", 0.02), ("silence", 0.0)])
async def test_it_is_quiet(sound: str, level: float) -> None:
    (chunk,) = await spoken(engine(sound=sound), "word " * 60)
    assert chunk.pcm.seconds == 15.0
    assert float(np.sqrt(np.mean(chunk.pcm.samples**2))) == pytest.approx(level, rel=0.02)


async def test_voices_differ_and_an_unknown_one_is_an_error() -> None:
    tts = engine()
    low, high = [(await spoken(tts, "hello", voice=voice.id))[0].pcm.samples for voice in tts.voices()]
    assert not np.array_equal(low, high)
    with pytest.raises(InvalidInput, match="no voice"):
        await spoken(tts, "hello", voice="nobody")


async def test_it_waits_as_told_and_costs_nearly_nothing() -> None:
    tts = engine(delay_ms=60, rtf=0.05)
    wall, cpu = time.perf_counter(), time.process_time()
    (chunk,) = await spoken(tts, "one two three four")
    assert time.perf_counter() - wall >= 0.06 + 0.05 * chunk.pcm.seconds - 0.005
    assert time.process_time() - cpu < 0.05


async def test_nothing_to_say() -> None:
    assert await spoken(engine(), " ... 😀\n!") == []


def test_it_says_what_it_is_and_refuses_unknown_settings() -> None:
    assert engine().card.scripted
    with pytest.raises(SettingsError, match="delay"):
        engine(delay=5)
