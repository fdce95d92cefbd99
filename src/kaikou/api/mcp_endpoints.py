"""Where MCP servers dial in: ``/mcp_endpoint/mcp/?token=…``, raw JSON-RPC in text frames; where their tools
are used from outside: ``/mcp_endpoint/call/``, with the same token; and the endpoints' administration at
``/api/tools/endpoints``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep, runtime_of
from kaikou.api.tools import room_of
from kaikou.errors import KaikouError, NotReady
from kaikou.tools.mcp.callers import answer
from kaikou.tools.mcp.endpoints import Endpoint, McpEndpoints

if TYPE_CHECKING:
    from mcp.client import Transport

log = logging.getLogger(__name__)

dialled = APIRouter(include_in_schema=False)
router = APIRouter(prefix="/api/tools/endpoints", tags=["tools"], responses={404: {"model": Problem}})

PATH, CALL_PATH = "/mcp_endpoint/mcp/", "/mcp_endpoint/call/"
WAITING = 16
SEND_SECONDS = 10.0
POLICY, TOO_BIG = 1008, 1009


class EndpointOut(BaseModel):
    id: str
    source: str = Field(description="Its name among the sources at /api/tools.")
    agent_id: str
    name: str
    created_at: datetime
    connections: int = Field(description="Servers connected now.")


class EndpointList(BaseModel):
    endpoints: list[EndpointOut]


class NewEndpoint(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    agent: str | None = Field(None, description="The agent that gets the tools; default: the first one.")


class MadeEndpoint(EndpointOut):
    token: str = Field(description="Shown this once.")
    url: str = Field(description="What the server is told to connect to; the token is part of it.")


@router.get("")
async def list_endpoints(runtime: RuntimeDep) -> EndpointList:
    return EndpointList(endpoints=[EndpointOut(**_told(one)) for one in _endpoints(runtime).sources()])


@router.post("", status_code=201, responses={422: {"model": Problem}})
async def make_endpoint(body: NewEndpoint, request: Request, runtime: RuntimeDep) -> MadeEndpoint:
    """A new endpoint, and the address with its token."""
    agent = await runtime.agents.get(body.agent or runtime.agents.default_id)
    made, token = await _endpoints(runtime).create(agent.id, body.name)
    scheme = "wss" if request.url.scheme == "https" else "ws"
    url = f"{scheme}://{request.url.netloc}{PATH}?token={token}"
    return MadeEndpoint(**_told(made), token=token, url=url)


@router.delete("/{endpoint_id}", status_code=204)
async def revoke_endpoint(endpoint_id: str, runtime: RuntimeDep) -> None:
    """Its token is good for nothing from now on, and who is connected is disconnected."""
    await _endpoints(runtime).revoke(endpoint_id)


@dialled.get("/mcp_endpoint/health")
async def health(runtime: RuntimeDep, key: str = "") -> JSONResponse:
    """How an endpoint does; ``key`` is its token."""
    found = _endpoints(runtime).of_token(key)
    if found is None:
        return JSONResponse({"status": "error", "message": "The key is no endpoint's token."}, 401)
    status = found.status()
    return JSONResponse({"status": "success", "connections": found.connections, "detail": status.detail})


@dialled.websocket(PATH.rstrip("/"))
@dialled.websocket(PATH)
async def dial_in(websocket: WebSocket) -> None:
    """An MCP server, which is asked for its tools as long as it is connected."""
    await _serve(websocket, Endpoint.serve)


@dialled.websocket(CALL_PATH.rstrip("/"))
@dialled.websocket(CALL_PATH)
async def call_in(websocket: WebSocket) -> None:
    """An MCP client, which is answered by the servers connected to the endpoint."""
    await _serve(websocket, answer)


async def _serve(
    websocket: WebSocket, work: Callable[[Endpoint, Transport, asyncio.Event], Awaitable[None]]
) -> None:
    """Let in who has an endpoint's token; ``work`` is done with its JSON-RPC until the socket ends."""
    runtime = runtime_of(websocket)
    try:
        endpoint = _endpoints(runtime).of_token(websocket.query_params.get("token", ""))
    except KaikouError:
        endpoint = None
    if endpoint is None or runtime.draining:
        address = websocket.client.host if websocket.client else ""
        log.warning("a stranger at an MCP endpoint was refused", extra={"address": address})
        if "websocket.http.response" in websocket.scope.get("extensions", {}):
            body = {"success": False, "message": "The token is no endpoint's."}
            await websocket.send_denial_response(JSONResponse(body, 401))
        else:
            await websocket.close(POLICY)
        return
    await websocket.accept()
    code, reason = 1000, ""
    try:
        over = asyncio.Event()
        await work(endpoint, _lines(websocket, over), over)
    except KaikouError as error:
        code, reason = POLICY, error.code
    except Exception as error:  # whatever a stranger's server may do; the endpoint keeps what it was
        log.info("an MCP endpoint's connection ended", exc_info=error)
        code, reason = POLICY, "failed"
    if websocket.client_state is WebSocketState.CONNECTED:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await websocket.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return  # it went first


@asynccontextmanager
async def _lines(websocket: WebSocket, over: asyncio.Event) -> AsyncIterator[tuple[Any, Any]]:
    """The socket as the SDK's pair of streams; ``over`` is set when the socket ends. What waits is bounded: a
    server that sends faster than it is read is read more slowly."""
    import anyio
    from mcp.shared.message import SessionMessage
    from mcp.types import jsonrpc_message_adapter

    to_client, read = anyio.create_memory_object_stream[Any](WAITING)
    write, from_client = anyio.create_memory_object_stream[Any](WAITING)

    longest = runtime_of(websocket).settings.tools.endpoint_chars

    async def receive() -> None:
        async with to_client:
            try:
                while True:
                    text = await websocket.receive_text()
                    if len(text) > longest:
                        await websocket.close(TOO_BIG, "message_too_big")
                        return
                    try:
                        message = jsonrpc_message_adapter.validate_json(text, by_name=False)
                    except ValueError as error:
                        await to_client.send(error)
                        continue
                    await to_client.send(SessionMessage(message))
            except (WebSocketDisconnect, KeyError, RuntimeError, anyio.BrokenResourceError):
                return  # gone, bytes instead of text, or nobody listens any more
            finally:
                over.set()

    async def send() -> None:
        async with from_client:
            async for found in from_client:
                text = found.message.model_dump_json(by_alias=True, exclude_unset=True)
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await websocket.send_text(text)
                except (TimeoutError, RuntimeError, WebSocketDisconnect):
                    over.set()
                    return

    async with read, write:
        tasks = [asyncio.create_task(receive()), asyncio.create_task(send())]
        try:
            yield read, write
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def _endpoints(runtime: Runtime) -> McpEndpoints:
    found = room_of(runtime).endpoints
    if found is None:
        raise NotReady("The server is still starting.")
    return found


def _told(endpoint: Endpoint) -> dict[str, Any]:
    row = endpoint.row
    return {
        "id": row.id,
        "source": endpoint.name,
        "agent_id": row.agent_id,
        "name": row.name,
        "created_at": row.created_at,
        "connections": endpoint.connections,
    }
