"""A device's own tools as a source for its conversation: MCP of today's firmware, things of older ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaikou.api.xiaozhi.session import DeviceSession
from kaikou.api.xiaozhi.status import tells_status, volume_in
from kaikou.engines.ports import Tool
from kaikou.errors import KaikouError
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec, counted

SOURCE = "device"


class DeviceTools:
    """Offers what the device told so far. ``session`` gives the session once there is one."""

    name = SOURCE

    def __init__(self, session: Callable[[], DeviceSession | None], timeout: float) -> None:
        self._session = session
        self._timeout = timeout
        self._specs: dict[int, ToolSpec] = {}
        """By the tool's identity: the toolbox knows unchanged tools by theirs."""

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        session = self._session()
        known = self._specs
        self._specs = {id(tool): known.get(id(tool)) or self._spec(tool) for tool in self._tools(session)}
        return tuple(self._specs.values())

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        session = self._session()
        if session is None:
            return Outcome("The device is not connected.", failed=True)
        answer = await session.call_tool(name, arguments)
        return Outcome(answer.text or "Done.", failed=answer.failed)

    def status(self) -> SourceStatus:
        tools = len(self._tools(self._session()))
        return SourceStatus("ok", f"{counted(tools, 'tool')}.")

    def _spec(self, tool: Tool) -> ToolSpec:
        return ToolSpec(tool, SOURCE, timeout=self._timeout)

    @staticmethod
    def _tools(session: DeviceSession | None) -> Sequence[Tool]:
        return () if session is None else session.tools


async def set_volume(session: DeviceSession, percent: int) -> None:
    """Set the loudness with the device's own tool. KaikouError where it has none, or refuses."""
    for tool in session.tools:
        taken = [
            name
            for name, schema in (tool.parameters.get("properties") or {}).items()
            if isinstance(schema, Mapping) and schema.get("type") in ("integer", "number")
        ]
        plain = tool.name.lower().replace("_", "").replace("-", "")
        if plain.endswith("setvolume") and len(taken) == 1:
            answer = await session.call_tool(tool.name, {taken[0]: percent})
            if answer.failed:
                raise KaikouError(answer.text, code="volume_refused")
            return
    raise KaikouError("This device's loudness can't be set from here.", code="no_volume")


async def volume_of(session: DeviceSession) -> int | None:
    """How loud the device says it is, 0 to 100; None where it doesn't."""
    for tool in session.tools:
        if tells_status(tool.name):
            return volume_in((await session.call_tool(tool.name, {})).text)
    return None
