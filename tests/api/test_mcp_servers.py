"""MCP servers changed from the page: the file it writes, and what is never done from there."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from api.test_tools import House, house, sources

from kaikou.tools.mcp.editing import McpFile

__all__ = ["house"]

NOWHERE = "http://127.0.0.1:9/mcp"


async def names(house: House) -> dict[str, bool]:
    listed = (await house.client.get("/api/tools/mcp")).json()["servers"]
    return {one["name"]: one["disabled"] for one in listed}


async def test_a_server_is_added_switched_removed_and_brought_back(house: House, tmp_path: Path) -> None:
    wanted = {"name": "calendar", "url": f"{NOWHERE}?key=hidden", "transport": "http", "token": "secret"}
    added = await house.client.post("/api/tools/mcp", json=wanted)
    assert added.status_code == 201, added.text
    assert added.json()["servers"] == [
        {
            "name": "calendar",
            "address": f"{NOWHERE}?…",
            "program": False,
            "transport": "http",
            "disabled": False,
            "agents": None,
            "origin": "mcp.json",
            "editable": True,
        }
    ]
    assert "hidden" not in added.text and "secret" not in added.text
    file = tmp_path / "mcp.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["mcpServers"]["calendar"]["token"] == "secret"
    assert "mcp:calendar" in await sources(house)
    assert (await house.client.post("/api/tools/mcp", json=wanted)).json()["code"] == "mcp_server_exists"
    restarted = await house.client.post("/api/tools/mcp/calendar/restart")
    assert restarted.status_code == 202 and "mcp:calendar" in await sources(house)

    await house.client.patch("/api/tools/mcp/calendar", json={"disabled": True})
    assert await names(house) == {"calendar": True} and "mcp:calendar" not in await sources(house)
    await house.client.patch("/api/tools/mcp/calendar", json={"disabled": False})
    assert await names(house) == {"calendar": False} and "mcp:calendar" in await sources(house)

    granted = await house.client.patch("/api/tools/mcp/calendar", json={"agents": ["partner"]})
    assert [(one["agents"], one["disabled"]) for one in granted.json()["servers"]] == [(["partner"], False)]
    assert json.loads(file.read_text())["mcpServers"]["calendar"]["agents"] == ["partner"]
    granted = await house.client.patch("/api/tools/mcp/calendar", json={"agents": None})
    assert [one["agents"] for one in granted.json()["servers"]] == [None]

    assert (await house.client.delete("/api/tools/mcp/calendar")).json()["removed"] == "calendar"
    assert await names(house) == {} and "mcp:calendar" not in await sources(house)
    await house.client.post("/api/tools/mcp/calendar/restore")
    assert await names(house) == {"calendar": False}
    assert json.loads(file.read_text())["mcpServers"]["calendar"]["token"] == "secret"
    again = await house.client.post("/api/tools/mcp/calendar/restore")
    assert (again.status_code, again.json()["code"]) == (404, "mcp_server_not_found")


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"name": "a b", "url": NOWHERE}, "name"),
        ({"name": "../x", "url": NOWHERE}, "name"),
        ({"name": "a", "url": "file:///etc/passwd"}, "url"),
        ({"name": "a", "url": "http://"}, "url"),
        ({"name": "a", "url": "http://[x"}, "url"),
        ({"name": "a", "command": "sh", "url": NOWHERE}, "command"),
    ],
)
async def test_what_is_no_address_is_refused(
    house: House, tmp_path: Path, wanted: dict[str, str], param: str
) -> None:
    answer = await house.client.post("/api/tools/mcp", json=wanted)
    assert answer.status_code == 422 and param in answer.text
    assert not (tmp_path / "mcp.json").exists()


async def test_programs_and_what_else_a_file_holds_stay(house: House, tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    program = {"command": "/nowhere/program", "args": ["x"], "disabled": True}
    file.write_text(json.dumps({"theme": "dark", "mcpServers": {"files": program}}))
    file.chmod(0o640)
    await house.client.post("/api/tools/mcp", json={"name": "a", "url": NOWHERE})
    kept = json.loads(file.read_text())
    assert kept["theme"] == "dark" and kept["mcpServers"]["files"] == program
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    listed = {one["name"]: one for one in (await house.client.get("/api/tools/mcp")).json()["servers"]}
    assert listed["files"]["program"] and listed["files"]["address"] == "/nowhere/program"
    missing = await house.client.patch("/api/tools/mcp/nothing", json={"disabled": True})
    assert (missing.status_code, missing.json()["code"]) == (404, "mcp_server_not_found")


async def test_a_broken_file_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("{broken")
    with pytest.raises(Exception, match="can't be read") as refused:
        await McpFile(path).add("a", NOWHERE)
    assert getattr(refused.value, "code", "") == "invalid_mcp_file"
    assert path.read_text() == "{broken" and list(tmp_path.iterdir()) == [path]
