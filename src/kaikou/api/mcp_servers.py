"""``/api/tools/mcp``: which MCP servers there are; those at an address are added and changed here.

Programs (``command``) are set in the settings or in ``mcp.json`` by the machine's owner alone: a login to the
page must not be enough to start one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.problems import Problem
from kaikou.api.runtime import RuntimeDep
from kaikou.api.tools import room_of
from kaikou.store.records import now
from kaikou.tools.mcp.servers import Entry, McpServers

router = APIRouter(
    prefix="/api/tools/mcp",
    tags=["tools"],
    responses={404: {"model": Problem}, 409: {"model": Problem}, 422: {"model": Problem}},
)


class McpServerOut(BaseModel):
    name: str
    address: str = Field(description="Its address without secrets, or the program that is started.")
    program: bool
    transport: str
    disabled: bool
    agents: list[str] | None = Field(description="Agents that get its tools; null for all.")
    origin: str = Field(description="settings, or the file that names it.")
    editable: bool = Field(description="It can be switched and removed here.")


class McpServerList(BaseModel):
    servers: list[McpServerOut]
    file: str = Field(description="Where the page keeps them, and where programs are added by hand.")


class NewMcpServer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    url: str
    transport: Literal["auto", "http", "sse"] = "auto"
    token: str = Field("", description="Sent as a bearer token; kept in the file.", max_length=4_000)


class McpChange(BaseModel):
    """What may be changed; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    disabled: bool | None = Field(None, description="Left out for now.")
    agents: list[str] | None = Field(
        None, description="Ids of the agents that get its tools; null for all.", max_length=1_000
    )


class Removed(BaseModel):
    removed: str
    restorable_until: datetime = Field(description="Until then POST …/restore brings it back.")


@router.get("")
async def list_mcp_servers(runtime: RuntimeDep) -> McpServerList:
    """By name; how each does is told with its tools at /api/tools."""
    return _list(room_of(runtime).mcp)


@router.post("", status_code=201)
async def add_mcp_server(body: NewMcpServer, runtime: RuntimeDep) -> McpServerList:
    """Add a server that runs somewhere, and connect to it."""
    servers = room_of(runtime).mcp
    await servers.file.add(
        body.name.strip(), body.url.strip(), transport=body.transport, token=body.token.strip()
    )
    await servers.load()
    return _list(servers)


@router.patch("/{name}")
async def change_mcp_server(name: str, body: McpChange, runtime: RuntimeDep) -> McpServerList:
    """Leave a server of the file out for now or use it again; say which agents get its tools."""
    servers = room_of(runtime).mcp
    if body.disabled is not None:
        await servers.file.switch(name, on=not body.disabled)
    if "agents" in body.model_fields_set:
        await servers.file.grant(name, body.agents)
    await servers.load()
    runtime.feed.publish("tools", source=f"mcp:{name}")
    return _list(servers)


@router.delete("/{name}")
async def remove_mcp_server(name: str, runtime: RuntimeDep) -> Removed:
    """Take a server out of the file; it can be brought back for ``limits.undo_seconds``."""
    servers, seconds = room_of(runtime).mcp, runtime.settings.limits.undo_seconds
    await servers.file.remove(name, keep_seconds=seconds)
    await servers.load()
    runtime.feed.publish("tools", source=f"mcp:{name}")
    return Removed(removed=name, restorable_until=now() + timedelta(seconds=seconds))


@router.post("/{name}/restore")
async def restore_mcp_server(name: str, runtime: RuntimeDep) -> McpServerList:
    servers = room_of(runtime).mcp
    await servers.file.restore(name)
    await servers.load()
    return _list(servers)


@router.post("/{name}/restart", status_code=202)
async def restart_mcp_server(name: str, runtime: RuntimeDep) -> None:
    """Connect to it anew; a program is ended and started again."""
    await room_of(runtime).mcp.restart(name)


def _list(servers: McpServers) -> McpServerList:
    return McpServerList(
        servers=[_out(one, servers.file.path.name) for one in servers.entries], file=str(servers.file.path)
    )


def _out(entry: Entry, file: str) -> McpServerOut:
    server = entry.server
    return McpServerOut(
        name=entry.name,
        address=server.command or _without_secrets(server.url or ""),
        program=server.command is not None,
        transport=server.transport,
        disabled=server.disabled,
        agents=server.agents,
        origin=entry.origin,
        editable=entry.origin == file,
    )


def _without_secrets(url: str) -> str:
    """Names, passwords and queries of addresses often are keys."""
    split = urlsplit(url)
    host = split.netloc.rpartition("@")[2]
    return urlunsplit((split.scheme, host, split.path, "…" if split.query else "", ""))
