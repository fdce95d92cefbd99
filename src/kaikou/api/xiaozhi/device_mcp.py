"""The MCP server inside a device, spoken to over its own connection (JSON-RPC 2.0).

``initialize`` has id 1, every page of ``tools/list`` id 2, calls count from 3: clients rely on the
first two, and nothing collides.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from kaikou.api.xiaozhi.tool_names import safe_names
from kaikou.devices.device import short
from kaikou.devices.ports import DeviceAnswer
from kaikou.engines.ports import Tool
from kaikou.machine import kaikou_version
from kaikou.settings.services import DeviceToolSettings

INITIALIZE, LIST, FIRST_CALL = 1, 2, 3
MOST_PAGES = 32
"""Of a list of tools: a device that goes on for ever is not followed."""
_START_SECONDS = 5.0
"""A device that does not answer ``initialize`` is asked for its tools all the same."""

_GONE = "The device disconnected."

Body = dict[str, Any]


class DeviceMcp:
    """``send`` takes a JSON-RPC message for the device. Belongs to one event loop."""

    def __init__(
        self,
        send: Callable[[Body], None],
        *,
        timeout: float,
        limits: DeviceToolSettings,
        vision_url: str = "",
        vision_token: str = "",
        on_tools: Callable[[], None] = lambda: None,
    ) -> None:
        self.ready = False
        """The list of tools is complete."""
        self._send = send
        self._timeout = timeout
        self._limits = limits
        self._vision = {"url": vision_url, "token": vision_token}
        self._on_tools = on_tools
        self._loop = asyncio.get_running_loop()
        self._ids = itertools.count(FIRST_CALL)
        self._calls: dict[int, asyncio.Future[DeviceAnswer]] = {}
        self._listed: list[Body] = []
        self._pages = 0
        self._listing = False
        self._changed = False
        """The tools changed while they were being listed."""
        self._started = self._closed = False
        self._tools: tuple[Tool, ...] = ()
        self._names: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Ask the device who it is; its tools follow. Safe to call twice."""
        if self._started:
            return
        self._started = True
        self._request(
            INITIALIZE,
            "initialize",
            {
                "protocolVersion": "2024-11-05",
                "capabilities": {"vision": self._vision, "roots": {}, "sampling": {}},
                "clientInfo": {"name": "kaikou", "version": kaikou_version()},
            },
        )
        self._timer = self._loop.call_later(_START_SECONDS, self._list)

    def close(self) -> None:
        """The connection is gone: calls under way fail, and those that come."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for call in self._calls.values():
            if not call.done():
                call.set_result(DeviceAnswer(_GONE, failed=True))
        self._calls.clear()

    @property
    def tools(self) -> tuple[Tool, ...]:
        return self._tools

    async def call(self, name: str, arguments: Mapping[str, Any]) -> DeviceAnswer:
        """Call a tool by its safe name. Never raises; bounded by the time-out."""
        if self._closed:
            return DeviceAnswer(_GONE, failed=True)
        own = self._names.get(name)
        if own is None:
            return DeviceAnswer(f"The device has no tool {name[:80]!r}.", failed=True)
        if len(self._calls) >= self._limits.max_calls:
            return DeviceAnswer("Too many calls of this device's tools are under way.", failed=True)
        number = next(self._ids)
        future = self._calls[number] = self._loop.create_future()
        try:
            try:
                self._request(number, "tools/call", {"name": own, "arguments": dict(arguments)})
            except TypeError as error:
                return DeviceAnswer(f"The arguments can't be sent: {error}.", failed=True)
            async with asyncio.timeout(self._timeout):
                answer: DeviceAnswer = await future
                return answer
        except TimeoutError:
            return DeviceAnswer(f"The device did not answer within {self._timeout:.0f} s.", failed=True)
        finally:
            self._calls.pop(number, None)

    def receive(self, payload: object) -> bool:
        """A message of the device. False where it means nothing here."""
        if not isinstance(payload, dict):
            return False
        if payload.get("method") == "notifications/tools/list_changed":
            # Pages have no ids of their own: the list under way is taken to its end first.
            self._changed = self._listing
            self._list()
            return True
        number = payload.get("id")
        if isinstance(number, bool) or not isinstance(number, int) or "method" in payload:
            return False
        if number == INITIALIZE:
            self._list()
        elif number == LIST and self._listing:
            self._listed_page(payload.get("result"))
        elif (call := self._calls.get(number)) is not None:
            if not call.done():
                call.set_result(_answer(payload, self._limits.max_result_chars))
        else:
            return False
        return True

    def _request(self, number: int, method: str, params: Body) -> None:
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def _list(self, cursor: str = "") -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not cursor:
            if self._listing:
                return
            self._listing, self._listed, self._pages = True, [], 0
        self._pages += 1
        self._timer = self._loop.call_later(self._timeout, self._listed_page, None)
        self._request(LIST, "tools/list", {"cursor": cursor})

    def _listed_page(self, result: object) -> None:
        """A page; None: it did not come in time, and what was listed so far counts."""
        page = result if isinstance(result, dict) else {}
        found = page.get("tools")
        self._listed += [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        cursor = page.get("nextCursor")
        most = self._limits.max_tools
        if isinstance(cursor, str) and cursor and self._pages < MOST_PAGES and len(self._listed) < most:
            self._list(cursor)
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._listing = False
        self._take(self._listed[:most])
        if self._changed:
            self._changed = False
            self._list()

    def _take(self, listed: list[Body]) -> None:
        by_name = {name: one for one in listed if isinstance(name := one.get("name"), str) and name}
        self._names = safe_names(list(by_name))
        self._tools = tuple(
            Tool(
                safe,
                short(by_name[own].get("description"), 2_000),
                _schema(by_name[own].get("inputSchema"), self._limits.max_schema_bytes),
            )
            for safe, own in self._names.items()
        )
        self.ready = True
        self._on_tools()


def _schema(value: object, largest: int) -> Body:
    """The parameters as they were told, where they can be passed on; else none."""
    if isinstance(value, dict) and value and isinstance(value.get("properties", {}), dict):
        try:
            if len(orjson.dumps(value)) <= largest:
                return value
        except TypeError:  # nested deeper than JSON is written
            pass
    return {"type": "object", "properties": {}}


def _answer(payload: Body, most: int) -> DeviceAnswer:
    """In at most ``most`` characters. The device's errors come without a code."""
    error = payload.get("error")
    if error is not None:
        message = error.get("message") if isinstance(error, dict) else error
        if not message:
            message = "The device reported an error."
        return DeviceAnswer(_said(message, most), failed=True)
    result = payload.get("result")
    if not isinstance(result, dict):
        return DeviceAnswer(as_json(result, most))
    content = result.get("content")
    texts = (
        [
            _said(part["text"], most)
            for part in content
            if isinstance(part, dict) and part.get("type") == "text" and "text" in part
        ]
        if isinstance(content, list)
        else [as_json(result, most)]
    )
    return DeviceAnswer("\n".join(texts)[:most], failed=result.get("isError") is True)


def _said(value: object, most: int) -> str:
    return value[:most] if isinstance(value, str) else as_json(value, most)


def as_json(value: object, most: int) -> str:
    """What a device told, as text of at most ``most`` characters."""
    try:
        return orjson.dumps(value).decode()[:most]
    except TypeError:
        return "nested too deeply"
