"""Which lengths Kokoro's vocoder computes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from kaikou.audio.pcm import Samples
from kaikou.engines.openvino import OpenVinoModel
from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.tts.kokoro import engine as kokoro_engine
from kaikou.engines.tts.kokoro.parts import FEATURES, PITCH
from kaikou.engines.tts.kokoro.synthesis import REHEARSED, rounded
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings, TtsSettings


def test_lengths_are_few_and_little_longer() -> None:
    for frames in range(1, 2000):
        length = rounded(frames)
        assert frames <= length == rounded(length)
        assert length - frames < max(4, frames / 8)
    assert len({rounded(frames) for frames in range(1, REHEARSED + 1)}) <= 24


@pytest_asyncio.fixture
async def kokoro(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kokoro]:
    monkeypatch.setattr(kokoro_engine, "_REHEARSAL_PAUSE", 0.0)
    settings, pool = Settings(), Pool()
    choice = TtsSettings.model_validate({"kokoro": {}})
    tts = Kokoro(EngineContext("kokoro", choice, settings, pool, WeightStore(settings.models)))
    await tts.load(lambda what, fraction: None)
    yield tts
    await tts.close()
    await pool.close()


@pytest.mark.models
async def test_short_clauses_are_rehearsed_and_no_clause_has_a_length_of_its_own(
    kokoro: Kokoro, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    run = OpenVinoModel.run

    def noting(self: OpenVinoModel, feed: dict[str, Samples]) -> Samples:
        frames = feed[FEATURES].shape[-1]
        assert feed[PITCH].shape[-1] == 2 * frames
        computed.append(frames)
        return run(self, feed)

    if kokoro.rehearsal is None:
        pytest.skip("OpenVINO does not run here")
    monkeypatch.setattr(OpenVinoModel, "run", noting)
    await kokoro.rehearsal
    assert set(computed) == {rounded(frames) for frames in range(20, REHEARSED + 1)}
    for text in ("Sure,", "I see what you mean.", "It's the same as it was before they came, I think."):
        computed.clear()
        chunks = [one async for one in kokoro.stream(text)]
        assert computed == [rounded(frames) for frames in computed]
        assert len(computed) == len(chunks) <= 2
        samples = chunks[-1].pcm.samples
        assert np.abs(samples[-480:]).max() < 0.1 * np.abs(samples).max()
