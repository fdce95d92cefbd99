"""The pool: lanes, bounds, cancellation, iteration, drain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator

import pytest

from kaikou.engines.metering import metering
from kaikou.engines.pool import PerLane, Pool, cancelled, lane_key
from kaikou.engines.ports import Lane
from kaikou.errors import NotReady, Overloaded
from kaikou.settings.tree import PoolSettings


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    pool = Pool(PoolSettings(threads=2, live_queue=4, interactive_queue=4, batch_queue=4))
    yield pool
    await pool.close(1)


class Gate:
    """Work that holds a thread until it is let go."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)

    def __call__(self) -> str:
        self.entered.release()
        assert self.opened.wait(20)
        return "through"

    async def someone_inside(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=20)


async def fill(pool: Pool, lane: Lane, gate: Gate) -> list[asyncio.Task[str]]:
    """Occupy every thread of a lane."""
    tasks = []
    for _ in range(pool.concurrency(lane)):
        tasks.append(asyncio.create_task(pool.run("stt", lane, gate)))
        await gate.someone_inside()
    return tasks


async def test_gives_results_and_errors_of_the_call(pool: Pool) -> None:
    assert await pool.run("stt", Lane.LIVE, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await pool.run("stt", Lane.LIVE, divmod, 7, 0)
    totals = pool.snapshot().totals["stt", Lane.LIVE]
    assert (totals.finished, totals.failed) == (1, 1)


@pytest.mark.parametrize("error", [StopIteration, asyncio.CancelledError])
async def test_an_error_a_future_cannot_carry_still_wakes_the_awaiter(
    pool: Pool, error: type[BaseException]
) -> None:
    def work() -> None:
        raise error

    with pytest.raises(RuntimeError, match=error.__name__):
        await asyncio.wait_for(pool.run("stt", Lane.LIVE, work), 20)


async def test_two_calls_of_one_moment_run_side_by_side_where_one_thread_was_enough(pool: Pool) -> None:
    await pool.run("stt", Lane.LIVE, lambda: 1)
    side_by_side = threading.Barrier(2)
    both = (pool.run("stt", Lane.LIVE, side_by_side.wait, 20) for _ in range(2))
    assert sorted(await asyncio.gather(*both)) == [0, 1]


@pytest.mark.parametrize("lower", [Lane.INTERACTIVE, Lane.BATCH])
async def test_a_live_call_runs_while_a_lower_lane_is_full(pool: Pool, lower: Lane) -> None:
    gate = Gate()
    blocked = await fill(pool, lower, gate)
    assert await asyncio.wait_for(pool.run("stt", Lane.LIVE, lambda: 1), 20) == 1
    assert not any(task.done() for task in blocked)
    gate.opened.set()
    assert await asyncio.gather(*blocked) == ["through"] * len(blocked)


async def test_speech_detection_does_not_wait_for_long_live_calls(pool: Pool) -> None:
    gate = Gate()
    blocked = await fill(pool, Lane.LIVE, gate)
    assert await asyncio.wait_for(pool.run("vad", Lane.LIVE, lambda: 1), 20) == 1
    gate.opened.set()
    await asyncio.gather(*blocked)


async def test_a_full_queue_refuses_and_names_the_lane(pool: Pool) -> None:
    gate = Gate()
    running = await fill(pool, Lane.BATCH, gate)
    waiting = [asyncio.create_task(pool.run("tts", Lane.BATCH, lambda: 1)) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="batch lane") as refused:
        await pool.run("tts", Lane.BATCH, lambda: 1)
    assert "pool.batch_queue" in refused.value.hint
    load = pool.snapshot().lanes[Lane.BATCH]
    assert (load.waiting, load.running, load.limit) == (4, len(running), 4)
    assert load.oldest > 0
    gate.opened.set()
    await asyncio.gather(*running, *waiting)
    assert pool.snapshot().totals["tts", Lane.BATCH].refused == 1


async def test_work_cancelled_in_the_queue_never_runs_and_frees_its_place(pool: Pool) -> None:
    gate = Gate()
    running = await fill(pool, Lane.BATCH, gate)
    ran: list[int] = []
    waiting = [asyncio.create_task(pool.run("tts", Lane.BATCH, ran.append, n)) for n in range(4)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting[1]
    waiting[1] = asyncio.create_task(pool.run("tts", Lane.BATCH, ran.append, 4))  # the freed place
    await asyncio.sleep(0)
    gate.opened.set()
    await asyncio.gather(*running, *waiting)
    assert sorted(ran) == [0, 2, 3, 4]
    assert pool.snapshot().totals["tts", Lane.BATCH].cancelled == 1


async def test_running_work_learns_that_nobody_waits(pool: Pool) -> None:
    entered, stopped = threading.Event(), threading.Event()

    def work() -> None:
        entered.set()
        while not cancelled():
            stopped.wait(0.001)
        stopped.set()

    task = asyncio.create_task(pool.run("tts", Lane.LIVE, work))
    assert await asyncio.to_thread(entered.wait, 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(stopped.wait, 20)
    assert not cancelled(), "the mark belongs to the work, not to its caller"


async def test_iteration_gives_all_values_in_order(pool: Pool) -> None:
    assert [n async for n in pool.iterate("tts", Lane.LIVE, range, 100)] == list(range(100))


async def test_iteration_raises_after_the_values_before(pool: Pool) -> None:
    def values() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    seen = []
    with pytest.raises(ValueError, match="broken"):
        async for value in pool.iterate("tts", Lane.LIVE, values):
            seen.append(value)
    assert seen == [1]


async def test_iteration_runs_ahead_by_a_bounded_amount_and_holds_no_thread(pool: Pool) -> None:
    made: list[int] = []

    def values() -> Iterator[int]:
        for n in range(50):
            made.append(n)
            yield n

    # More parked generators than threads: each still gets its first values.
    many = [pool.iterate("tts", Lane.LIVE, values) for _ in range(pool.concurrency(Lane.LIVE) + 2)]
    for iterator in many:
        assert await asyncio.wait_for(anext(iterator), 20) == 0
    await asyncio.sleep(0.05)
    assert len(made) <= 3 * len(many)
    assert await asyncio.wait_for(pool.run("stt", Lane.LIVE, lambda: 1), 20) == 1
    for iterator in many:
        await iterator.aclose()


async def test_closing_an_iteration_closes_the_generator(pool: Pool) -> None:
    closed = threading.Event()

    def values() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    async with contextlib.aclosing(pool.iterate("tts", Lane.LIVE, values)) as iterator:
        async for _ in iterator:
            break
    assert await asyncio.to_thread(closed.wait, 20)


async def test_cancelling_a_reader_stops_a_generator_between_values(pool: Pool) -> None:
    entered, closed = threading.Event(), threading.Event()

    def values() -> Iterator[int]:
        try:
            entered.set()
            while not cancelled():
                closed.wait(0.001)
            yield 1
        finally:
            closed.set()

    async def read() -> None:
        async with contextlib.aclosing(pool.iterate("tts", Lane.LIVE, values)) as iterator:
            async for _ in iterator:
                raise AssertionError("a value nobody waits for")

    reader = asyncio.create_task(read())
    assert await asyncio.to_thread(entered.wait, 20)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert await asyncio.to_thread(closed.wait, 20)


async def test_a_request_is_metered_with_its_tasks(pool: Pool) -> None:
    gate = Gate()
    running = await fill(pool, Lane.LIVE, gate)
    with metering() as outer, metering() as meter:
        work = asyncio.create_task(pool.run("tts", Lane.LIVE, lambda: 1))
        await asyncio.sleep(0.02)
        gate.opened.set()
        await work
    await asyncio.gather(*running)
    assert meter.calls == outer.calls == 1
    assert meter.queued == outer.queued >= 0.015
    assert meter.ran < meter.queued
    await pool.run("tts", Lane.LIVE, lambda: 1)
    assert meter.calls == 1, "only the block is measured"


async def test_close_finishes_live_work_and_drops_queued_batch_work() -> None:
    pool = Pool(PoolSettings(threads=1))
    gate = Gate()
    live = asyncio.create_task(pool.run("tts", Lane.LIVE, gate))
    batch = asyncio.create_task(pool.run("tts", Lane.BATCH, gate))
    queued = asyncio.create_task(pool.run("tts", Lane.BATCH, gate))
    await gate.someone_inside()
    await gate.someone_inside()
    closing = asyncio.create_task(pool.close(20))
    with pytest.raises(NotReady):
        await queued
    with pytest.raises(NotReady):
        await pool.run("tts", Lane.LIVE, lambda: 1)
    gate.opened.set()
    await closing
    assert live.done() and await live == await batch == "through"
    await pool.close()


async def test_close_gives_up_on_work_that_does_not_end_and_tells_it() -> None:
    pool = Pool(PoolSettings(threads=1))
    begun, told = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        while not cancelled():
            told.wait(0.001)
        told.set()

    task = asyncio.create_task(pool.run("tts", Lane.LIVE, work))
    assert await asyncio.to_thread(begun.wait, 20)
    await pool.close(0.01)
    assert await asyncio.to_thread(told.wait, 20)
    await task


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority per thread")
async def test_lower_lanes_run_at_lower_priority(pool: Pool) -> None:
    def nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def nice_of_a_child() -> int:
        found: list[int] = []
        child = threading.Thread(target=lambda: found.append(nice()))
        child.start()
        child.join()
        return found[0]

    own = nice()
    live, page, batch = [await pool.run("tts", lane, nice) for lane in Lane]
    assert live == own
    assert own <= live < page < batch == 19
    assert await pool.run("tts", Lane.BATCH, nice_of_a_child) == 19
    assert nice() == own


async def test_a_runtime_is_made_once_for_calls_and_once_for_batch_work(pool: Pool) -> None:
    made: list[tuple[str, int]] = []

    def make(threads: int) -> str:
        made.append((threading.current_thread().name, threads))
        return f"session {len(made)}"

    sessions = PerLane(pool, make)
    live, page, batch = [await pool.run("tts", lane, sessions.get, lane) for lane in Lane]
    assert live == page != batch
    assert [threads for _, threads in made] == [pool.threads(Lane.LIVE), pool.threads(Lane.BATCH)]
    assert made[1][0].startswith("kaikou-batch")
    assert lane_key(Lane.LIVE) == lane_key(Lane.INTERACTIVE) != lane_key(Lane.BATCH)


def test_the_budget_follows_the_cores() -> None:
    for cores in (1, 2, 4, 16, 64):
        pool = Pool(PoolSettings(threads=cores))
        assert pool.threads(Lane.LIVE) <= cores
        assert pool.threads(Lane.BATCH) * pool.concurrency(Lane.BATCH) <= max(cores, 1)
        assert pool.threads(Lane.LIVE) * pool.concurrency(Lane.LIVE) <= max(2 * cores, 2)


def test_runtimes_are_told_not_to_spin() -> None:
    # In a process of its own, where nothing has set them before.
    names = ("OMP_WAIT_POLICY", "KMP_BLOCKTIME", "OPENBLAS_NUM_THREADS")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    code = f"import kaikou.engines.pool, os; print(*[os.environ[name] for name in {names}])"
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == ["PASSIVE", "0", "1"]
