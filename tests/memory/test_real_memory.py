"""With the embedded models: told a name in one conversation, known in the next."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from memory.conftest import FakeTalk, Home

from kaikou.engines.embedding.e5 import E5
from kaikou.engines.llm.llama import Llama
from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import PoolSettings, Settings
from kaikou.store.database import Database

pytestmark = pytest.mark.models


@pytest.mark.timeout(900)
async def test_the_basic_model_learns_a_name(tmp_path: Path) -> None:
    # At the lowest priority it would wait for the tests of another process.
    settings = Settings(data_dir=tmp_path, llm={"llama": {"nice": 1}})
    pool, weights = Pool(PoolSettings(threads=2)), WeightStore(settings.models)
    llm = Llama(EngineContext("llama", settings.llm, settings, pool, weights))
    e5 = E5(EngineContext("e5", settings.embedding, settings, pool, weights))
    database = await Database.open(settings)
    home = Home(database, tmp_path, pool)
    home.embedder = e5
    home.model = llm  # type: ignore[assignment]
    try:
        await asyncio.gather(llm.load(lambda *_: None), e5.load(lambda *_: None))
        home.room.start()
        await home.talk("Hi! My name is Anna and I live in Leeds.", "What's the time?")
        await home.learned(600)
        known = await home.talk(talk=FakeTalk("conv_2"))
        assert "Anna" in known and "time" not in known and "lately" not in known
    finally:
        await home.room.stop()
        await llm.close()
        await e5.close()
        await database.close()
        await pool.close(10)


async def test_the_embedder_tells_the_same_from_the_like() -> None:
    from kaikou.memory.likeness import measured

    settings = Settings()
    pool = Pool(PoolSettings(threads=2))
    e5 = E5(EngineContext("e5", settings.embedding, settings, pool, WeightStore(settings.models)))
    await e5.load(lambda *_: None)
    scale = await measured(e5)

    async def same(one: str, other: str) -> bool:
        first, second = await e5.embed([one, other], role="passage")
        return scale.same(one, other, float(first @ second))

    assert await same("The user likes coffee.", "The user really likes coffee.")
    assert await same("用户养了一只猫。", "用户养了两只猫。")
    assert await same("The user has two cats.", "The user has three cats.")
    assert not await same("The user likes coffee.", "The user likes tea.")
    assert not await same("用户养了一只猫。", "用户养了一条狗。")
    assert not await same("The user's name is Anna.", "The user's sister is called Mary.")
    await e5.close()
    await pool.close(5)
