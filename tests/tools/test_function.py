"""A function as a tool: what the model is told, and how it is called."""

from __future__ import annotations

import threading
from typing import Annotated, Literal

import pytest
from tools.callers import FakeCaller

from kaikou.errors import InvalidInput
from kaikou.tools import Caller, Outcome, tool
from kaikou.tools.function import FunctionTool, declared, function_tool
from kaikou.tools.threads import ToolThreads


def made(function: object) -> FunctionTool:
    found = declared(function)  # type: ignore[arg-type]
    assert found is not None
    return found


async def called(function: object, **arguments: object) -> Outcome:
    return await made(function).call(arguments, FakeCaller(), ToolThreads(4))


def test_schema_comes_from_annotations_and_docstring() -> None:
    @tool
    def light(room: str, level: Annotated[int, "0 to 100"] = 100, mode: Literal["warm", "cold"] = "warm"):
        """Switch the light
        of a room.

        Args:
            room: Which room, as people
                call it.
            mode (str): Colour.

        Returns:
            Nothing of note.
        """

    found = made(light).tool
    assert (found.name, found.description) == ("light", "Switch the light of a room.")
    assert found.parameters == {
        "type": "object",
        "additionalProperties": False,
        "required": ["room"],
        "properties": {
            "room": {"type": "string", "description": "Which room, as people call it."},
            "level": {"type": "integer", "default": 100, "description": "0 to 100"},
            "mode": {"type": "string", "enum": ["warm", "cold"], "default": "warm", "description": "Colour."},
        },
    }


def test_a_parameter_called_title_is_kept() -> None:
    @tool
    def play(title: str) -> None:
        """Play a song.

        :param title: The song's.
        """

    assert made(play).tool.parameters["properties"] == {
        "title": {"type": "string", "description": "The song's."}
    }


async def test_the_caller_is_filled_in_and_not_shown() -> None:
    @tool
    async def hello(caller: Caller, name: str) -> str:
        """Greet."""
        await caller.say("wait")
        return f"{name} at {caller.agent_id}"

    caller = FakeCaller()
    assert list(made(hello).tool.parameters["properties"]) == ["name"]
    outcome = await made(hello).call({"name": "Bo"}, caller, ToolThreads(1))
    assert (outcome, caller.said) == (Outcome("Bo at agent"), ["wait"])


async def test_sync_functions_run_beside_the_event_loop() -> None:
    @tool
    def where() -> str:
        """Tell the thread."""
        return str(threading.get_ident())

    assert (await called(where)).text != str(threading.get_ident())


@pytest.mark.parametrize(
    ("gives", "text"), [(None, "Done."), ("x", "x"), ({"a": [1]}, '{"a":[1]}'), (2.5, "2.5")]
)
async def test_what_is_returned_becomes_text(gives: object, text: str) -> None:
    @tool
    async def give():
        """Give."""
        return gives

    assert await called(give) == Outcome(text)


async def test_arguments_that_do_not_fit_name_the_field() -> None:
    @tool
    def half(number: int) -> int:
        """Halve."""
        return number // 2

    assert await called(half, number="8") == Outcome("4")
    with pytest.raises(InvalidInput, match="number"):
        await called(half, number="many")


def test_a_tool_needs_words_and_named_parameters() -> None:
    def silent(x: int) -> None: ...

    def many(*parts: int) -> None:
        """Take any."""

    for function in (silent, many):
        with pytest.raises(TypeError, match=function.__name__):
            function_tool(function)


def test_a_marked_function_stays_a_function() -> None:
    @tool(name="sum", title="Add", timeout=3, direct=True)
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    assert add(1, 2) == 3
    spec = made(add).spec("plugin")
    assert (spec.id, spec.title, spec.timeout, spec.direct) == ("plugin/sum", "Add", 3, True)
