"""The detectors without a model: energy and scripted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.vad.energy import EnergyVad
from kaikou.engines.vad.scripted import ScriptedVad
from kaikou.errors import SettingsError
from kaikou.settings.tree import Settings, VadSettings

RATE = 16_000


class NoWeights:
    async def fetch(self, model: str, progress: Progress) -> Path:
        raise AssertionError("this engine has no weights")

    def installed(self, model: str) -> Path | None:
        return None


def context(name: str, **options: Any) -> EngineContext:
    choice = VadSettings.model_validate({name: options})
    return EngineContext(name, choice, Settings(), Pool(), NoWeights())


def noise(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (level * random.standard_normal(round(seconds * RATE))).astype(np.float32)


async def listen(
    vad: EnergyVad | ScriptedVad, samples: np.ndarray, size: int = 320
) -> list[tuple[float, int]]:
    heard: list[tuple[float, int]] = []
    stream = vad.stream(lambda probability, end: heard.append((probability, end)))
    for at in range(0, len(samples), size):
        before = len(heard)
        stream.feed(samples[at : at + size])
        assert len(heard) == before, "no callback from inside feed"
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    stream.close()
    return heard


def between(heard: list[tuple[float, int]], start: float, end: float) -> list[float]:
    return [probability for probability, at in heard if start * RATE < at <= end * RATE]


@pytest.mark.parametrize("vad", [EnergyVad(context("energy")), ScriptedVad(context("scripted"))])
@pytest.mark.parametrize("size", [100, 320, 4000])
async def test_loud_is_speech_and_quiet_is_not(vad: EnergyVad | ScriptedVad, size: int) -> None:
    samples = np.concatenate((noise(1, 0.001), noise(1, 0.1), noise(1, 0.001)))
    heard = await listen(vad, samples, size)
    assert max(between(heard, 0, 0.98)) < 0.3
    assert min(between(heard, 1.04, 2.0)) > 0.7
    assert max(between(heard, 2.04, 3.0)) < 0.3
    ends = [end for _, end in heard]
    assert len(set(np.diff(ends))) == 1
    assert ends[0] == np.diff(ends)[0]


async def test_energy_gets_used_to_a_noisy_room_and_still_hears_speech() -> None:
    samples = noise(12, 0.02)
    speech = samples.copy()
    speech[10 * RATE : 11 * RATE] += noise(1, 0.3, seed=1)
    heard = await listen(EnergyVad(context("energy")), speech)
    assert max(between(heard, 8, 10)) < 0.3
    assert min(between(heard, 10.1, 11)) > 0.7
    assert max(between(heard, 11.1, 12)) < 0.3


async def test_energy_does_not_take_a_long_sentence_for_the_room() -> None:
    room = noise(16, 0.001)
    syllables = np.maximum(0, np.sin(2 * np.pi * 2 * np.arange(15 * RATE) / RATE)).astype(np.float32)
    room[RATE:] += noise(15, 0.1, seed=1) * syllables
    heard = await listen(EnergyVad(context("energy")), room)
    for second in range(2, 16):
        assert max(between(heard, second, second + 0.5)) > 0.9


async def test_energy_hears_speech_from_the_first_window() -> None:
    assert min(between(await listen(EnergyVad(context("energy")), noise(1, 0.1)), 0, 1)) > 0.7


async def test_a_script_says_when_there_is_speech() -> None:
    vad = ScriptedVad(context("scripted", schedule="0.5-1,1.5-2", speech=0.9, silence=0.1, window_ms=10))
    heard = await listen(vad, np.zeros(3 * RATE, np.float32))
    for probability, end in heard:
        seconds = end / RATE
        assert probability == (0.9 if 0.5 <= seconds < 1 or 1.5 <= seconds < 2 else 0.1)


@pytest.mark.parametrize("schedule", ["1-0.5", "1", "a-b", "0-2,1-3"])
def test_a_script_out_of_order_is_an_error_with_its_name(schedule: str) -> None:
    with pytest.raises(SettingsError) as refused:
        ScriptedVad(context("scripted", schedule=schedule))
    assert (refused.value.param or "").startswith("schedule")


@pytest.mark.parametrize("vad", [EnergyVad(context("energy")), ScriptedVad(context("scripted"))])
async def test_reset_forgets_what_waits_and_counts_on(vad: EnergyVad | ScriptedVad) -> None:
    heard: list[int] = []
    stream = vad.stream(lambda probability, end: heard.append(end))
    stream.feed(noise(0.1, 0.1))
    stream.reset()  # before the loop's next turn: the answers to it are not told
    await asyncio.sleep(0)
    assert heard == []
    stream.feed(noise(0.1, 0.1))
    await asyncio.sleep(0)
    assert heard[0] > 1600
    stream.feed(noise(0.1, 0.1))
    stream.close()
    told = len(heard)
    await asyncio.sleep(0)
    assert len(heard) == told


def test_the_script_is_named_as_one() -> None:
    assert ScriptedVad(context("scripted")).card.scripted
    assert not EnergyVad(context("energy")).card.scripted


async def test_a_click_and_the_last_milliseconds_of_a_word_are_no_speech() -> None:
    samples = noise(1, 0.001)
    samples[6400:6430] += 0.5  # 2 ms, in the first half of a window
    samples[9600 + 290 : 9600 + 320] += 0.5  # and in the second half of another
    heard = await listen(EnergyVad(context("energy")), samples)
    assert max(between(heard, 0, 1)) < 0.3
