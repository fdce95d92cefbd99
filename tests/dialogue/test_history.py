from __future__ import annotations

import itertools

import pytest

from kaikou.dialogue.history import NO_RESULT, History, PromptWindow, to_messages
from kaikou.dialogue.items import AudioPart, Item, TextPart
from kaikou.errors import InvalidInput, LimitReached, NotFound


def said(role: str, text: str, name: str) -> Item:
    return Item(name, role=role, parts=(TextPart(text),))  # type: ignore[arg-type]


def test_items_are_placed_where_they_are_wanted() -> None:
    history = History(limit=4)
    assert history.add(said("user", "a", "a")) is None
    assert history.add(said("user", "c", "c")) == "a"
    assert history.add(said("user", "b", "b"), after="a") == "a"
    assert history.add(said("user", "z", "z"), after=None) is None
    assert [item.id for item in history] == ["z", "a", "b", "c"]
    assert history.previous_id("b") == "a" and history.previous_id("z") is None
    with pytest.raises(LimitReached):
        history.add(said("user", "d", "d"))
    history.delete("z")
    with pytest.raises(InvalidInput) as twice:
        history.add(said("user", "a", "a"))
    with pytest.raises(NotFound) as nowhere:
        history.add(said("user", "d", "d"), after="nobody")
    assert (twice.value.code, nowhere.value.code) == ("item_exists", "item_not_found")


def test_calls_in_a_row_share_a_message_and_results_follow() -> None:
    items = [
        said("user", "do both", "u"),
        Item("f1", "function_call", call_id="1", name="one", arguments="{}"),
        Item("f2", "function_call", call_id="2", name="two", arguments="{}"),
        Item("o1", "function_call_output", call_id="1", output="yes"),
        Item("o2", "function_call_output", call_id="2", output="no"),
    ]
    messages = to_messages("be brief", items)
    assert [message.role for message in messages] == ["system", "user", "assistant", "tool", "tool"]
    assert [call.name for call in messages[2].tool_calls] == ["one", "two"]


def test_unheard_and_untranscribed_items_are_not_in_the_prompt() -> None:
    items = [
        Item("a", role="user", parts=(AudioPart(None),)),
        Item("b", role="assistant", parts=(AudioPart(""),), status="incomplete"),
        Item("c", role="assistant", parts=(AudioPart("I was"),), status="incomplete"),
    ]
    assert [message.content for message in to_messages("", items)] == ["I was …"]


def test_the_prompts_prefix_stays_for_many_turns() -> None:
    window, items = PromptWindow(budget=400), []
    firsts: list[str] = []
    for n in range(60):
        items.append(said("user", f"word {n} " * 6, f"i{n}"))
        messages = window.messages("system", items)
        assert messages[0].content == "system" and messages[-1].content.startswith(f"word {n} ")
        firsts.append(messages[1].content)
    changes = sum(1 for before, after in itertools.pairwise(firsts) if before != after)
    assert 1 <= changes <= 6, "old turns leave in blocks, not one at each turn"


def call(number: str) -> Item:
    return Item(f"c{number}", "function_call", call_id=number, name="look", arguments="{}")


def result(number: str, text: str = "It is there.") -> Item:
    return Item(f"o{number}", "function_call_output", call_id=number, output=text)


def test_every_call_in_a_prompt_is_followed_by_its_result() -> None:
    late = [call("1"), call("2"), said("user", "And the weather?", "u"), result("1")]
    messages = to_messages("", late)
    assert [message.role for message in messages] == ["assistant", "tool", "tool", "user"]
    assert [message.content for message in messages[1:3]] == ["It is there.", NO_RESULT]
    assert [message.tool_call_id for message in messages[1:3]] == ["1", "2"]


def test_no_result_stays_in_the_prompt_without_its_call() -> None:
    window = PromptWindow(budget=240)
    items = [
        said("user", "word " * 60, "long"),
        call("1"), call("2"), result("1", "one " * 40), result("2", "two " * 40),
        said("assistant", "They are there.", "a"),
    ]  # fmt: skip
    assert len(window.messages("", items)) == 5
    items.append(said("user", "word " * 70, "next"))
    for messages in (window.messages("", items), window.messages("", items)):
        called = {one.id for message in messages for one in message.tool_calls}
        assert {message.tool_call_id for message in messages if message.role == "tool"} <= called
