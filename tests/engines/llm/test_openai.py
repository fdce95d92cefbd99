"""The OpenAI-compatible language model against a real server on this machine."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest
from engines.llm.provider import KEY, Provider, call_piece, chunk, usage_chunk

from kaikou.engines.llm.openai import OpenAILanguageModel
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Delta, Generation, LanguageModel, Message, Tool, ToolCall, Usage
from kaikou.engines.registry import EngineContext
from kaikou.errors import EngineFailed, InvalidInput, KaikouError
from kaikou.settings.tree import Settings

HELLO = [Message("system", "Be brief."), Message("user", "Hello")]
WEATHER = Tool(
    "weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


class NoWeights:
    async def fetch(self, model: str, progress: Any) -> Any:
        raise AssertionError("a remote engine fetches nothing")

    def installed(self, model: str) -> None:
        return None


def engine(provider: Provider, name: str = "openai", **llm: Any) -> OpenAILanguageModel:
    values = {"base_url": provider.base_url, "api_key": KEY, "engine": name, "timeout": 5.0} | llm
    settings = Settings(llm=values)
    return OpenAILanguageModel(EngineContext(name, settings.llm, settings, Pool(settings.pool), NoWeights()))


async def collect(model: LanguageModel, generation: Generation = Generation()) -> list[Delta]:
    async with aclosing(model.stream(HELLO, generation)) as deltas:  # type: ignore[type-var]
        return [delta async for delta in deltas]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


async def failure_of(model: LanguageModel) -> KaikouError:
    with pytest.raises(KaikouError) as caught:
        await collect(model)
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value.as_dict())
    return caught.value


async def test_text_usage_and_finish(provider: Provider) -> None:
    provider.script["m"] = [
        chunk(role="assistant", content=""),
        chunk(content="Hel"),
        chunk(content="lo"),
        chunk("stop"),
        usage_chunk(),
    ]
    model = engine(provider, model="m")
    deltas = await collect(model)
    assert [delta.text for delta in deltas[:-1]] == ["Hel", "lo"]
    assert deltas[-1] == Delta(finish="stop", usage=Usage(11, 7, 3))
    assert provider.headers[0]["authorization"] == f"Bearer {KEY}"
    sent = provider.requests[0]
    assert sent["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
    ]
    assert (sent["temperature"], sent["max_tokens"], sent["stream"]) == (0.7, 400, True)
    assert "tools" not in sent and "response_format" not in sent
    await model.close()
    await model.close()


async def test_the_connection_is_used_again(provider: Provider) -> None:
    provider.script["m"] = [chunk(content="Hi"), chunk("stop"), usage_chunk()]
    model = engine(provider, model="m")
    for _ in range(3):
        await collect(model)
    assert len(provider.connections) == 1
    await model.close()


async def test_tool_calls_are_assembled_from_pieces(provider: Provider) -> None:
    provider.script["m"] = [
        chunk(tool_calls=[call_piece(0, id="a", name="weather")]),
        chunk(tool_calls=[call_piece(0, '{"ci')]),
        chunk(tool_calls=[call_piece(1, id="b", name="weather")]),
        chunk(tool_calls=[call_piece(0, 'ty": "Oslo"}'), call_piece(1, '{"city": "Rome"}')]),
        chunk("tool_calls"),
        usage_chunk(),
    ]
    model = engine(provider, model="m")
    deltas = await collect(
        model, Generation(tools=(WEATHER,), tool_choice="weather", parallel_tool_calls=False)
    )
    assert [delta.tool_call for delta in deltas if delta.tool_call] == [
        ToolCall("a", "weather", '{"city": "Oslo"}'),
        ToolCall("b", "weather", '{"city": "Rome"}'),
    ]
    assert deltas[-1].finish == "tool_calls"
    sent = provider.requests[0]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert sent["tools"][0]["function"]["parameters"] == WEATHER.parameters
    assert sent["parallel_tool_calls"] is False


async def test_a_written_tool_call_counts_and_its_invented_sequel_does_not(provider: Provider) -> None:
    written = (
        'One moment.\n```json\n{"name": "weather", "arguments": {"city": "Oslo"}}\n```\nIt is sunny in Oslo.'
    )
    provider.script["m"] = [*(chunk(content=part) for part in written), 30, chunk("stop")]
    model = engine(provider, model="m")
    deltas = await collect(model, Generation(tools=(WEATHER,)))
    assert text_of(deltas) == "One moment.\n"
    calls = [delta.tool_call for delta in deltas if delta.tool_call]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("weather", {"city": "Oslo"})]
    assert deltas[-1].finish == "tool_calls"
    await asyncio.wait_for(provider.gone.wait(), 5)


async def test_a_call_of_no_tool_is_answered_in_words_instead(provider: Provider) -> None:
    invented = chunk(content='{"name": "add", "arguments": {"a": 2, "b": 2}}')
    provider.script["m"] = [invented, chunk("stop")]
    model = engine(provider, model="m")
    provider.after["m"] = [[chunk(content="Four."), chunk("stop")]]
    deltas = await collect(model, Generation(tools=(WEATHER,)))
    assert (text_of(deltas), [delta.finish for delta in deltas if delta.finish]) == ("Four.", ["stop"])
    assert [sent["tool_choice"] for sent in provider.requests] == ["auto", "none"]


async def test_thoughts_are_left_out(provider: Provider) -> None:
    thought = "<think>\nThe user greets.\n</think>\n\nGood <b>day</b>."
    provider.script["m"] = [
        chunk(reasoning_content="hm"),
        *(chunk(content=part) for part in thought),
        chunk("stop"),
    ]
    assert text_of(await collect(engine(provider, model="m"))) == "Good <b>day</b>."


async def test_images_and_past_tool_calls_are_sent(provider: Provider) -> None:
    provider.script["m"] = [chunk(content="A cat."), chunk("stop")]
    messages = [
        Message("user", "What is this?", images=("data:image/png;base64,AA==",)),
        Message("assistant", "", tool_calls=(ToolCall("a", "weather", "{}"),)),
        Message("tool", "sunny", tool_call_id="a"),
    ]
    async for _ in engine(provider, model="m").stream(messages):
        pass
    sent = provider.requests[0]["messages"]
    assert sent[0]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
    ]
    assert sent[1]["content"] is None
    assert sent[1]["tool_calls"][0]["function"] == {"name": "weather", "arguments": "{}"}
    assert sent[2] == {"role": "tool", "content": "sunny", "tool_call_id": "a"}


async def test_a_schema_is_strict_only_where_it_can_be(provider: Provider) -> None:
    provider.script["m"] = [chunk(content="{}"), chunk("stop")]
    model = engine(provider, model="m")
    closed = {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    await collect(model, Generation(schema=closed, max_tokens=9, temperature=0))
    await collect(model, Generation(schema={"type": "object", "properties": {"a": {"type": "integer"}}}))
    first, second = provider.requests
    assert first["response_format"]["json_schema"] == {"name": "answer", "schema": closed, "strict": True}
    assert (first["max_tokens"], first["temperature"]) == (9, 0)
    assert "strict" not in second["response_format"]["json_schema"]


async def test_presets_add_what_their_provider_needs(provider: Provider) -> None:
    provider.script["qwen-plus"] = [chunk(content="{}"), chunk("stop")]
    await collect(engine(provider, "dashscope"), Generation(schema={"type": "object"}))
    sent = provider.requests[0]
    assert sent["enable_thinking"] is False
    assert sent["response_format"] == {"type": "json_object"}
    assert "JSON" in sent["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}, "engine_unauthorized"),
        (404, {"error": {"message": "no such model"}}, "engine_model_unknown"),
        (400, {"error": {"message": f"bad {KEY}", "code": "nonsense"}}, "engine_refused"),
        (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, "context_too_long"),
        (
            400,
            {"error": {"code": 400, "message": "big", "type": "exceed_context_size_error"}},
            "context_too_long",
        ),
    ],
)
async def test_refusals_become_sentences_at_once(
    provider: Provider, status: int, body: dict[str, Any], code: str
) -> None:
    provider.statuses = [(status, {}, body)]
    error = await failure_of(engine(provider, model="m"))
    assert error.code == code
    assert error.hint
    assert isinstance(error, InvalidInput if code == "context_too_long" else EngineFailed)
    assert len(provider.requests) == 1


async def test_a_busy_server_is_asked_again(provider: Provider) -> None:
    busy = {"error": {"message": "slow down"}}
    provider.statuses = [(429, {"retry-after": "0.05"}, busy), (503, {}, busy)]
    provider.script["m"] = [chunk(content="Hi"), chunk("stop")]
    model = engine(provider, model="m")
    assert text_of(await collect(model)) == "Hi"
    assert len(provider.requests) == 3
    assert model.health().state == "ready"


async def test_a_server_that_wants_a_long_pause_is_not_asked_again(provider: Provider) -> None:
    provider.statuses = [(429, {"retry-after": "60"}, {"error": {"message": "quota"}})]
    model = engine(provider, model="m")
    assert (await failure_of(model)).code == "engine_rate_limited"
    assert len(provider.requests) == 1
    assert model.health().state == "degraded"


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ([{"error": {"message": "backend died", "code": 502}}], "engine_failed"),
        (["cut"], "engine_broke_off"),
        ([], "engine_broke_off"),
    ],
)
async def test_an_answer_that_breaks_off_is_an_error_and_never_begun_again(
    provider: Provider, end: list[Any], code: str
) -> None:
    provider.script["m"] = [chunk(content="The answer is"), *end]
    model = engine(provider, model="m")
    heard = ""
    with pytest.raises(EngineFailed) as caught:
        async for delta in model.stream(HELLO):
            heard += delta.text
    assert heard == "The answer is"
    assert caught.value.code == code
    assert len(provider.requests) == 1


@pytest.mark.parametrize("script", [[30], ["ping", 0.2] * 30, [chunk(content="Well"), 30]])
async def test_silence_is_a_time_out(provider: Provider, script: list[Any]) -> None:
    provider.script["m"] = script
    error = await failure_of(engine(provider, model="m", timeout=0.5))
    assert (error.code, error.status) == ("engine_timeout", 504)
    assert len(provider.requests) <= 1, "asked again"  # on a busy machine it is over before it was heard


async def test_nobody_there(provider: Provider) -> None:
    model = engine(provider, model="m", base_url="http://127.0.0.1:9/v1")
    assert (await failure_of(model)).code == "engine_unreachable"
    with pytest.raises(EngineFailed, match=r"127\.0\.0\.1:9"):
        await model.load(lambda doing, fraction: None)
    assert model.health().state == "failed"


async def test_closing_the_iterator_stops_the_server(provider: Provider) -> None:
    provider.script["m"] = [chunk(content="one"), 0.05, chunk(content="two"), 60, chunk("stop")]
    async with aclosing(engine(provider, model="m").stream(HELLO)) as deltas:
        async for _ in deltas:
            break
    await asyncio.wait_for(provider.gone.wait(), 5)


async def test_cancelling_the_reader_stops_the_server(provider: Provider) -> None:
    provider.script["m"] = [chunk(content="one"), 60, chunk("stop")]
    task = asyncio.create_task(collect(engine(provider, model="m")))
    while not provider.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(provider.gone.wait(), 5)


async def test_without_a_model_the_servers_first_is_taken(provider: Provider) -> None:
    provider.script["first-model"] = [chunk(content="Hi"), chunk("stop")]
    model = engine(provider)
    assert text_of(await collect(model)) == "Hi"
    assert model.card.model == "first-model"
    assert model.card.local
    provider.models = []
    with pytest.raises(EngineFailed, match="lists no model"):
        await engine(provider).load(lambda doing, fraction: None)


async def test_loading_tries_the_key(provider: Provider) -> None:
    model = engine(provider, model="m", api_key="sk-wrong")
    with pytest.raises(EngineFailed) as caught:
        await model.load(lambda doing, fraction: None)
    assert caught.value.code == "engine_unauthorized"
    assert "sk-wrong" not in str(caught.value)
    provider.models_status = 404  # keeps no list: no reason to refuse it
    model = engine(provider, model="m")
    await model.load(lambda doing, fraction: None)
    assert model.health().state == "ready"
