from __future__ import annotations

import itertools

import pytest

from kaikou.dialogue.history import History, PromptWindow, to_messages
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
