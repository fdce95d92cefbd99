"""Who uses an endpoint's tools from outside: answered as one MCP server that stands for all that are
connected to the endpoint. The SDK's server keeps each caller's ids apart from ours.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kaikou.errors import KaikouError, LimitReached
from kaikou.machine import kaikou_version
from kaikou.tools.mcp.endpoints import Endpoint
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

MOST_CALLERS, MOST_CALLS = 8, 16
"""Of one endpoint; at once of one caller."""
NOT_CONNECTED, TOO_MANY, FAILED = -32001, -32002, -32603
"""JSON-RPC errors; the last is the standard's."""


async def answer(endpoint: Endpoint, transport: Transport, over: asyncio.Event) -> None:
    """Answer the caller behind ``transport`` until ``over``, which is set where it goes, or where the
    endpoint is closed. LimitReached ``too_many_connections``."""
    if len(endpoint.callers) >= MOST_CALLERS:
        raise LimitReached("Too many use this endpoint's tools.", code="too_many_connections")
    endpoint.callers.add(over)
    try:
        # The server brings in a framework's worth of modules: not on the event loop.
        server = await asyncio.to_thread(_server, endpoint)
        async with transport as (read, write):
            ways = [
                asyncio.ensure_future(server.run(read, write, server.create_initialization_options())),
                asyncio.ensure_future(over.wait()),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
    finally:
        endpoint.callers.discard(over)


def _server(endpoint: Endpoint) -> Server[Any]:
    from mcp import MCPError
    from mcp.server.lowlevel import Server
    from mcp.types import ListToolsResult, Tool

    calls = 0

    async def listed(_: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
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
        if calls >= MOST_CALLS:
            raise _error(TOO_MANY, f"{MOST_CALLS} calls are under way.")
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
