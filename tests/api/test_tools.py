"""The tools' routes around real sources, and an agent's list of tools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tools.callers import until

from kaikou.agents.service import AgentService
from kaikou.api import agents, mcp_servers, problems, tools
from kaikou.api.events import Feed
from kaikou.api.runtime import Runtime
from kaikou.settings.tree import Settings
from kaikou.store.agents import AgentRepository
from kaikou.store.database import Database
from kaikou.tools.room import ToolRoom

PLUGIN = '''
from kaikou.tools import Caller, Outcome, SetVolume, tool

@tool
async def shout(word: str, caller: Caller) -> Outcome:
    """Shout a word."""
    await caller.say("One moment.")
    return Outcome(word.upper(), effects=(SetVolume(90),))
'''


@dataclass
class House:
    client: httpx.AsyncClient
    room: ToolRoom
    feed: Feed


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data_dir=tmp_path)
    database = await Database.open(settings)
    feed = Feed()
    changes = tools.SourceChanges(feed)
    room = ToolRoom(tmp_path, settings.tools, changed=changes.note)
    runtime = Runtime(
        settings=settings,
        loaded=None,  # type: ignore[arg-type]
        pool=None,  # type: ignore[arg-type]
        weights=None,  # type: ignore[arg-type]
        database=database,
        journal=None,  # type: ignore[arg-type]
        conversations=None,  # type: ignore[arg-type]
        agents=AgentService(AgentRepository(database)),
        guard=None,  # type: ignore[arg-type]
        feed=feed,
        tools=room,
    )
    app = FastAPI()
    app.state.runtime = runtime
    problems.install(app)
    app.include_router(mcp_servers.router)
    app.include_router(tools.router)
    app.include_router(agents.router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        room.start()
        yield House(client, room, feed)
    await room.close()
    changes.close()
    await database.close()


async def sources(house: House) -> dict[str, dict[str, Any]]:
    answer = await house.client.get("/api/tools")
    assert answer.status_code == 200, answer.text
    return {source["name"]: source for source in answer.json()["sources"]}


async def test_every_source_tells_its_tools_and_how_it_does(house: House) -> None:
    found = await sources(house)
    assert list(found) == ["builtin", "plugin"]
    by_name = {tool["name"]: tool for tool in found["builtin"]["tools"]}
    assert by_name["get_time"]["id"] == "builtin/get_time"
    assert by_name["get_time"]["parameters"]["properties"]["zone"]["type"] == "string"
    assert "search_key" in by_name["web_search"]["needs"]


async def test_a_plugin_appears_is_called_and_logged(house: House, tmp_path: Path) -> None:
    await until((tmp_path / "plugins").is_dir)
    with house.feed.reader() as changes:
        (tmp_path / "plugins" / "loud.py").write_text(PLUGIN)
        await until(lambda: house.room.plugins.specs(None))  # type: ignore[arg-type]
        told = await changes.get()
        assert told is not None and (told.kind, told.data) == ("tools", {"source": "plugin"})
    answer = await house.client.post("/api/tools/plugin/shout/call", json={"arguments": {"word": "hey"}})
    body = answer.json()
    assert body.pop("seconds") > 0
    assert body == {
        "text": "HEY",
        "speak": None,
        "failed": False,
        "effects": ["volume 90"],
        "said": ["One moment."],
    }
    wrong = (await house.client.post("/api/tools/plugin/shout/call", json={})).json()
    assert wrong["failed"] and "'word' is a required" in wrong["text"]
    tool = (await sources(house))["plugin"]["tools"][0]
    assert [call["failed"] for call in tool["calls"]] == [False, True]
    assert tool["last_error"] == wrong["text"]
    (tmp_path / "plugins" / "loud.py").write_text("raise RuntimeError('oh')")
    await until(lambda: house.room.plugins.status().state == "failed")
    assert (await sources(house))["plugin"]["error"] == "loud: RuntimeError: oh (line 1)"


async def test_a_tool_that_is_tried_has_neither_a_device_nor_memories(house: House, tmp_path: Path) -> None:
    await until((tmp_path / "plugins").is_dir)
    (tmp_path / "plugins" / "asks.py").write_text("""
from kaikou.tools import Caller, tool

@tool
async def asks(caller: Caller) -> str:
    \"\"\"Asks and sends.\"\"\"
    assert await caller.recall("tea") == ""
    await caller.send({"type": "light"})
    return "sent"
""")
    await until(lambda: house.room.plugins.specs(None))  # type: ignore[arg-type]
    answer = (await house.client.post("/api/tools/plugin/asks/call", json={})).json()
    assert answer["failed"] and "no device to send to" in answer["text"]


async def test_a_tool_that_is_not_there_is_a_problem(house: House) -> None:
    answer = await house.client.post("/api/tools/builtin/nothing/call", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "tool_not_found")


async def test_an_agent_has_a_list_of_tools(house: House) -> None:
    fields: dict[str, Any] = {"name": "A", "prompt": "P"}
    made = (await house.client.post("/api/agents", json=fields)).json()
    assert made["tools"] is None
    path = f"/api/agents/{made['id']}"
    for wanted in (["builtin/get_time", "mcp:fs/*", "device/self.audio.set volume"], [], None):
        changed = await house.client.patch(path, json={"tools": wanted})
        assert changed.json()["tools"] == wanted
        assert (await house.client.get(path)).json()["tools"] == wanted
    copied = await house.client.patch(path, json={"tools": ["builtin/get_time"]})
    twin = await house.client.post(f"{path}/duplicate")
    assert twin.json()["tools"] == copied.json()["tools"]
    for wrong in (["get_time"], [""], ["a/b"] * 501):
        answer = await house.client.patch(path, json={"tools": wrong})
        assert (answer.status_code, answer.json()["param"]) == (422, "tools")
