"""MCP servers for real: the SDK's own server as a child process over stdio, streamable HTTP and SSE."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from ports import free_port
from tools.callers import FakeCaller, until

from kaikou.errors import SettingsError
from kaikou.settings.services import McpServerSettings, ToolSettings
from kaikou.tools.mcp import connection
from kaikou.tools.mcp.config import headers_of, read_file, server_of
from kaikou.tools.mcp.connection import McpServer
from kaikou.tools.mcp.listing import said
from kaikou.tools.mcp.servers import McpServers
from kaikou.tools.ports import Outcome
from kaikou.tools.toolbox import Toolbox

SERVER = Path(__file__).with_name("mcp_server.py")
SETTINGS = ToolSettings(mcp_connect_timeout=30)
ENTRY = {"command": sys.executable, "args": [str(SERVER)], "env": {"WHO": "stdio"}}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.05)
    monkeypatch.setattr(connection, "LONGEST_WAIT", 0.2)


@asynccontextmanager
async def connected(entry: dict[str, Any], settings: ToolSettings = SETTINGS) -> AsyncIterator[McpServer]:
    found = McpServer("little", server_of(entry), settings)
    found.start()
    try:
        await until(lambda: found.status().state == "ok", 60)
        yield found
    finally:
        await found.close()


@asynccontextmanager
async def listening(transport: str) -> AsyncIterator[int]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SERVER), transport, str(port), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()


def box(server: McpServer) -> Toolbox:
    return Toolbox(SETTINGS, [server])


async def test_a_server_over_stdio() -> None:
    async with connected(ENTRY) as server:
        toolbox = box(server)
        names = [tool.name for tool in toolbox.tools(FakeCaller())]
        assert names == ["add", "files_read_all", "hang", "die"]
        spec = server.specs(FakeCaller())[0]
        assert (spec.id, spec.tool.description) == ("mcp:little/add", "Add two numbers.")
        assert await toolbox.call("add", '{"a": 2, "b": 3}', FakeCaller()) == Outcome("5 from stdio")
        failed = await toolbox.call("files_read_all", "{}", FakeCaller())
        assert failed.failed and "files.read all" in failed.text
        assert (await toolbox.call("add", '{"a": "x"}', FakeCaller())).failed


async def test_a_connection_that_fails_as_it_is_closed_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = asyncio.Event()

    @asynccontextmanager
    async def failing(server: McpServer) -> AsyncIterator[Any]:
        opening.set()
        try:
            yield await asyncio.Future()
        except asyncio.CancelledError:
            raise ConnectionError("refused at this very moment") from None

    monkeypatch.setattr(McpServer, "_open", failing)
    server = McpServer("little", server_of(ENTRY), SETTINGS)
    server.start()
    await opening.wait()
    await server.close()
    assert server.name not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_server_that_died_comes_back() -> None:
    async with connected(ENTRY) as server:
        outcome = await box(server).call("die", "{}", FakeCaller())
        assert outcome.failed
        await until(lambda: any("I am dying" in line for line in server.status().log), 60)
        await until(lambda: sum("connected" in line for line in server.status().log) == 2, 60)
        assert await box(server).call("add", '{"a": 1, "b": 1}', FakeCaller()) == Outcome("2 from stdio")


async def test_a_call_that_hangs_ends_and_the_server_goes_on() -> None:
    async with connected({**ENTRY, "timeout": 0.3}) as server:
        assert (await box(server).call("hang", "{}", FakeCaller())).failed
        assert await box(server).call("add", '{"a": 1, "b": 1}', FakeCaller()) == Outcome("2 from stdio")


@pytest.mark.parametrize(
    ("transport", "path", "entry"),
    [
        ("streamable-http", "mcp", {"type": "streamable-http"}),
        ("streamable-http", "mcp", {}),
        ("sse", "sse", {"transport": "sse"}),
        ("sse", "sse?key=1", {}),
    ],
)
async def test_servers_over_http(transport: str, path: str, entry: dict[str, str]) -> None:
    async with listening(transport) as port:
        entry = {**entry, "url": f"http://127.0.0.1:{port}/{path}"}
        async with connected(entry) as server:
            outcome = await box(server).call("add", '{"a": 1, "b": 2}', FakeCaller())
            assert outcome == Outcome("3 from nobody")


async def test_a_server_that_never_answers_delays_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"command": sys.executable, "args": ["-c", "import time; time.sleep(3600)"]}
    server = McpServer("dead", server_of(entry), ToolSettings(mcp_connect_timeout=0.5))
    server.start()
    assert server.specs(FakeCaller()) == ()
    assert (await box(server).call("add", "{}", FakeCaller())).failed
    await until(lambda: server.status().state == "failed")
    assert server.status().error == "The server didn't answer in time."
    await server.close()


async def test_a_command_that_does_not_exist_is_told() -> None:
    server = McpServer("none", server_of({"command": "no-such-command-here"}), SETTINGS)
    server.start()
    await until(lambda: server.status().state == "failed")
    assert "no-such-command-here" in server.status().error
    await server.close()


def test_a_program_is_named_where_the_event_loop_does_not_name_it() -> None:
    error = ExceptionGroup("tasks", [FileNotFoundError(2, "No such file or directory")])
    assert said(error, "npx") == "The program npx can't be started: No such file or directory."


async def test_the_file_is_read_again_as_it_changes(tmp_path: Path) -> None:
    changes: list[str] = []
    file = tmp_path / "mcp.json"
    file.write_text(json.dumps({"mcpServers": {"a": ENTRY, "off": {**ENTRY, "disabled": True}}}))
    servers = McpServers(tmp_path, SETTINGS, changes.append)
    servers.start()

    def states() -> dict[str, str]:
        return {source.name: source.status().state for source in servers.sources()}

    try:
        await until(lambda: states() == {"mcp:a": "ok"}, 60)
        first = servers.sources()[0]
        file.write_text("{ not json")
        await until(lambda: states() == {"mcp:a": "ok", "mcp:mcp.json": "failed"}, 60)
        entries = {"a": ENTRY, "b": {"url": "x", "type": "carrier-pigeon"}}
        file.write_text(json.dumps({"mcpServers": entries}))
        await until(lambda: states() == {"mcp:a": "ok", "mcp:b": "failed"}, 60)
        assert servers.sources()[0] is first
        file.unlink()
        await until(lambda: states() == {}, 60)
        assert {"mcp:a", "mcp:b", "mcp:mcp.json"} <= set(changes)
    finally:
        await servers.close()


async def test_only_some_agents_get_a_servers_tools() -> None:
    async with connected({**ENTRY, "agents": ["tutor"]}) as server:
        assert server.specs(FakeCaller()) == ()
        assert len(server.specs(FakeCaller(agent_id="tutor"))) == 4


def test_the_reference_servers_file_is_understood(tmp_path: Path) -> None:
    file = tmp_path / ".mcp_server_settings.json"
    entry = {
        "url": "http://x/y",
        "transport": "streamable-http",
        "API_ACCESS_TOKEN": "secret",
        "des": "notes",
    }
    file.write_text(json.dumps({"mcpServers": {"a": entry, "b": {"command": "npx", "url": "http://x"}}}))
    good, bad = read_file(file)
    assert (good["a"].transport, headers_of(good["a"])) == ("http", {"Authorization": "Bearer secret"})
    assert bad == {"b": "it has both a command and a url"}
    assert read_file(tmp_path / "none.json") == ({}, {})
    file.write_text("[]")
    with pytest.raises(SettingsError):
        read_file(file)


def test_secrets_do_not_show() -> None:
    server = McpServerSettings(command="x", env={"KEY": "hush"}, headers={"a": "hush"}, token="hush")  # type: ignore[dict-item, arg-type]
    assert "hush" not in repr(server)
