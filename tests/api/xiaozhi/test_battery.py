"""How full a sleeping device's battery was, on the wire and in the owner's hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from api.xiaozhi.device import MAC, Home, home

from kaikou.store.records import now


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


async def _told(house: Home, times: int) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while house.changes.count((MAC, "battery")) < times:
            await asyncio.sleep(0.01)
    found: dict[str, Any] = (await house.http.get(f"/api/devices/{MAC}")).json()
    return found


async def test_a_device_is_asked_once_and_what_it_told_outlives_the_connection(house: Home) -> None:
    before = now().isoformat()
    await house.bound()
    assert (await house.http.get(f"/api/devices/{MAC}")).json()["battery"] is None
    async with house.device(features={"mcp": True}) as device:
        await device.until("mcp")
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 1, "result": {}})
        listed = [{"name": "self.get_device_status", "description": "Status"}]
        answer = {"jsonrpc": "2.0", "id": 2, "result": {"tools": listed}}
        assert (await device.until("mcp"))["payload"]["method"] == "tools/list"
        await device.send(type="mcp", payload=answer)
        call = (await device.until("mcp"))["payload"]
        assert (call["method"], call["params"]["name"]) == ("tools/call", "self.get_device_status")
        report = orjson.dumps({"battery": {"level": 40, "charging": True}}).decode()
        result = {"content": [{"type": "text", "text": report}], "isError": False}
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": call["id"], "result": result})
        known = (await _told(house, 1))["battery"]
        assert (known["percent"], known["charging"]) == (40, True) and known["told_at"] >= before[:19]
        # Its tools change: it is not asked again.
        changed = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        await device.send(type="mcp", payload=changed)
        assert (await device.until("mcp"))["payload"]["method"] == "tools/list"
        await device.send(type="mcp", payload=answer)
        await device.send(type="ping")
        seen = len(device.log)
        await device.until("pong")
        assert "mcp" not in device.names(seen)
    await house.settled()
    asleep = (await house.http.get("/api/devices")).json()["devices"][0]
    assert not asleep["online"] and asleep["battery"] == known


async def test_older_firmware_tells_it_as_a_things_state(house: Home) -> None:
    async with house.device() as device:
        for state in ("half", {"level": 12, "charging": False}, {"level": "low"}):
            await device.send(type="iot", states=[{"name": "Battery", "state": state}])
        known = (await _told(house, 1))["battery"]
        assert (known["percent"], known["charging"]) == (12, False)
