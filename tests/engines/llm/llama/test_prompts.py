"""A request waits for what is being read of its own beginning; others do not."""

from __future__ import annotations

import asyncio

from kaikou.engines.llm.llama.prompts import Prompts
from kaikou.engines.ports import Generation, Message, Tool

SYSTEM = Message("system", "You are Kai.")
HELLO = Message("user", "Hello.")
TOOLED = Generation(tools=(Tool("now", "The time.", {"type": "object"}),))


async def waits(prompts: Prompts, messages: list[Message], generation: Generation = Generation()) -> bool:
    waiting = asyncio.create_task(prompts.settled(messages, generation))
    for _ in range(5):
        await asyncio.sleep(0)
    late = not waiting.done()
    waiting.cancel()
    return late


async def test_only_a_continuation_of_the_warmed_prompt_waits() -> None:
    prompts = Prompts()
    with prompts.warming([SYSTEM], Generation()):
        assert await waits(prompts, [SYSTEM, HELLO])
        assert not await waits(prompts, [HELLO])
        assert not await waits(prompts, [])
        assert not await waits(prompts, [SYSTEM, HELLO], TOOLED)
    assert not await waits(prompts, [SYSTEM, HELLO])


async def test_the_wait_ends_with_the_warming() -> None:
    prompts = Prompts()
    with prompts.warming([SYSTEM], Generation()):
        waiting = asyncio.create_task(prompts.settled([SYSTEM, HELLO], Generation()))
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await waiting


async def test_a_conversations_next_request_waits_until_its_cancelled_one_has_left() -> None:
    prompts = Prompts()
    released = asyncio.Event()

    async def leave() -> None:
        await released.wait()

    prompts.ending([SYSTEM, HELLO], Generation(), leave())
    other = Message("user", "Hello, Kai.")
    assert await waits(prompts, [SYSTEM, other])
    assert not await waits(prompts, [other])
    assert not await waits(prompts, [SYSTEM, other], TOOLED)
    released.set()
    async with asyncio.timeout(5):
        await prompts.settled([SYSTEM, other], Generation())
    assert not await waits(prompts, [SYSTEM, other])


async def test_closing_ends_the_waits() -> None:
    prompts = Prompts()
    prompts.ending([SYSTEM], Generation(), asyncio.sleep(600))
    await prompts.close()
    assert not await waits(prompts, [SYSTEM, HELLO])
