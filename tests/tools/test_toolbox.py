"""All sources as one: names, permission, validation, bounds, and that nothing raises or hangs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools.callers import FakeCaller, until

from kaikou.engines.ports import Tool
from kaikou.settings.services import ToolSettings
from kaikou.tools.names import by_safe_name, safe_name
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec
from kaikou.tools.toolbox import Toolbox

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
Work = Callable[[Mapping[str, Any]], Awaitable[Outcome]]


async def echo(arguments: Mapping[str, Any]) -> Outcome:
    return Outcome(str(arguments["n"]))


class Source:
    def __init__(self, name: str, *tools: str, work: Work = echo, **spec: Any) -> None:
        self.name = name
        self.work = work
        self.found = [ToolSpec(Tool(tool, tool, SCHEMA), name, **spec) for tool in tools]

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return self.found

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        return await self.work(arguments)

    def status(self) -> SourceStatus:
        return SourceStatus()


def box(*sources: Any, **settings: Any) -> Toolbox:
    return Toolbox(ToolSettings(**settings), sources)


def offered(toolbox: Toolbox, *allowed: str) -> list[str]:
    return [tool.name for tool in toolbox.tools(FakeCaller(), frozenset(allowed) if allowed else None)]


async def test_names_are_made_safe_and_mapped_back() -> None:
    toolbox = box(Source("device", "self.audio.set volume", "开灯", "关灯"))
    names = offered(toolbox)
    assert names[0] == "self_audio_set_volume"
    assert len(set(names)) == 3
    for name in names:
        assert await toolbox.call(name, '{"n": 1}', FakeCaller()) == Outcome("1")


async def test_of_two_with_one_name_both_can_be_called() -> None:
    async def other(arguments: Mapping[str, Any]) -> Outcome:
        return Outcome("other")

    toolbox = box(Source("builtin", "time"), Source("mcp:a", "time", work=other))
    assert offered(toolbox) == ["time", "mcp_a_time"]
    assert (await toolbox.call("mcp_a_time", '{"n": 1}', FakeCaller())).text == "other"


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=90)), max_size=8, unique=True))
def test_every_name_is_one_that_models_take(pairs: list[tuple[str, str]]) -> None:
    specs = [ToolSpec(Tool(name, "", {}), source) for source, name in pairs]
    named = by_safe_name(specs)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in named)
    assert len(named) >= len({safe_name(spec.tool.name) for spec in specs})


async def test_a_plugin_stands_in_for_the_built_in_tool_of_its_name() -> None:
    toolbox = box(Source("builtin", "time", "leave"), Source("plugin", "time"))
    assert offered(toolbox) == ["leave", "plugin_time"]
    assert offered(toolbox, "builtin/*") == ["time", "leave"]
    unready = box(Source("builtin", "time"), Source("plugin", "time", needs="A key."))
    assert offered(unready) == ["time"]


async def test_an_agents_list_decides_and_is_kept_at_the_call() -> None:
    toolbox = box(Source("builtin", "a", "b"), Source("mcp:x", "c", "d"))
    assert offered(toolbox) == ["a", "b", "c", "d"]
    assert offered(toolbox, "builtin/b", "mcp:x/*") == ["b", "c", "d"]
    outcome = await toolbox.call("a", '{"n": 1}', FakeCaller(), frozenset({"builtin/b"}))
    assert outcome.failed and "no tool" in outcome.text


async def test_what_needs_something_is_known_but_not_offered() -> None:
    toolbox = box(Source("builtin", "search", needs="It needs a key."))
    assert offered(toolbox) == []
    assert "search" in toolbox.specs(FakeCaller())
    assert "needs a key" in (await toolbox.call("search", '{"n": 1}', FakeCaller())).text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [("{", "valid JSON"), ("[1]", "object"), ("{}", "'n' is a required"), ('{"n": "x"}', "n: 'x' is not")],
)
async def test_wrong_arguments_are_told_to_the_model(arguments: str, says: str) -> None:
    outcome = await box(Source("builtin", "a")).call("a", arguments, FakeCaller())
    assert outcome.failed and says in outcome.text


async def test_a_number_in_quotes_is_a_number() -> None:
    assert await box(Source("builtin", "a")).call("a", '{"n": "7"}', FakeCaller()) == Outcome("7")


async def test_a_foreign_schema_fetches_nothing_and_a_wrong_one_lets_pass() -> None:
    for schema in ({"$ref": "http://127.0.0.1:9/x.json"}, {"type": "nonsense"}):
        source = Source("mcp:x", "a")
        source.found = [ToolSpec(Tool("a", "", schema), "mcp:x")]
        assert await box(source).call("a", '{"n": 1}', FakeCaller()) == Outcome("1")


async def test_what_a_tool_raises_becomes_an_outcome() -> None:
    async def broken(arguments: Mapping[str, Any]) -> Outcome:
        raise ValueError("no such\nthing")

    toolbox = box(Source("builtin", "a", work=broken))
    outcome = await toolbox.call("a", '{"n": 1}', FakeCaller())
    assert outcome == Outcome("The tool failed: ValueError: no such", failed=True)
    assert toolbox.calls.last_error("builtin/a") == outcome.text
    assert (await toolbox.call("nothing", "", FakeCaller())).failed


async def test_a_tool_that_hangs_is_left_behind_even_if_it_will_not_stop() -> None:
    release = asyncio.Event()

    async def stubborn(arguments: Mapping[str, Any]) -> Outcome:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return Outcome("late")

    toolbox = box(Source("builtin", "a", work=stubborn, timeout=0.05))
    outcome = await toolbox.call("a", '{"n": 1}', FakeCaller())
    assert outcome.failed and "longer than 0.05 seconds" in outcome.text
    release.set()
    await toolbox.close()


async def test_cancelling_the_turn_cancels_the_tool() -> None:
    stopped, began = asyncio.Event(), asyncio.Event()

    async def long(arguments: Mapping[str, Any]) -> Outcome:
        began.set()
        try:
            await asyncio.sleep(3600)
        finally:
            stopped.set()
        return Outcome()

    toolbox = box(Source("builtin", "a", work=long))
    turn = asyncio.create_task(toolbox.call("a", '{"n": 1}', FakeCaller()))
    await began.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    await asyncio.wait_for(stopped.wait(), 10)


async def test_only_so_many_calls_run_at_once() -> None:
    running, most = 0, 0

    async def count(arguments: Mapping[str, Any]) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return Outcome("ok")

    toolbox = box(Source("builtin", "a", work=count), max_concurrent=3)
    done = await asyncio.gather(*(toolbox.call("a", '{"n": 1}', FakeCaller()) for _ in range(12)))
    assert (most, {outcome.text for outcome in done}) == (3, {"ok"})


async def test_long_results_are_cut_and_calls_are_logged() -> None:
    async def long(arguments: Mapping[str, Any]) -> Outcome:
        return Outcome("x" * 100)

    toolbox = box(Source("builtin", "a", work=long), max_result_chars=10, log_calls=2)
    for _ in range(3):
        outcome = await toolbox.call("a", '{"n": 1}', FakeCaller())
    assert outcome.text == "x" * 10 + "\n[cut: 90 more characters]"
    kept = toolbox.calls.of("builtin/a")
    assert [(one.arguments, one.failed) for one in kept] == [('{"n": 1}', False)] * 2


async def test_a_conversations_own_sources_share_the_log() -> None:
    toolbox = box(Source("builtin", "a"))
    own = toolbox.with_sources([Source("device", "lamp")])
    assert (offered(toolbox), offered(own)) == (["a"], ["a", "lamp"])
    await own.call("lamp", '{"n": 1}', FakeCaller())
    assert len(toolbox.calls.of("device/lamp")) == 1


async def test_a_source_that_cannot_tell_takes_nothing_from_the_others() -> None:
    class Broken(Source):
        def specs(self, caller: Caller) -> Sequence[ToolSpec]:
            raise RuntimeError("gone")

    assert offered(box(Broken("mcp:x", "c"), Source("builtin", "a"))) == ["a"]


async def test_closing_stops_what_runs() -> None:
    stopped = asyncio.Event()

    async def long(arguments: Mapping[str, Any]) -> Outcome:
        try:
            await asyncio.sleep(3600)
        finally:
            stopped.set()
        return Outcome()

    toolbox = box(Source("builtin", "a", work=long))
    turn = asyncio.create_task(toolbox.call("a", '{"n": 1}', FakeCaller()))
    await until(lambda: toolbox._shared.tasks)
    await toolbox.close()
    assert stopped.is_set()
    assert (await turn).failed
