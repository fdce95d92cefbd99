"""Who gets a place in the model, in which order, and who gives way."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from kaikou.engines.llm.llama.slots import GaveWay, Slots
from kaikou.engines.ports import Lane
from kaikou.errors import Overloaded

LIMITS = {Lane.LIVE: 3, Lane.INTERACTIVE: 3, Lane.BATCH: 3}


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def hold(slots: Slots, lane: Lane, name: str, order: list[str], until: asyncio.Event) -> None:
    async with slots.lease(lane):
        order.append(name)
        await until.wait()


async def test_lanes_in_order_then_first_come() -> None:
    slots, order, until = Slots(1, LIMITS), [], asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(slots, Lane.BATCH, "holder", order, until))
        await settle()
        for lane, name in (
            (Lane.BATCH, "batch"),
            (Lane.INTERACTIVE, "page"),
            (Lane.LIVE, "call 1"),
            (Lane.LIVE, "call 2"),
        ):
            tasks.create_task(hold(slots, lane, name, order, until))
        await settle()
        assert (order, slots.running, slots.waiting) == (["holder"], 1, 4)
        until.set()
    assert order == ["holder", "call 1", "call 2", "page", "batch"]
    assert (slots.running, slots.waiting) == (0, 0)


async def test_a_full_queue_refuses() -> None:
    slots, until = Slots(1, LIMITS), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(hold(slots, Lane.LIVE, "x", [], until))
        await settle()
        with pytest.raises(Overloaded):
            await hold(slots, Lane.LIVE, "late", [], until)
        assert slots.waiting == 3
        until.set()
    assert (slots.running, slots.waiting) == (0, 0)


async def test_a_cancelled_wait_frees_its_place() -> None:
    slots, order, until = Slots(1, LIMITS), [], asyncio.Event()
    holder = asyncio.create_task(hold(slots, Lane.LIVE, "holder", order, until))
    await settle()
    waiters = [asyncio.create_task(hold(slots, Lane.LIVE, f"{i}", order, until)) for i in range(3)]
    await settle()
    waiters[0].cancel()
    holder.cancel()  # frees the place in the same step in which the first in line has gone
    await settle()
    until.set()
    for task in (holder, *waiters):
        with suppress(asyncio.CancelledError):
            await task
    assert order == ["holder", "1", "2"]
    assert (slots.running, slots.waiting) == (0, 0)


async def work(slots: Slots, runs: list[str], seconds: float) -> str:
    while True:
        async with slots.lease(Lane.BATCH, gives_way=True) as lease:
            try:
                async with lease.interruptible():
                    runs.append("begun")
                    await asyncio.sleep(seconds)
                    return "done"
            except GaveWay:
                runs.append("gave way")


async def test_batch_gives_way_even_where_a_place_is_free_and_is_done_again() -> None:
    slots, runs = Slots(2, LIMITS), []
    task = asyncio.create_task(work(slots, runs, 0.05))
    await settle()
    async with slots.lease(Lane.LIVE) as lease:
        assert lease.queued < 0.05
        await asyncio.sleep(0.1)
        assert runs == ["begun", "gave way"]
    assert await asyncio.wait_for(task, 5) == "done"
    assert runs == ["begun", "gave way", "begun"]
    assert (slots.running, slots.waiting) == (0, 0)


async def test_a_lease_wanted_before_its_work_began_gives_way_at_once() -> None:
    slots = Slots(1, LIMITS)
    async with slots.lease(Lane.BATCH, gives_way=True) as lease:
        lease.take_back()
        with pytest.raises(GaveWay):
            async with lease.interruptible():
                raise AssertionError("must not begin")


async def test_a_time_out_of_the_work_itself_is_no_giving_way() -> None:
    slots = Slots(1, LIMITS)
    async with slots.lease(Lane.BATCH, gives_way=True) as lease:
        with pytest.raises(TimeoutError):
            async with lease.interruptible(), asyncio.timeout(0.01):
                await asyncio.sleep(5)


async def test_cancelling_batch_work_is_cancelling() -> None:
    slots, runs = Slots(1, LIMITS), []
    task = asyncio.create_task(work(slots, runs, 5))
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (slots.running, slots.waiting) == (0, 0)


async def test_the_oldest_wait_is_known_by_lane() -> None:
    slots, order, until = Slots(1, LIMITS), [], asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold(slots, Lane.LIVE, "holder", order, until))
        await settle()
        assert slots.oldest(Lane.LIVE) == 0, "who has a place does not wait"
        tasks.create_task(hold(slots, Lane.LIVE, "next", order, until))
        await asyncio.sleep(0.02)
        assert slots.oldest(Lane.LIVE) > 0 and slots.oldest(Lane.INTERACTIVE) == 0
        until.set()
    assert slots.oldest(Lane.LIVE) == 0
