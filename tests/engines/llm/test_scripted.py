"""The scripted language model keeps to its script."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from dialogue.virtual_time import run

from kaikou.engines.llm.scripted import ScriptedLanguageModel
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Delta, Generation, Message, Tool
from kaikou.engines.registry import EngineContext
from kaikou.errors import SettingsError
from kaikou.settings.loading import load_settings
from kaikou.settings.tree import Settings

TOOL = Tool("weather", "", {"type": "object"})
FAST = {"first_token_ms": 0, "tokens_per_second": 10_000}


def engine(**options: Any) -> ScriptedLanguageModel:
    settings = Settings(llm={"engine": "scripted", "scripted": FAST | options})
    return ScriptedLanguageModel(
        EngineContext("scripted", settings.llm, settings, Pool(settings.pool), None)  # type: ignore[arg-type]
    )


async def answer(
    model: ScriptedLanguageModel, *said: str, generation: Generation = Generation()
) -> tuple[str, list[Delta]]:
    messages = [Message("system", "x"), *(Message("user", text) for text in said)]
    async with aclosing(model.stream(messages, generation)) as stream:
        deltas = [delta async for delta in stream]
    return "".join(delta.text for delta in deltas), deltas


async def test_replies_follow_the_turns_and_are_cycled() -> None:
    model = engine(replies=["One.", "二 号。"])
    assert model.card.scripted
    said = [(await answer(model, *["hi"] * turns))[0] for turns in (1, 2, 3)]
    assert said == ["One.", "二 号。", "One."]
    assert (await answer(model, "hi"))[0] == "One."  # asked again, as after a speculation


async def test_echo_and_length() -> None:
    model = engine(echo=True)
    text, deltas = await answer(model, "first", "say this again please", generation=Generation(max_tokens=3))
    assert text == "say this again"
    assert deltas[-1].finish == "length"
    assert deltas[-1].usage is not None and deltas[-1].usage.completion_tokens == 3


async def test_a_tool_is_called_only_where_it_is_offered() -> None:
    model = engine(replies=[{"tool": "weather", "arguments": {"city": "Oslo"}}, "Sunny."])
    text, deltas = await answer(model, "weather?", generation=Generation(tools=(TOOL,)))
    call = deltas[-2].tool_call
    assert (text, deltas[-1].finish) == ("", "tool_calls")
    assert call is not None and (call.name, call.arguments) == ("weather", '{"city": "Oslo"}')
    assert (await answer(model, "weather?"))[1][-1].finish == "stop"


async def test_replies_from_the_environment(tmp_path: Path) -> None:
    environment = {
        "KAIKOU_LLM__SCRIPTED__REPLIES": '["From the environment."]',
        "KAIKOU_LLM__SCRIPTED__FIRST_TOKEN_MS": "0",
    }
    settings = load_settings(tmp_path, environment).settings
    context = EngineContext("scripted", settings.llm, settings, Pool(settings.pool), None)  # type: ignore[arg-type]
    assert (await answer(ScriptedLanguageModel(context), "hi"))[0] == "From the environment."


def test_the_pace_is_kept_by_the_clock() -> None:
    model = engine(replies=["a b c d e f"], first_token_ms=40, tokens_per_second=50)

    async def scene() -> list[float]:
        loop = asyncio.get_running_loop()
        began, moments = loop.time(), []
        async with aclosing(model.stream([Message("user", "x")])) as stream:
            async for _ in stream:
                moments.append(loop.time() - began)
                if len(moments) == 1:
                    await asyncio.sleep(0.07)  # a slow reader finds waiting what was due meanwhile
        return moments

    assert run(scene()) == pytest.approx([0.04, 0.11, 0.11, 0.11, 0.12, 0.14, 0.14])


def test_unusable_options_are_named() -> None:
    with pytest.raises(SettingsError):
        engine(replies=[])
    with pytest.raises(SettingsError):
        engine(speed=3)
