"""Filters of streamed text must not care where the stream cuts it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.llm.chat.thoughts import WithoutThoughts, held_back
from kaikou.engines.llm.chat.written_calls import WrittenCalls, json_values
from kaikou.engines.ports import Tool, ToolCall

TOOLS = (Tool("weather", "", {"type": "object"}), Tool("stop", "", {"type": "object"}))
BITS = st.sampled_from(
    ["<think>", "</think>", "<", "think", ">", "a ", "好", "\n", "{", "}", "```", "json", '"', "</"]
)


def pieces(text: str, cuts: list[int]) -> Iterator[str]:
    at = 0
    for cut in sorted({cut % (len(text) + 1) for cut in cuts}):
        yield text[at:cut]
        at = cut
    yield text[at:]


def without_thoughts(parts: Iterator[str]) -> str:
    kept = WithoutThoughts()
    return "".join([kept.feed(part) for part in parts]) + kept.finish()


def with_calls(parts: Iterator[str]) -> tuple[str, list[tuple[str, str]], bool]:
    found = WrittenCalls(TOOLS)
    out = [piece for part in parts for piece in found.feed(part)]
    out += found.finish()
    text = "".join(piece for piece in out if isinstance(piece, str))
    return text, [(c.name, c.arguments) for c in out if isinstance(c, ToolCall)], found.rambling


@given(st.lists(BITS).map("".join), st.lists(st.integers(0, 500)))
def test_cuts_change_nothing(text: str, cuts: list[int]) -> None:
    assert without_thoughts(pieces(text, cuts)) == without_thoughts(iter([text]))
    assert with_calls(pieces(text, cuts)) == with_calls(iter([text]))


@given(st.text(alphabet="ab <>`{}好\n", max_size=60), st.lists(st.integers(0, 500)))
def test_text_without_thought_or_call_passes_whole(text: str, cuts: list[int]) -> None:
    assert without_thoughts(pieces(text, cuts)) == text
    assert with_calls(pieces(text, cuts))[0] == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<think>a</think>\n\nb", "b"),
        ("a <think>b</think> c", "a c"),
        ("<think></think>\n\n你好", "你好"),
        ("<think>never ends", ""),
        ("a < b and b > c", "a < b and b > c"),
        ("trailing <thi", "trailing <thi"),
    ],
)
def test_thoughts(text: str, kept: str) -> None:
    assert without_thoughts(iter(text)) == kept


def test_only_a_beginning_tag_is_held_back() -> None:
    assert held_back("abc<th", ("<think>",)) == 3
    assert held_back("abc`", ("<tool_call>", "```")) == 1
    assert held_back("abc", ("<think>",)) == 0
    kept = WithoutThoughts()
    assert kept.feed("Hello <b") == "Hello <b"


CALL = {"name": "weather", "arguments": {"city": "奥斯陆"}}


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{json.dumps(CALL)}\n```",
        f"```\n{json.dumps(CALL, indent=2)}\n```",
        f"<tool_call>\n{json.dumps(CALL)}\n</tool_call>",
        f"  {json.dumps(CALL, ensure_ascii=False)}",
        f"```json\n{json.dumps(CALL)}",
        f"```json\n[{json.dumps({'type': 'function', 'function': CALL})}]\n```",
        f"```json\n{json.dumps({'name': 'weather', 'parameters': CALL['arguments']})}\n```",
    ],
)
def test_calls_in_every_form_models_write(text: str) -> None:
    said, calls, rambling = with_calls(iter(text))
    assert said.strip() == ""
    assert [(name, json.loads(arguments)) for name, arguments in calls] == [("weather", CALL["arguments"])]
    assert not rambling


def test_two_calls_then_rambling() -> None:
    text = '```json\n{"name": "weather"}\n```\n```json\n{"name": "stop"}\n```\nDone, it rains.'
    said, calls, rambling = with_calls(iter(text))
    assert (said, calls, rambling) == ("", [("weather", "{}"), ("stop", "{}")], True)


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"name": "Kai", "likes": ["tea"]}\n```',
        "Write `x` or ```print(1)``` then.",
        '{"mood": "good"}',
        "Sets look like {1, 2}.",
        '<tool_call>{"name": 3}</tool_call>',
    ],
)
def test_other_blocks_stay_text(text: str) -> None:
    assert with_calls(iter(text)) == (text, [], False)


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"name": "format_disk", "arguments": {}}\n```',
        '{{"name": "add", "arguments": {"a": 2}}}',
    ],
)
def test_a_call_of_no_tool_is_dropped_and_told(text: str) -> None:
    found = WrittenCalls(TOOLS)
    assert [*(piece for part in text for piece in found.feed(part)), *found.finish()] == []
    assert found.misfired


def test_an_endless_block_is_let_through() -> None:
    found = WrittenCalls(TOOLS)
    out = [piece for _ in range(200) for piece in found.feed("```" + "x" * 97)]
    assert sum(len(piece) for piece in out if isinstance(piece, str)) > 10_000


def test_json_values_finds_the_outermost() -> None:
    assert list(json_values('a {"b": [1]} c [2] {broken')) == [{"b": [1]}, [2]]
