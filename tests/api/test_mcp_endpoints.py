"""MCP servers that dial in: the SDK's own server over a socket, the routes, and strangers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from api.live_server import live_server, product
from asgi_server import serving
from fastapi import FastAPI
from mcp.server.mcpserver import MCPServer
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from tools.callers import FakeCaller, until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from kaikou.accounts.middleware import GuardMiddleware
from kaikou.api import mcp_endpoints, problems, tools
from kaikou.settings.services import ToolSettings
from kaikou.store.endpoints import EndpointRepository
from kaikou.tools.mcp.endpoints import McpEndpoints
from kaikou.tools.room import ToolRoom


@dataclass
class House:
    http: httpx.AsyncClient
    room: ToolRoom
    endpoints: McpEndpoints
    port: int
    agent: str

    async def made(self, name: str = "calculator", **more: str) -> dict[str, Any]:
        answer = await self.http.post("/api/tools/endpoints", json={"name": name, **more})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    @property
    def caller(self) -> FakeCaller:
        return FakeCaller(agent_id=self.agent)

    def tools(self) -> set[str]:
        return {one.name for one in self.room.toolbox.tools(self.caller)}


@asynccontextmanager
async def house_of(folder: Path, **changes: Any) -> AsyncIterator[House]:
    settings = ToolSettings(mcp_connect_timeout=5, **changes)
    async with live_server(folder) as server:
        runtime = server.runtime
        endpoints = McpEndpoints(EndpointRepository(runtime.database), settings)
        await endpoints.load()
        runtime.tools = room = ToolRoom(folder, settings, endpoints=endpoints)
        app = FastAPI()
        app.state.runtime = runtime
        problems.install(app)
        for router in (mcp_endpoints.router, mcp_endpoints.dialled, tools.router):
            app.include_router(router)
        app.add_middleware(GuardMiddleware, guard=runtime.guard)
        try:
            async with serving(product(app, 1 << 20)) as (port, _):
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
                    yield House(http, room, endpoints, port, runtime.agents.default_id)
                endpoints.close()
        finally:
            await room.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with house_of(tmp_path) as running:
        yield running


def calculator(name: str = "add") -> MCPServer:
    server = MCPServer("calculator")

    @server.tool(name=name)
    def add(a: int, b: int) -> str:
        """Add two numbers."""
        return f"{a + b}"

    @server.tool()
    async def hang() -> str:
        """Never answer."""
        await asyncio.sleep(3600)
        return ""

    return server


@asynccontextmanager
async def dialled(url: str, server: MCPServer) -> AsyncIterator[Any]:
    """The server on a socket, as the ready-made bridges do it: JSON-RPC in text frames."""
    to_server, read = anyio.create_memory_object_stream[Any](16)
    write, from_server = anyio.create_memory_object_stream[Any](16)
    async with connect(url, compression=None) as socket:

        async def receive() -> None:
            async with to_server:
                async for text in socket:
                    message = jsonrpc_message_adapter.validate_json(text, by_name=False)
                    await to_server.send(SessionMessage(message))

        async def send() -> None:
            async for found in from_server:
                await socket.send(found.message.model_dump_json(by_alias=True, exclude_unset=True))

        lower = server._lowlevel_server
        tasks = [
            asyncio.create_task(work)
            for work in (receive(), send(), lower.run(read, write, lower.create_initialization_options()))
        ]
        try:
            yield socket
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def test_a_server_that_dials_in_brings_its_tools_to_its_agent(house: House) -> None:
    made = await house.made()
    assert made["url"] == f"ws://127.0.0.1:{house.port}/mcp_endpoint/mcp/?token={made['token']}"
    async with dialled(made["url"], calculator()):
        await until(lambda: "add" in house.tools())
        assert (await house.room.toolbox.call("add", '{"a": 2, "b": 3}', house.caller)).text == "5"
        listed = (await house.http.get("/api/tools")).json()["sources"]
        source = next(one for one in listed if one["name"] == made["source"])
        assert (source["state"], source["detail"]) == ("ok", "1 connected, 2 tools.")
        assert {one["id"] for one in source["tools"]} >= {f"{made['source']}/add"}
        other = house.room.toolbox.tools(FakeCaller(agent_id="another"))
        assert "add" not in {one.name for one in other}
        health = await house.http.get(f"/mcp_endpoint/health?key={made['token']}")
        assert health.json()["connections"] == 1
    await until(lambda: "add" not in house.tools())
    [endpoint] = house.endpoints.sources()
    assert endpoint.status().state == "loading" and endpoint.connections == 0
    # It comes again with the same token.
    async with dialled(made["url"].replace("/mcp/?", "/mcp?"), calculator()):
        await until(lambda: "add" in house.tools())


async def test_several_servers_on_one_endpoint(house: House) -> None:
    made = await house.made()
    async with dialled(made["url"], calculator()), dialled(made["url"], calculator("plus")):
        await until(lambda: {"add", "plus"} <= house.tools())
        assert (await house.room.toolbox.call("plus", '{"a": 1, "b": 1}', house.caller)).text == "2"
    await until(lambda: not {"add", "plus"} & house.tools())


async def test_tools_that_change_are_read_again(house: House) -> None:
    made = await house.made()
    server = calculator()
    async with dialled(made["url"], server) as socket:
        await until(lambda: "add" in house.tools())
        server.remove_tool("add")
        await socket.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}))
        await until(lambda: "add" not in house.tools())


async def test_a_call_that_hangs_or_loses_its_server_is_an_answer(tmp_path: Path) -> None:
    async with house_of(tmp_path, timeout=1) as house:
        made = await house.made()
        async with dialled(made["url"], calculator()):
            await until(lambda: "hang" in house.tools())
            assert (await house.room.toolbox.call("hang", "{}", house.caller)).failed
            assert (await house.room.toolbox.call("add", '{"a": 2, "b": 3}', house.caller)).text == "5"


async def test_a_call_under_way_when_the_server_goes_fails_at_once(house: House) -> None:
    made = await house.made()
    async with dialled(made["url"], calculator()) as socket:
        await until(lambda: "hang" in house.tools())
        call = asyncio.create_task(house.room.toolbox.call("hang", "{}", house.caller))
        await asyncio.sleep(0.05)
        await socket.close()
        async with asyncio.timeout(10):
            assert (await call).failed


CALLERS, CALLS = ToolSettings().endpoint_callers, ToolSettings().endpoint_calls


class Asker:
    """A caller of an endpoint's tools, which writes its JSON-RPC itself."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def send(self, number: Any, method: str, **params: Any) -> None:
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self.socket.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        """The next answer."""
        while "id" not in (found := await self.received()):
            assert found["method"] == "notifications/tools/list_changed"
        return found

    async def received(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            found: dict[str, Any] = json.loads(await self.socket.recv())
        return found

    async def ask(self, number: Any, method: str, **params: Any) -> dict[str, Any]:
        await self.send(number, method, **params)
        answer = await self.next()
        assert answer["id"] == number
        return answer


@asynccontextmanager
async def asking(made: dict[str, Any]) -> AsyncIterator[Asker]:
    url = made["url"].replace("/mcp/?", "/call/?")
    async with connect(url, compression=None, max_size=None, max_queue=None) as socket:
        asker = Asker(socket)
        told = await asker.ask(
            1,
            "initialize",
            protocolVersion="2024-11-05",
            capabilities={},
            clientInfo={"name": "test", "version": "1"},
        )
        assert told["result"]["serverInfo"]["name"] == "kaikou" and "tools" in told["result"]["capabilities"]
        await socket.send('{"jsonrpc":"2.0","method":"notifications/initialized"}')
        yield asker


async def test_callers_are_told_when_the_tools_are_others(house: House) -> None:
    made = await house.made()
    server = calculator()
    async with asking(made) as silent, asking(made) as asker:
        assert "error" in await asker.ask(2, "tools/list")
        async with dialled(made["url"], server) as socket:
            assert (await asker.received())["method"] == "notifications/tools/list_changed"
            assert {one["name"] for one in (await asker.ask(3, "tools/list"))["result"]["tools"]} == {
                "add",
                "hang",
            }
            server.remove_tool("add")
            await socket.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}))
            assert (await asker.received())["method"] == "notifications/tools/list_changed"
            assert [one["name"] for one in (await asker.ask(4, "tools/list"))["result"]["tools"]] == ["hang"]
        assert (await asker.received())["method"] == "notifications/tools/list_changed"
        assert "result" in await silent.ask(2, "ping"), "who never asked is told nothing"


async def test_callers_use_the_tools_of_the_servers_that_dialled_in(house: House) -> None:
    made = await house.made()
    async with asking(made) as first, asking(made) as second:
        for method, params in (("tools/list", {}), ("tools/call", {"name": "add", "arguments": {}})):
            assert "connected" in (await first.ask(2, method, **params))["error"]["message"]
        async with dialled(made["url"], calculator()), dialled(made["url"], calculator("plus")):
            await until(lambda: {"add", "plus"} <= house.tools())
            tools = (await first.ask("x", "tools/list"))["result"]["tools"]
            assert {one["name"] for one in tools} == {"add", "plus", "hang"}
            schema = next(one["inputSchema"] for one in tools if one["name"] == "add")
            assert set(schema["properties"]) == {"a", "b"}
            # Both may use the same ids; each gets its own answers.
            await asyncio.gather(
                *(
                    one.send(7, "tools/call", name="add", arguments={"a": a, "b": 1})
                    for one, a in ((first, 1), (second, 5))
                )
            )
            for one, wanted in ((first, "2"), (second, "6")):
                answer = await one.next()
                assert answer["id"] == 7 and answer["result"]["content"][0]["text"] == wanted
            assert (await second.ask(8, "tools/call", name="nothing", arguments={}))["error"][
                "code"
            ] == -32001
            assert (await second.ask(9, "resources/list"))["error"]["code"] == -32601
            wrong = await second.ask(10, "tools/call", name="add", arguments={"a": "x"})
            assert wrong["result"]["isError"], "the server's own answer"
        await until(lambda: not {"add", "plus"} & house.tools())
        assert "error" in await first.ask(11, "tools/call", name="add", arguments={"a": 1, "b": 1})


async def test_a_callers_calls_are_bounded_in_time_and_number(tmp_path: Path) -> None:
    async with house_of(tmp_path, timeout=2) as house:
        made = await house.made()
        async with dialled(made["url"], calculator()), asking(made) as asker:
            await until(lambda: "hang" in house.tools())
            for number in range(2, 2 + CALLS + 3):
                await asker.send(number, "tools/call", name="hang", arguments={})
            answers = [await asker.next() for _ in range(CALLS + 3)]
            codes = [one["error"]["code"] for one in answers]
            assert codes.count(-32002) == 3 and len(set(codes)) == 2, codes
            added = await asker.ask(99, "tools/call", name="add", arguments={"a": 2, "b": 3})
            assert added["result"]["content"][0]["text"] == "5"


async def test_callers_need_the_token_and_a_place(house: House) -> None:
    for token in ("", "x"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{house.port}/mcp_endpoint/call/?token={token}").__aenter__()
        assert refused.value.response.status_code == 401
    made = await house.made()
    [endpoint] = house.endpoints.sources()
    async with AsyncExitStack() as stack:
        askers = [await stack.enter_async_context(asking(made)) for _ in range(CALLERS)]
        async with connect(made["url"].replace("/mcp/?", "/call?")) as socket:
            async with asyncio.timeout(10):
                await socket.wait_closed()
            assert (socket.close_code, socket.close_reason) == (1008, "too_many_connections")
        # What is no JSON-RPC is forgotten, what is too long ends the connection.
        await askers[0].socket.send("{not json")
        assert "result" in await askers[0].ask(2, "ping")
        with suppress(ConnectionClosed):
            await askers[0].socket.send("x" * 1_200_000)
        async with asyncio.timeout(10):
            await askers[0].socket.wait_closed()
        await until(lambda: len(endpoint.callers) == CALLERS - 1)
        assert (await house.http.delete(f"/api/tools/endpoints/{made['id']}")).status_code == 204
        for asker in askers:
            async with asyncio.timeout(10):
                await asker.socket.wait_closed()
    await until(lambda: not endpoint.callers)


async def test_a_revoked_token_is_good_for_nothing(house: House) -> None:
    made = await house.made()
    async with dialled(made["url"], calculator()) as socket:
        await until(lambda: "add" in house.tools())
        assert (await house.http.delete(f"/api/tools/endpoints/{made['id']}")).status_code == 204
        async with asyncio.timeout(10):
            await socket.wait_closed()
    assert "add" not in house.tools()
    with pytest.raises(InvalidStatus):
        await connect(made["url"]).__aenter__()
    assert (await house.http.delete(f"/api/tools/endpoints/{made['id']}")).status_code == 404


async def test_strangers(house: House) -> None:
    for token in ("", "x", "é" * 10):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{house.port}/mcp_endpoint/mcp/?token={token}").__aenter__()
        assert refused.value.response.status_code == 401
    assert (await house.http.get("/mcp_endpoint/health?key=x")).status_code == 401
    assert (await house.http.get("/mcp_endpoint/health")).status_code == 401
    assert (await house.http.post("/api/tools/endpoints", json={"name": " "})).status_code == 422
    missing = await house.http.post("/api/tools/endpoints", json={"name": "x", "agent": "nobody"})
    assert missing.json()["code"] == "agent_not_found"


@pytest.mark.parametrize("sent", ["{not json", '"text"', "[]", b"\0\1", "x" * 1_200_000])
async def test_what_is_no_mcp_server_brings_nothing(tmp_path: Path, sent: Any) -> None:
    async with house_of(tmp_path) as house:
        house.endpoints._settings = ToolSettings(mcp_connect_timeout=0.3)
        made = await house.made()
        async with connect(made["url"], max_size=None) as socket:
            with suppress(ConnectionClosed):
                await socket.send(sent)
            async with asyncio.timeout(10):
                await socket.wait_closed()
        [endpoint] = house.endpoints.sources()
        await until(lambda: not endpoint.connections)
        assert not endpoint.specs(house.caller) and (endpoint.status().error or endpoint.status().log)


async def test_endpoints_are_kept_and_their_tokens_are_not(tmp_path: Path) -> None:
    async with house_of(tmp_path) as house:
        token = (await house.made())["token"]
    async with house_of(tmp_path) as house:
        assert house.endpoints.of_token(token) is not None
        [listed] = (await house.http.get("/api/tools/endpoints")).json()["endpoints"]
        assert listed["name"] == "calculator" and "token" not in listed
    assert not any(token.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
