"""What is said right after a tool was called, and several things asked for at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tools.callers import FakeCaller

from kaikou.engines.ports import Message, Tool, ToolCall
from kaikou.intent.calling import FunctionCalling
from kaikou.intent.following import following
from kaikou.intent.matching import Matcher
from kaikou.intent.ports import Refuses
from kaikou.intent.router import Router
from kaikou.settings.services import ToolSettings
from kaikou.tools.ports import AgentChoice, Caller, Reminder, Rhythm, ToolPorts
from kaikou.tools.room import ToolRoom

ASKED = "In how many minutes?"
DONE = "All right."


class House:
    """Stands for the rooms that tools need to be offered; nothing is called."""

    async def choices(self) -> Sequence[AgentChoice]:
        return ()

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> Reminder:
        raise NotImplementedError

    async def move(self, when: str, repeat: Rhythm, caller: Caller) -> Reminder | None:
        raise NotImplementedError

    async def list(self, caller: Caller) -> Sequence[Reminder]:
        raise NotImplementedError

    async def cancel(self, which: str, caller: Caller) -> Sequence[Reminder]:
        raise NotImplementedError


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tool, ...]:
    folder: Path = tmp_path_factory.mktemp("tools")
    ports = ToolPorts(agents=House(), schedule=House())
    return ToolRoom(folder, ToolSettings(music_folder=folder), ports).toolbox.tools(FakeCaller())


def after(name: str, arguments: dict[str, Any], answer: str, words: str) -> list[Message]:
    call = ToolCall("call_1", name, json.dumps(arguments))
    return [
        Message("system", "Be brief."),
        Message("user", "Something"),
        Message("assistant", "", tool_calls=(call,)),
        Message("tool", "It was called.", tool_call_id="call_1"),
        Message("assistant", answer),
        Message("user", words),
    ]


REMIND = {"text": "Remind me in a while to drink"}


@pytest.mark.parametrize(
    ("name", "before", "answer", "words", "arguments"),
    [
        ("remind", REMIND, ASKED, "Twenty minutes.", {**REMIND, "when": "Twenty minutes", "change": True}),
        ("remind", REMIND, DONE, "No, I meant nine.", {**REMIND, "when": "nine", "change": True}),
        (
            "remind",
            REMIND,
            DONE,
            "Actually, make it every day.",
            {**REMIND, "when": "every day", "change": True},
        ),
        ("remind", {"text": "提醒我吃药"}, "什么时候提醒您？", "明天下午三点", {"when": "明天下午三点"}),
        ("remind", {"text": "提醒我吃药"}, "好的。", "不对，是九点", {"when": "九点"}),
        ("remind", {"text": "提醒我吃药"}, "好的。", "每天都提醒我", {"when": "每天"}),
        ("set_volume", {"percent": 50}, DONE, "No, I meant thirty.", {"percent": 30}),
        ("set_volume", {"percent": 50}, "好的。", "不对，我是说三十", {"percent": 30}),
        ("get_weather", {"place": "Vienna"}, DONE, "And in Paris?", {"place": "Paris"}),
        ("get_weather", {"place": "Vienna"}, DONE, "What about tomorrow?", {"place": "Vienna"}),
        ("get_weather", {"place": "北京"}, "今天晴。", "那上海呢？", {"place": "上海"}),
        ("get_weather", {}, "Which city do you mean?", "Salzburg", {"place": "Salzburg"}),
    ],
)
def test_a_call_is_completed_or_put_right(
    tools: Sequence[Tool],
    name: str,
    before: dict[str, Any],
    answer: str,
    words: str,
    arguments: dict[str, Any],
) -> None:
    fit = following(words, after(name, before, answer, words), tools)
    assert fit is not None and fit.tool.name == name
    assert {**before, **arguments}.items() <= fit.arguments.items()


@pytest.mark.parametrize(
    ("name", "before", "answer", "words"),
    [
        ("remind", REMIND, DONE, "Twenty minutes."),  # nothing was asked
        ("remind", REMIND, ASKED, "Never mind."),
        ("remind", REMIND, ASKED, "算了"),
        ("get_weather", {}, "Which city do you mean?", "Thanks."),
        ("get_weather", {"place": "Vienna"}, DONE, "Thanks!"),
        ("get_weather", {"place": "北京"}, "今天晴。", "谢谢"),
        ("get_weather", {"place": "Vienna"}, DONE, "I meant what I said about my sister the other day."),
        ("list_reminders", {}, "You have none. Shall I set one?", "Nine."),
    ],
)
def test_other_words_do_not_follow(
    tools: Sequence[Tool], name: str, before: dict[str, Any], answer: str, words: str
) -> None:
    assert following(words, after(name, before, answer, words), tools) is None


def test_only_the_turn_before_counts(tools: Sequence[Tool]) -> None:
    messages = after("set_volume", {"percent": 50}, DONE, "How are you?")
    messages += [Message("assistant", "Fine."), Message("user", "No, I meant thirty.")]
    assert following("No, I meant thirty.", messages, tools) is None


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("What time is it, and wake me up tomorrow at seven.", ["get_time", "remind"]),
        ("现在几点了，顺便明天早上七点叫我起床", ["get_time", "remind"]),
        ("Set the volume to 30. What reminders do I have?", ["set_volume", "list_reminders"]),
        ("remind me at six to call Bo and set the volume to 30", []),  # perhaps a reminder of both
        ("What time is it? What time is it?", []),
        ("What time is it and who are you?", []),
        ("I have to go now. Goodbye!", []),
    ],
)
def test_two_requests_in_one_sentence(tools: Sequence[Tool], words: str, names: list[str]) -> None:
    assert [fit.tool.name for fit in Matcher(tools).several(words)] == names


def test_a_router_is_given_what_is_not_set_up_too() -> None:
    assert isinstance(Router(), Refuses) and Router().refuses
    assert not isinstance(FunctionCalling(), Refuses)


def test_a_little_is_no_number(tools: Sequence[Tool]) -> None:
    for words in ("再大声一点", "a little louder please"):
        fit = Matcher(tools).fit(words)
        assert fit is not None and "percent" not in fit.arguments and fit.arguments["change"]


def test_a_question_about_search_engines_is_no_search(tools: Sequence[Tool]) -> None:
    for words in ("搜索引擎是怎么工作的", "搜索引擎是怎么工作的？", "搜索结果为什么不一样"):
        assert Matcher(tools).fit(words) is None
