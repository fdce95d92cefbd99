"""The embedded language model itself, with its child process. A tiny model shows the mechanics;
the default one, what it can do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest
import pytest_asyncio

from kaikou.engines.llm.llama import Llama
from kaikou.engines.metering import metering
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Delta, Generation, Lane, LanguageModel, Message, Tool, ToolCall
from kaikou.engines.registry import EngineContext
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import InvalidInput
from kaikou.settings.tree import Settings

pytestmark = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module")]

SCHEMA = {
    "type": "object",
    "properties": {"city": {"enum": ["Oslo", "Rome"]}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
FORECAST = Tool("forecast", "Weather of the next days", SCHEMA)
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", "Current weather of a city", CITY)
PERSONA = Message(
    "system", "You are Kai, a friendly companion on a phone call. Answer in one short sentence."
)
STORY = [Message("user", "Tell me a very long story about a fox, a wolf and the sea.")]


async def load(model: str | None, **options: Any) -> Llama:
    # Lower than ours, but not the lowest: beside other programs of the session that one gets next to nothing.
    settings = Settings(llm={"model": model, "llama": {"nice": 1, **options}})
    context = EngineContext(
        "llama", settings.llm, settings, Pool(settings.pool), WeightStore(settings.models)
    )
    engine = Llama(context)
    await engine.load(lambda doing, fraction: None)
    return engine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tiny() -> AsyncIterator[Llama]:
    engine = await load("smollm2-135m", context=1024)
    yield engine
    await engine.close()


async def collect(
    engine: LanguageModel, messages: list[Message], generation: Generation, lane: Lane = Lane.LIVE
) -> list[Delta]:
    async with aclosing(engine.stream(messages, generation, lane=lane)) as stream:  # type: ignore[type-var]
        return [delta async for delta in stream]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def until(happened: Callable[[], Any], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while True:
            result = happened()
            if await result if asyncio.iscoroutine(result) else result:
                return
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def busy(engine: Llama) -> bool:
    """Whether the child works on anything, asked of the child itself."""
    keeper = engine._keeper
    assert keeper is not None
    endpoint = (await keeper.chat()).endpoint
    address = endpoint.base_url.removesuffix("/v1")
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {endpoint.api_key}"}) as client:
        slots = (await client.get(f"{address}/slots")).raise_for_status().json()
    return any(slot["is_processing"] for slot in slots)


async def test_it_answers_in_pieces_from_a_process_of_its_own(tiny: Llama) -> None:
    deltas = await collect(tiny, STORY, Generation(max_tokens=12))
    assert len([delta for delta in deltas if delta.text]) > 3
    usage = deltas[-1].usage
    assert deltas[-1].finish in {"stop", "length"}
    assert usage is not None and usage.completion_tokens <= 12 and usage.prompt_tokens > 0
    assert tiny.pid is not None and tiny.pid != os.getpid()
    assert os.getpgid(tiny.pid) != os.getpgid(0)
    assert os.getpriority(os.PRIO_PROCESS, tiny.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getsid(tiny.pid) == os.getsid(0)  # Linux compares niceness within a session only
    assert tiny.health().state == "ready"


async def test_only_the_parent_may_ask_it(tiny: Llama) -> None:
    assert tiny._keeper is not None
    address = (await tiny._keeper.chat()).endpoint.base_url
    body = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}
    async with httpx.AsyncClient() as client:
        assert (await client.post(f"{address}/chat/completions", json=body)).status_code == 401


async def test_closing_the_iterator_stops_the_generation(tiny: Llama) -> None:
    async with aclosing(tiny.stream(STORY, Generation(max_tokens=900))) as stream:
        await anext(stream)
        assert await busy(tiny)

    async def idle() -> bool:
        return not await busy(tiny)

    await until(idle)


async def test_cancelling_the_reader_stops_the_reading_of_a_prompt(tiny: Llama) -> None:
    prompt = [Message("user", " ".join(str(number) for number in range(220)))]
    task = asyncio.create_task(collect(tiny, prompt, Generation(max_tokens=300)))
    await until(lambda: busy(tiny))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    async def idle() -> bool:
        return not await busy(tiny)

    await until(idle)


async def test_a_warmed_prompt_is_not_read_again(tiny: Llama) -> None:
    system = Message("system", "You speak with sailors. " * 12)
    await tiny.warm([system])
    deltas = await collect(tiny, [system, Message("user", "Ahoy!")], Generation(max_tokens=2))
    usage = deltas[-1].usage
    assert usage is not None and usage.cached_tokens > usage.prompt_tokens * 0.6


async def test_what_was_said_so_far_is_read_ahead(tiny: Llama) -> None:
    system = Message("system", "You speak with gardeners. " * 12)
    so_far = "When do I plant the apple trees and the roses"
    await tiny.warm([system, Message("user", so_far)])
    whole = Message("user", f"{so_far} beside the old wall?")
    usage = (await collect(tiny, [system, whole], Generation(max_tokens=1)))[-1].usage
    # New are the words that came since, and what the template puts behind them.
    assert usage is not None and usage.prompt_tokens - usage.cached_tokens <= 14


async def test_after_a_wrong_guess_the_prompt_is_not_read_again(tiny: Llama) -> None:
    system = Message("system", "You speak with farmers. " * 12)
    await tiny.warm([system])
    guess = [system, Message("user", "I was " + " ".join(str(number) for number in range(150)))]
    task = asyncio.create_task(collect(tiny, guess, Generation(max_tokens=300)))
    await until(lambda: busy(tiny))
    task.cancel()
    await asyncio.wait([task])
    # At once, as a turn that goes on does: the place of the guess is still being left.
    deltas = await collect(tiny, [system, Message("user", "Rain?")], Generation(max_tokens=2))
    usage = deltas[-1].usage
    assert usage is not None and usage.cached_tokens > usage.prompt_tokens * 0.6


async def test_an_answer_keeps_to_its_schema(tiny: Llama) -> None:
    deltas = await collect(
        tiny, [Message("user", "Anything.")], Generation(schema=SCHEMA, max_tokens=60, temperature=1.5)
    )
    answer = json.loads(text_of(deltas))
    assert answer["city"] in {"Oslo", "Rome"} and isinstance(answer["days"], int)


@pytest.mark.parametrize("choice", ["required", "forecast"])
async def test_a_call_that_must_be_made_is_made(tiny: Llama, choice: str) -> None:
    # The grammar allows twenty blanks between any two marks, and a tiny model sometimes takes them.
    deltas = await collect(
        tiny, [Message("user", "Hello.")], Generation(tools=(FORECAST,), tool_choice=choice, max_tokens=400)
    )
    calls = [delta.tool_call for delta in deltas if delta.tool_call]
    assert [call.name for call in calls] == ["forecast"]
    assert json.loads(calls[0].arguments)["city"] in {"Oslo", "Rome"}
    assert text_of(deltas).strip() == ""
    assert deltas[-1].finish == "tool_calls"


async def test_a_prompt_beyond_the_context_is_refused(tiny: Llama) -> None:
    with pytest.raises(InvalidInput) as caught:
        await collect(tiny, [Message("user", "word " * 1500)], Generation())
    assert caught.value.code == "context_too_long"


async def test_batch_gives_way_and_still_comes_whole(tiny: Llama) -> None:
    batch = asyncio.create_task(collect(tiny, STORY, Generation(max_tokens=150, temperature=0), Lane.BATCH))
    await until(lambda: busy(tiny))
    with metering() as meter:
        live = await collect(tiny, [Message("user", "Hi")], Generation(max_tokens=5))
    assert not batch.done()
    assert text_of(live)
    assert meter.calls == 1 and meter.ran > 0
    deltas = await asyncio.wait_for(batch, 120)
    usage = deltas[-1].usage
    assert usage is not None and usage.completion_tokens > 20
    assert text_of(deltas).strip()


async def test_waiting_for_a_place_is_queue_time(tiny: Llama) -> None:
    async def one() -> tuple[float, float]:
        with metering() as meter:
            await collect(tiny, STORY, Generation(max_tokens=30))
        return meter.queued, meter.ran

    times = sorted(await asyncio.gather(one(), one(), one()))
    assert times[0][0] < 0.05 and times[1][0] < 0.05
    assert times[2][0] > 0.05  # two places, three requests


async def test_a_crash_is_seen_and_mended() -> None:
    engine = await load("smollm2-135m", context=512, parallel=1)
    try:
        first = engine.pid
        assert first is not None
        stream = engine.stream(STORY, Generation(max_tokens=400))
        await anext(stream)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(Exception, match="broke off"):
            async for _ in stream:
                pass
        await until(lambda: engine.health().state == "degraded")
        assert "SIGKILL" in engine.health().detail
        # Whoever asks meanwhile waits for the next child.
        assert text_of(await collect(engine, [Message("user", "Hi")], Generation(max_tokens=5)))
        assert engine.pid not in {None, first}
        assert engine.health().state == "ready"
    finally:
        last = engine.pid
        await engine.close()
    assert last is not None and not alive(last)


PARENT = """
import asyncio

import uvloop
from kaikou.engines.llm.llama import Llama
from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

async def main():
    settings = Settings(llm={"model": "smollm2-135m", "llama": {"context": 512}})
    weights = WeightStore(settings.models)
    engine = Llama(EngineContext("llama", settings.llm, settings, Pool(settings.pool), weights))
    await engine.load(lambda doing, fraction: None)
    print(engine.pid, flush=True)
    await asyncio.sleep(600)

uvloop.run(main())  # the loop that serves
"""


async def test_the_child_dies_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 120))
    assert alive(child)
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(child))


async def test_the_default_model_talks_calls_a_tool_and_speaks_of_its_result() -> None:
    engine = await load(None, context=1024, parallel=1)
    try:
        cool = Generation(max_tokens=48, temperature=0, tools=(WEATHER,))
        english = await collect(engine, [PERSONA, Message("user", "What is two plus two?")], cool)
        assert "four" in text_of(english).lower() or "4" in text_of(english)
        asked = [PERSONA, Message("user", "What is the weather in Paris right now?")]
        deltas = await collect(engine, asked, cool)
        calls = [delta.tool_call for delta in deltas if delta.tool_call]
        assert [call.name for call in calls] == ["get_weather"]
        assert json.loads(calls[0].arguments) == {"city": "Paris"}
        asked += [
            Message("assistant", "", tool_calls=(ToolCall("a", "get_weather", calls[0].arguments),)),
            Message("tool", '{"celsius": 21, "sky": "cloudless"}', tool_call_id="a"),
        ]
        told = await collect(engine, asked, cool)
        assert "21" in text_of(told) or "cloudless" in text_of(told)
        assert not any(delta.tool_call for delta in told)
        chinese = await collect(
            engine,
            [Message("system", "用一句中文回答。"), Message("user", "天空是什么颜色?")],
            Generation(max_tokens=32, temperature=0),
        )
        assert "蓝" in text_of(chinese)
    finally:
        await engine.close()
