"""Silero VAD: batching over a stand-in for the model, then the model itself on recorded speech."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kaikou.audio.decoding import decode
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.vad import silero
from kaikou.engines.vad.silero import CONTEXT, WINDOW, SileroVad
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import NotReady
from kaikou.settings.tree import PoolSettings, Settings

SPEECH = Path(__file__).parents[2] / "data" / "speech"


class Model:
    """Answers with what it was given: the probability is the window's last sample, and an error
    comes if a stream's context or state is not its own (the state counts its windows)."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.failures = 0

    def run(self, names: None, inputs: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
        window, state = inputs["input"], inputs["state"]
        assert window.shape[1] == CONTEXT + WINDOW
        assert state.shape == (2, len(window), 128)
        assert inputs["sr"] == 16_000
        if self.failures:
            self.failures -= 1
            raise RuntimeError("out of memory")
        self.batches.append(len(window))
        started = state[0, :, 0] > 0
        np.testing.assert_allclose(window[started, CONTEXT - 1], state[0, started, 1])
        assert not window[~started, :CONTEXT].any()
        after = state.copy()
        after[0, :, 0] += 1
        after[0, :, 1] = window[:, -1]
        return window[:, -1:].copy(), after


class NoWeights:
    async def fetch(self, model: str, progress: Progress) -> Path:
        return Path("nowhere")

    def installed(self, model: str) -> Path | None:
        return None


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(PoolSettings(threads=2))
    yield pool
    await pool.close(1)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    model = Model()
    monkeypatch.setattr(silero, "open_session", lambda path, threads: model)
    return model


@pytest.fixture
async def vad(pool: Pool, model: Model) -> AsyncIterator[SileroVad]:
    settings = Settings()
    vad = SileroVad(EngineContext("silero", settings.vad, settings, pool, NoWeights()))
    await vad.load(lambda what, fraction: None)
    model.batches.clear()
    yield vad
    await vad.close()


class Listener:
    """A stream with what it told. Windows are fed as constants: their value comes back."""

    def __init__(self, vad: SileroVad) -> None:
        self.heard: list[tuple[float, int]] = []
        self.stream = vad.stream(lambda probability, end: self.heard.append((round(probability, 4), end)))

    def feed(self, *values: float) -> None:
        self.stream.feed(np.repeat(np.array(values, np.float32), WINDOW))

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.heard) < count:
                await asyncio.sleep(0.002)


async def test_each_stream_gets_its_own_in_order(vad: SileroVad, model: Model) -> None:
    listeners = [Listener(vad) for _ in range(20)]
    for step in range(5):
        for n, listener in enumerate(listeners):
            listener.feed(n / 100 + step / 1000)
        await asyncio.sleep(0.004)
    for n, listener in enumerate(listeners):
        await listener.wait(5)
        assert listener.heard == [(round(n / 100 + step / 1000, 4), WINDOW * (step + 1)) for step in range(5)]
    assert sum(model.batches) == 100
    assert max(model.batches) == 20, "windows of all streams in one call"


async def test_streams_of_different_lengths_share_calls(vad: SileroVad, model: Model) -> None:
    listeners = [Listener(vad) for _ in range(3)]
    listeners[0].feed(*np.linspace(0, 0.5, 70))
    listeners[1].feed(0.1)
    listeners[2].feed(0.2, 0.3)
    await asyncio.gather(listeners[0].wait(70), listeners[1].wait(1), listeners[2].wait(2))
    assert [end for _, end in listeners[0].heard] == [WINDOW * n for n in range(1, 71)]
    assert listeners[2].heard == [(0.2, WINDOW), (0.3, 2 * WINDOW)]


async def test_reset_drops_what_is_queued_or_under_way(vad: SileroVad) -> None:
    listener = Listener(vad)
    listener.feed(0.1, 0.2)
    await asyncio.sleep(0)
    listener.stream.feed(np.zeros(100, np.float32))
    listener.stream.reset()
    listener.feed(0.5)
    await listener.wait(1)
    assert listener.heard == [(0.5, 3 * WINDOW + 100)]


async def test_nothing_is_told_after_close(vad: SileroVad, pool: Pool) -> None:
    closed, other = Listener(vad), Listener(vad)
    closed.feed(0.1)
    other.feed(0.2)
    closed.stream.close()
    closed.feed(0.3)
    await other.wait(1)
    assert closed.heard == []


async def test_a_call_that_fails_is_tried_again_without_loss(vad: SileroVad, model: Model) -> None:
    listener = Listener(vad)
    model.failures = 1
    listener.feed(0.1, 0.2)
    async with asyncio.timeout(20):
        while vad.health().state != "degraded":
            await asyncio.sleep(0.002)
    assert "out of memory" in vad.health().detail
    listener.feed(0.3)
    await listener.wait(3)
    assert listener.heard == [(0.1, WINDOW), (0.2, 2 * WINDOW), (0.3, 3 * WINDOW)]
    assert vad.health().state == "ready"


async def test_one_listener_that_fails_harms_no_other(
    vad: SileroVad, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(probability: float, end: int) -> None:
        raise ValueError("bug in a listener")

    stream = vad.stream(broken)
    other = Listener(vad)
    stream.feed(np.zeros(WINDOW, np.float32))
    other.feed(0.2)
    await other.wait(1)
    assert "bug in a listener" in caplog.text


async def test_not_before_it_is_loaded_and_closed_twice(pool: Pool) -> None:
    settings = Settings()
    vad = SileroVad(EngineContext("silero", settings.vad, settings, pool, NoWeights()))
    with pytest.raises(NotReady):
        vad.stream(lambda probability, end: None)
    await vad.close()
    await vad.close()


@pytest.mark.models
async def test_the_model_hears_recorded_speech(pool: Pool) -> None:
    settings = Settings()
    vad = SileroVad(EngineContext("silero", settings.vad, settings, pool, WeightStore(settings.models)))
    await vad.load(lambda what, fraction: None)
    names = ("zh_play_music.flac", "en_no_one_wants_to_talk.opus", "en_agree_to_disagree.opus")
    clips = [decode(SPEECH / name).samples for name in names]
    pause = np.zeros(16_000, np.float32)
    signals = [np.concatenate((pause, clip, pause)) for clip in clips]

    async def listen(signals: list[np.ndarray]) -> list[list[float]]:
        listeners = [Listener(vad) for _ in signals]
        for listener, signal in zip(listeners, signals, strict=True):
            for at in range(0, len(signal), 320):
                listener.stream.feed(signal[at : at + 320])
        for listener, signal in zip(listeners, signals, strict=True):
            await listener.wait(len(signal) // WINDOW)
        return [[probability for probability, _ in listener.heard] for listener in listeners]

    together = await listen(signals)
    for signal, heard in zip(signals, together, strict=True):
        assert max(heard[:30]) < 0.3, "silence before"
        assert max(heard[-20:]) < 0.3, "silence after"
        assert sum(probability > 0.5 for probability in heard) * 0.032 > 0.5, "speech between"
        ((alone),) = await listen([signal])
        np.testing.assert_allclose(heard, alone, atol=1e-3)
    await vad.close()
    assert pool.snapshot().totals["vad", Lane.LIVE].failed == 0
