"""Concurrent requests share one model call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from kaikou.engines.batching import Batcher
from kaikou.engines.metering import metering
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.errors import NotReady, Overloaded
from kaikou.settings.tree import PoolSettings


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(PoolSettings(threads=2))
    yield pool
    await pool.close(1)


class Doubler:
    """Doubles numbers and remembers the batches it saw; blocks while ``gate`` is shut."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, items: list[int]) -> list[int]:
        assert self.gate.wait(20)
        self.batches.append(items)
        return [2 * item for item in items]


async def test_requests_of_one_moment_share_a_call(pool: Pool) -> None:
    model = Doubler()
    batcher = Batcher(pool, "turn", Lane.LIVE, model, size=4)
    assert await asyncio.gather(*(batcher.run(n) for n in range(6))) == [0, 2, 4, 6, 8, 10]
    assert model.batches == [[0, 1, 2, 3], [4, 5]]
    await batcher.close()


async def test_the_next_batch_fills_while_one_runs(pool: Pool) -> None:
    model = Doubler()
    model.gate.clear()
    batcher = Batcher(pool, "turn", Lane.LIVE, model, size=8)
    tasks = []
    for n in range(5):
        tasks.append(asyncio.create_task(batcher.run(n)))
        await asyncio.sleep(0.002)
    model.gate.set()
    await asyncio.gather(*tasks)
    assert model.batches == [[0], [1, 2, 3, 4]]
    await batcher.close()


async def test_a_cancelled_request_is_left_out(pool: Pool) -> None:
    model = Doubler()
    batcher = Batcher(pool, "turn", Lane.LIVE, model, gather=0.02)
    tasks = [asyncio.create_task(batcher.run(n)) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert await asyncio.gather(tasks[0], tasks[2]) == [0, 4]
    assert model.batches == [[0, 2]]
    await batcher.close()


async def test_an_error_reaches_everybody_and_the_batcher_lives_on(pool: Pool) -> None:
    def call(items: list[int]) -> list[int]:
        if 0 in items:
            raise ValueError("no zero")
        return items[: 1 if 9 in items else None]

    batcher = Batcher(pool, "turn", Lane.LIVE, call)
    answers = await asyncio.gather(batcher.run(0), batcher.run(1), return_exceptions=True)
    assert all(isinstance(answer, ValueError) for answer in answers)
    answers = await asyncio.gather(batcher.run(9), batcher.run(1), return_exceptions=True)
    assert all("gave 1 results" in str(answer) for answer in answers)
    assert await batcher.run(2) == 2
    await batcher.close()


async def test_each_request_is_charged_its_wait_and_the_batch(pool: Pool) -> None:
    batcher = Batcher(pool, "turn", Lane.LIVE, Doubler(), gather=0.02)

    async def one(n: int) -> tuple[float, float, int]:
        with metering() as meter:
            await batcher.run(n)
        return meter.queued, meter.ran, meter.calls

    for queued, ran, calls in await asyncio.gather(one(1), one(2)):
        assert calls == 1
        assert queued >= 0.015
        assert 0 < ran < queued
    await batcher.close()


async def test_bounded_and_closed(pool: Pool) -> None:
    model = Doubler()
    model.gate.clear()
    batcher = Batcher(pool, "turn", Lane.LIVE, model, size=1, limit=2)
    running = asyncio.create_task(batcher.run(1))
    await asyncio.sleep(0.01)
    waiting = [asyncio.create_task(batcher.run(n)) for n in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await batcher.run(4)
    await batcher.close()
    model.gate.set()
    for task in (running, *waiting):
        with pytest.raises(NotReady):
            await task
    with pytest.raises(NotReady):
        await batcher.run(5)
