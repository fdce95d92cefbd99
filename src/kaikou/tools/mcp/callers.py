"""Who uses an endpoint's tools from outside: answered as one MCP server that stands for all that are
connected to the endpoint. The SDK's server keeps each caller's ids apart from ours.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from kaikou.errors import KaikouError, LimitReached
from kaikou.machine import kaikou_version
from kaikou.tools.mcp.endpoints import Endpoint, Using
from kaikou.tools.mcp.listing import said

if TYPE_CHECKING:
    from mcp import MCPError
    from mcp.client import Transport
    from mcp.server.lowlevel import Server
    from mcp.types import (
        CallToolRequestParams,
        CallToolResult,
        ListToolsResult,
        PaginatedRequestParams,
    )

log = logging.getLogger(__name__)

NOT_CONNECTED, TOO_MANY, FAILED = -32001, -32002, -32603
"""JSON-RPC errors; the last is the standard's."""


async def answer(endpoint: Endpoint, transport: Transport, over: asyncio.Event) -> None:
    """Answer the caller behind ``transport`` until ``over``, which is set where it goes, or where the
    endpoint is closed. LimitReached ``too_many_connections``."""
    if len(endpoint.callers) >= endpoint.settings.endpoint_callers:
        raise LimitReached(
            "Too many use this endpoint's tools.",
            code="too_many_connections",
            hint="Raise tools.endpoint_callers.",
        )
    caller = Using(over)
    endpoint.callers.add(caller)
    try:
        # The server brings in a framework's worth of modules: not on the event loop.
        server = await asyncio.to_thread(_server, endpoint, caller)
        async with transport as (read, write):
            ways = [
                asyncio.ensure_future(server.run(read, write, _options(server))),
                asyncio.ensure_future(_tell_changes(caller, write)),
                asyncio.ensure_future(over.wait()),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                for result in await asyncio.gather(*ways, return_exceptions=True):
                    # A caller that goes breaks what is being read and written.
                    if isinstance(result, Exception) and not over.is_set():
                        log.warning("%s: a caller was not answered: %s", endpoint.name, said(result))
    finally:
        endpoint.callers.discard(caller)


def _options(server: Server[Any]) -> Any:
    from mcp.server.lowlevel import NotificationOptions

    return server.create_initialization_options(NotificationOptions(tools_changed=True))


async def _tell_changes(caller: Using, write: Any) -> None:
    """Tell the caller when the tools are others; several changes that it has not taken yet are one."""
    from mcp.shared.message import SessionMessage
    from mcp.types import JSONRPCNotification

    message = JSONRPCNotification(jsonrpc="2.0", method="notifications/tools/list_changed")
    while True:
        await caller.changed.wait()
        caller.changed.clear()
        await write.send(SessionMessage(message))


def _server(endpoint: Endpoint, caller: Using) -> Server[Any]:
    from mcp import MCPError
    from mcp.server.lowlevel import Server
    from mcp.types import ListToolsResult, Tool

    calls, most = 0, endpoint.settings.endpoint_calls

    async def listed(_: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        caller.asked = True
        if not endpoint.connections:
            raise _error(NOT_CONNECTED, "No server is connected to this endpoint.")
        return ListToolsResult(
            tools=[
                Tool(name=one.tool.name, description=one.tool.description, input_schema=one.tool.parameters)
                for one in endpoint.offered()
            ]
        )

    async def called(_: Any, params: CallToolRequestParams) -> CallToolResult:
        nonlocal calls
        if calls >= most:
            raise _error(TOO_MANY, f"{most} calls are under way.")
        calls += 1
        try:
            return await endpoint.result_of(params.name, params.arguments or {})
        except KaikouError as error:
            raise _error(NOT_CONNECTED, str(error)) from None
        except MCPError:
            raise  # the server's own error, as it said it
        except Exception as error:  # noqa: BLE001 - noted by the endpoint; the caller is told
            raise _error(FAILED, said(error)) from None
        finally:
            calls -= 1

    return Server("kaikou", version=kaikou_version(), on_list_tools=listed, on_call_tool=called)


def _error(code: int, message: str) -> MCPError:
    from mcp import MCPError

    return MCPError(code, message)
