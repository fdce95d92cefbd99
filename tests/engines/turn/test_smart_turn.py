"""Smart Turn: what it is given, and what it says of recorded speech."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.turn.smart_turn import SmartTurn, prepare
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import ModelUnavailable, NotReady
from kaikou.settings.tree import PoolSettings, Settings

SPEECH = Path(__file__).parents[2] / "data" / "speech"


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(PoolSettings(threads=2))
    yield pool
    await pool.close(5)


def test_only_the_last_eight_seconds_count_and_less_is_padded_before() -> None:
    samples = np.random.default_rng(0).standard_normal(12 * 16_000).astype(np.float32)
    assert prepare(samples).shape == (80, 800)
    np.testing.assert_array_equal(prepare(samples), prepare(samples[4 * 16_000 :]))
    short = prepare(samples[:16_000])
    assert np.ptp(short[10:, :690]) == pytest.approx(0, abs=1e-3), "silence before"
    assert short[:, 705:].std() > 0.05, "the sound at the end"


def test_loudness_does_not_count() -> None:
    samples = np.random.default_rng(0).standard_normal(8 * 16_000).astype(np.float32)
    np.testing.assert_allclose(prepare(samples), prepare(samples * 0.1), atol=1e-3)


async def test_says_that_it_is_not_loaded_and_why_it_cannot_be(pool: Pool) -> None:
    class NoWeights:
        async def fetch(self, model: str, progress: Progress) -> Path:
            assert model == "smart-turn-v3"
            raise ModelUnavailable("No source answers.")

        def installed(self, model: str) -> Path | None:
            return None

    settings = Settings()
    turn = SmartTurn(EngineContext("smart-turn", settings.turn, settings, pool, NoWeights()))
    with pytest.raises(NotReady):
        await turn.end_of_turn(Pcm.silence(1, 16_000), "")
    with pytest.raises(ModelUnavailable):
        await turn.load(lambda what, fraction: None)
    assert turn.health().state == "failed"
    assert turn.health().detail == "No source answers."
    await turn.close()


@pytest.mark.models
async def test_a_finished_sentence_sounds_finished(pool: Pool) -> None:
    settings = Settings()
    store = WeightStore(settings.models)
    turn = SmartTurn(EngineContext("smart-turn", settings.turn, settings, pool, store))
    await turn.load(lambda what, fraction: None)
    assert turn.health().state == "ready"
    pause = Pcm.silence(0.2, 16_000)
    # (start, end) of the speech in seconds
    clips = {
        "zh_play_music.flac": (0.16, 1.82),
        "en_no_one_wants_to_talk.opus": (0.58, 3.07),
        "en_agree_to_disagree.opus": (0.74, 2.66),
    }
    for name, (start, end) in clips.items():
        pcm = decode(SPEECH / name)
        whole = await turn.end_of_turn(pcm.slice(0, end) + pause, "")
        cut = await turn.end_of_turn(pcm.slice(0, start + 0.4 * (end - start)) + pause, "")
        assert whole > 0.8, name
        assert cut < 0.5, name
        page = await turn.end_of_turn(resample(pcm.slice(0, end) + pause, 24_000), "", lane=Lane.BATCH)
        assert page == pytest.approx(whole, abs=0.15), "any rate, its own session in the batch lane"
    await turn.close()
