"""The real model: what it gives, and what its runtimes share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kaikou.engines import openvino
from kaikou.engines.embedding.e5 import E5
from kaikou.engines.openvino import OpenVinoUnavailable
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import ModelUnavailable, NotReady, SettingsError
from kaikou.settings.tree import PoolSettings, Settings

RUNTIMES = ["onnxruntime", "openvino"]


class NoWeights:
    async def fetch(self, model: str, progress: Progress) -> Path:
        raise ModelUnavailable(f"{model} is not here.")

    def installed(self, model: str) -> Path | None:
        return None


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(PoolSettings(threads=2))
    yield pool
    await pool.close(5)


def engine(pool: Pool, weights: Any = None, **options: Any) -> E5:
    settings = Settings.model_validate({"embedding": {"e5": options}})
    store = weights or WeightStore(settings.models)
    return E5(EngineContext("e5", settings.embedding, settings, pool, store))


async def loaded(pool: Pool, runtime: str) -> E5:
    if runtime == "openvino":
        try:
            openvino.capabilities()
        except OpenVinoUnavailable:
            pytest.skip("no OpenVINO here")
    found = engine(pool, runtime=runtime)
    await found.load(lambda doing, fraction: None)
    return found


async def test_without_weights_it_says_so_and_embeds_nothing(pool: Pool) -> None:
    without = engine(pool, NoWeights())
    with pytest.raises(NotReady):
        await without.embed(["tea"], role="query")
    with pytest.raises(ModelUnavailable):
        await without.load(lambda doing, fraction: None)
    assert without.health().state == "failed" and "is not here" in without.health().detail
    await without.close()


def test_a_mistyped_setting_is_told(pool: Pool) -> None:
    with pytest.raises(SettingsError):
        engine(pool, runtimes="openvino")


@pytest.mark.models
@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_meaning_counts_across_words_and_languages(pool: Pool, runtime: str) -> None:
    e5 = await loaded(pool, runtime)
    passages = [
        "Descale the kettle once a month with a mixture of vinegar and water.",
        "每月用白醋和水给水壶除一次垢。",
        "The ferry to the island leaves every two hours in summer.",
        "夏天，去岛上的渡船每两小时一班。",
    ]
    found = await e5.embed(passages, role="passage", lane=Lane.BATCH)
    asked = await e5.embed(["How do I remove limescale?", "多久有一班船？"], role="query")
    assert found.shape == (4, 384) and found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    ranks = np.argsort(-(asked @ found.T), axis=1)
    assert ranks[0, 0] == 0 and ranks[1, 0] == 3
    other_way = await e5.embed(["多久除一次水垢？", "How often is there a boat?"], role="query")
    assert (other_way[0] @ found[0] > other_way[0] @ found[2]) and (
        other_way[1] @ found[3] > other_way[1] @ found[1]
    ), "a question in one language finds the passage in the other"
    await e5.close()


@pytest.mark.models
@pytest.mark.parametrize("runtime", RUNTIMES)
async def test_company_in_the_batch_changes_nothing(pool: Pool, runtime: str) -> None:
    e5 = await loaded(pool, runtime)
    texts = ["A short one.", "渡口已经荒废。" * 20, "Words upon words. " * 400, ""]
    together = await e5.embed(texts, role="passage")
    alone = np.concatenate([await e5.embed([text], role="passage") for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert (await e5.embed([], role="passage")).shape == (0, 384)
    await e5.close()


@pytest.mark.models
async def test_both_runtimes_agree(pool: Pool) -> None:
    first, second = [await loaded(pool, runtime) for runtime in RUNTIMES]
    texts = ["How do I remove limescale?", "渡口已经荒废，船夫搬到了镇上。"]
    same = await first.embed(texts, role="query") * await second.embed(texts, role="query")
    assert same.sum(axis=1).min() > 0.999
    await first.close()
    await second.close()
