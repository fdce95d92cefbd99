"""What is asked for, decided for a model that can't call tools."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tools.callers import FakeCaller

from kaikou.engines.ports import Card, Delta, Generation, Message, Tool
from kaikou.errors import SettingsError
from kaikou.intent.calling import FunctionCalling, NoTools
from kaikou.intent.choice import choose_intent
from kaikou.intent.matching import Matcher
from kaikou.intent.numbers import number
from kaikou.intent.router import Router
from kaikou.settings.services import ToolSettings
from kaikou.tools.ports import AgentChoice, ToolPorts
from kaikou.tools.room import ToolRoom

SENTENCES = Path(__file__).parents[2] / "benchmarks" / "data" / "tool_requests.toml"


@dataclass
class Model:
    """Chooses ``choice``, then gives ``arguments``; keeps what it was asked."""

    choice: str = "talk"
    arguments: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[list[Message], Generation]] = field(default_factory=list)
    delay: float = 0.0

    async def stream(
        self, messages: Sequence[Message], generation: Generation, **_: Any
    ) -> AsyncGenerator[Delta, None]:
        self.asked.append((list(messages), generation))
        await asyncio.sleep(self.delay)
        schema = generation.schema or {}
        yield Delta(text=json.dumps(self.choice if "enum" in schema else self.arguments))
        yield Delta(finish="stop")


class Agents:
    async def choices(self) -> Sequence[AgentChoice]:
        return ()


@pytest.fixture
def tools(tmp_path: Path) -> tuple[Tool, ...]:
    room = ToolRoom(tmp_path, ToolSettings(music_folder=tmp_path), ToolPorts(agents=Agents()))
    return room.toolbox.tools(FakeCaller())


async def routed(
    words: str, tools: Sequence[Tool], model: Model | None = None
) -> tuple[str, dict[str, Any]] | None:
    decision = await Router().decide([Message("user", words)], tools, model or Model())  # type: ignore[arg-type]
    assert not decision.offer and decision.plainly == bool(decision.calls)
    return (decision.calls[0].name, json.loads(decision.calls[0].arguments)) if decision.calls else None


@pytest.mark.parametrize(
    ("words", "tool", "arguments"),
    [
        ("现在几点了？", "get_time", {}),
        ("what time is it", "get_time", {}),
        ("Hey, could you tell me what time it is, please?", "get_time", {}),
        ("请问今天星期几呀？", "get_time", {}),
        ("set the volume to 30", "set_volume", {"percent": 30}),
        ("Please set the volume to thirty-five percent.", "set_volume", {"percent": 35}),
        ("把音量调到百分之三十", "set_volume", {"percent": 30}),
        ("帮我把音量调到一半吧", "set_volume", {"percent": 50}),
        ("Play some music!", "play_music", {}),
        ("Play some Beatles", "play_music", {"title": "Beatles"}),
        ("Could you play something by Nina Simone, please?", "play_music", {"title": "Nina Simone"}),
        ("I can't hear you, set the volume to ninety.", "set_volume", {"percent": 90}),
        ("再见！", "leave", {}),
        ("明天会下雨吗？", "get_weather", {}),
    ],
)
async def test_what_an_example_says_needs_no_model(
    tools: Sequence[Tool], words: str, tool: str, arguments: dict[str, Any]
) -> None:
    model = Model()
    assert await routed(words, tools, model) == (tool, arguments)
    assert model.asked == []


async def test_ordinary_talk_costs_no_model(tools: Sequence[Tool]) -> None:
    model = Model("get_time")
    for words in (
        "Hello, how are you?",
        "你好，你叫什么名字？",
        "Who wrote Hamlet?",
        "我今天有点难过。",
        "",
        "x " * 200,
    ):
        assert await routed(words, tools, model) is None
    assert model.asked == []


async def test_a_request_that_no_example_says_is_confirmed_by_the_model(tools: Sequence[Tool]) -> None:
    no, yes = Model("talk"), Model("command")
    words = "Would you have a look at the time for me"
    assert await routed(words, tools, no) is None
    assert await routed(words, tools, yes) == ("get_time", {})
    messages, generation = no.asked[0]
    assert generation.schema == {"enum": ["command", "talk"]} and generation.temperature == 0
    assert messages[-1].content.endswith(f"Sentence: {words}")
    other = "Could you check whether there's rain in the forecast"
    assert await routed(other, tools, yes) == ("get_weather", {})
    assert yes.asked[0][0][:-1] == yes.asked[1][0][:-1], "the prompt's beginning is the same each time"


async def test_talk_about_a_tools_subject_costs_no_model(tools: Sequence[Tool]) -> None:
    model = Model("command")
    talk = (
        "I think time is a strange thing",
        "Time flies when you are having fun.",
        "Why is weather so hard to predict?",
        "What time do people usually have dinner in Spain?",
        "我觉得时间过得真快。",
        "为什么天气预报总是不准？",
        "音量和音调有什么区别？",
    )
    for words in talk:
        assert await routed(words, tools, model) is None, words
    assert model.asked == []


async def test_a_place_for_any_words_keeps_its_capitals(tools: Sequence[Tool]) -> None:
    model = Model("talk")
    assert await routed("Play Clair de Lune", tools, model) == ("play_music", {"title": "Clair de Lune"})
    assert await routed("北京今天天气怎么样？", tools, model) == ("get_weather", {"place": "北京"})
    assert model.asked == []
    for talk in ("Play is important for children", "Play some football", "Play some games with me"):
        assert await routed(talk, tools, model) is None, talk


async def test_the_model_can_not_invent_an_argument(tools: Sequence[Tool]) -> None:
    louder = "Could you make the volume louder"
    assert await routed(louder, tools, Model("command", {"percent": 80})) == (
        "set_volume",
        {"change": "louder"},
    )
    said = "Turn your volume down to twenty percent, please"
    assert await routed(said, tools, Model("talk")) == ("set_volume", {"percent": 20})
    role, tom = "I'd like to have a chat with another character, with Tom", {"role": "Tom"}
    assert await routed(role, tools, Model("command", tom)) == ("change_role", tom)
    assert await routed(role, tools, Model("command", {"role": "Santa"})) is None


async def test_a_model_that_is_late_or_babbles_is_gone_on_without(tools: Sequence[Tool]) -> None:
    words = "Would you have a look at the time for me"
    late = Model("command", delay=5)
    assert not (await Router(seconds=0.02).decide([Message("user", words)], tools, late)).calls  # type: ignore[arg-type]
    assert await routed(words, tools, Model("nothing known")) is None


async def test_tools_of_others_are_found_by_their_words(tools: Sequence[Tool]) -> None:
    vacuum = Tool(
        "start_vacuum", "Start the vacuum cleaner. 启动扫地机器人。", {"type": "object", "properties": {}}
    )
    lamp = Tool(
        "lamp_on", "Switch the lamp on.", {"type": "object", "properties": {}}, ("let there be light",)
    )
    own = (*tools, vacuum, lamp)
    assert await routed("The vacuum cleaner should do its work", own, Model("command")) == (
        "start_vacuum",
        {},
    )
    assert await routed("让扫地机器人去干活", own, Model("command")) == ("start_vacuum", {})
    assert await routed("Let there be light!", own) == ("lamp_on", {})


async def test_a_word_that_most_tools_share_finds_none() -> None:
    tools = [Tool(f"set_{n}", f"Set the thing {n} of the house.", {"type": "object"}) for n in "abcdef"]
    assert Matcher(tools).candidates("I bought a thing for the house") == []


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("30", 30), ("thirty", 30), ("thirty five", 35), ("a hundred", 100), ("one hundred and five", 105),
        ("三十", 30), ("十五", 15), ("一百二十", 120), ("百分之八十", 80), ("八零", 80), ("45 percent", 45),
        ("half", 50), ("最大", 100), ("loud", None), ("", None),
    ],
)  # fmt: skip
def test_numbers(said: str, value: int | None) -> None:
    assert number(said) == value


def test_the_module_fits_the_model() -> None:
    good, basic = Card("llm", "x", "X"), Card("llm", "x", "X", calls_tools=False)
    assert isinstance(choose_intent("auto", good), FunctionCalling)
    assert isinstance(choose_intent("auto", basic), Router)
    assert isinstance(choose_intent("function_calling", basic), FunctionCalling)
    assert isinstance(choose_intent("none", good), NoTools)
    with pytest.raises(SettingsError):
        choose_intent("nobody", good)


async def test_the_benchmarks_plain_requests_and_talk(tools: Sequence[Tool]) -> None:
    """With a model that always declines, no sentence is routed wrongly, and most plain requests are found."""
    sentences = tomllib.loads(SENTENCES.read_text("utf-8"))["said"]
    found = {one["words"]: await routed(one["words"], tools) for one in sentences}
    assert all(found[one["words"]] is None for one in sentences if "tool" not in one)
    asked = [one for one in sentences if "tool" in one]
    right = sum(found[one["words"]] is not None and found[one["words"]][0] == one["tool"] for one in asked)  # type: ignore[index]
    assert right >= len(asked) / 2, right
    assert all((got := found[one["words"]]) is None or got[0] == one["tool"] for one in asked)


def test_places_and_alternatives_of_examples() -> None:
    tool = Tool(
        "light",
        "Switch a light.",
        {"type": "object", "properties": {"room": {"type": "string"}, "words": {"type": "string"}}},
        ("(turn|switch) on [the] light in the {room}", "light {unknown}", "(broken", "[请]开{room}的灯{*}"),
        {"room": "kitchen|hall|厨房"},
        "words",
    )
    matcher = Matcher([tool])
    fit = matcher.fit("Switch on light in the Kitchen!")
    assert fit is not None and fit.arguments == {
        "room": "Kitchen",
        "words": "Switch on light in the Kitchen!",
    }
    assert matcher.fit("turn on the light in the cellar") is None, "no such place"
    assert matcher.fit("light unknown") is None, "an example that can't be read is left out"
    chinese = matcher.fit("请开厨房的灯好不好")
    assert chinese is not None and chinese.arguments["room"] == "厨房"


@pytest.mark.parametrize("name", ["tool_requests_heldout.toml", "tool_requests_final.toml"])
async def test_talk_calls_nothing(tools: Sequence[Tool], name: str) -> None:
    said = tomllib.loads(SENTENCES.with_name(name).read_text("utf-8"))["said"]
    talk = [one["words"] for one in said if "tool" not in one]
    assert len(talk) >= 40
    assert [words for words in talk if await routed(words, tools, Model("talk"))] == []
