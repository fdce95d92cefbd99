"""The built-in tools as one source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaikou.errors import NotFound
from kaikou.tools.builtin import (
    clock,
    devices,
    home_assistant,
    knowledge,
    lunar,
    music,
    news,
    reminders,
    session,
    weather,
    web_search,
)
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec
from kaikou.tools.threads import ToolThreads

SOURCE = "builtin"
_FILES: tuple[Callable[[Parts], Sequence[FunctionTool]], ...] = (
    clock.tools,
    lunar.tools,
    weather.tools,
    news.tools,
    music.tools,
    session.tools,
    web_search.tools,
    home_assistant.tools,
    knowledge.tools,
    reminders.tools,
    devices.tools,
)


class Builtins:
    """The tools of this folder."""

    name = SOURCE

    def __init__(self, parts: Parts, threads: ToolThreads) -> None:
        found = [one for tools in _FILES for one in tools(parts)]
        self._threads = threads
        self._tools = {one.tool.name: (one, one.spec(SOURCE)) for one in found}

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return [spec for tool, spec in self._tools.values() if tool.offered is None or tool.offered(caller)]

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        if name not in self._tools:
            raise NotFound(f"There is no built-in tool {name!r}.", code="tool_not_found")
        return await self._tools[name][0].call(arguments, caller, self._threads)

    def status(self) -> SourceStatus:
        missing = sum(bool(spec.needs) for _, spec in self._tools.values())
        detail = f"{len(self._tools)} tools" + (f", {missing} of them not set up." if missing else ".")
        return SourceStatus("ok", detail)
