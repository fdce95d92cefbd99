"""A device at the edges: what changes while it connects, what comes at the wrong moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from api.xiaozhi.device import CLIENT, MAC, Device, Home, home

from kaikou.api.xiaozhi.framing import Framing
from kaikou.api.xiaozhi.link import Link
from kaikou.api.xiaozhi.session import DeviceSession


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as found:
        yield found


async def test_an_unbound_device_is_spoken_to_in_its_own_language(house: Home) -> None:
    headers = {"Device-Id": MAC, "Client-Id": CLIENT, "Accept-Language": "en-US"}
    found = (await house.http.post("/xiaozhi/ota/", json={}, headers=headers)).json()
    async with house.socket(found["websocket"]["token"]) as line:
        device = Device(line, Framing("1"))
        await device.hello()
        assert (await device.until("alert"))["status"] == "Activation"
        said = await device.until("tts", state="sentence_start")
        assert said["text"].startswith("To bind this device")


async def test_a_device_that_connected_unbound_is_bound_with_all_it_told(house: Home) -> None:
    found = await house.ota(board={"type": "bread-compact", "name": "Bread"})
    async with house.socket(found["websocket"]["token"]) as line:
        device = Device(line, Framing("1"))
        await device.hello()
        await device.until("alert")
        body = {"code": found["activation"]["code"]}
        bound = (await house.http.post("/api/devices/bind", json=body)).json()
        assert (bound["model"], bound["board"]) == ("bread-compact", "Bread")


async def test_a_device_unbound_before_it_said_hello_is_let_go(house: Home) -> None:
    token = await house.bound()
    async with house.socket(token) as line:
        assert (await house.http.delete(f"/api/devices/{MAC}")).status_code == 200
        await Device(line, Framing("1")).socket.send('{"type":"hello"}')
        async with asyncio.timeout(10):
            await line.wait_closed()
    await house.settled()
    assert house.desk.figures.ended["its binding was changed"] == 1
    assert house.registry.online(MAC) is None


async def test_a_device_bound_before_it_said_hello_has_to_come_again(house: Home) -> None:
    found = await house.ota()
    async with house.socket(found["websocket"]["token"]) as line:
        await house.bound()
        await line.send('{"type":"hello"}')
        async with asyncio.timeout(10):
            await line.wait_closed()
    await house.settled()
    assert house.registry.waiting == (), "no code is made for a device that is bound"


async def test_a_device_that_comes_back_to_a_full_server_has_its_own_place(tmp_path: Path) -> None:
    async with home(tmp_path, live={"max_sessions": 1}) as house:
        token = await house.bound()
        async with house.device(token), house.device(token) as again:
            await again.send(type="ping")
            await again.until("pong")


async def test_another_installation_does_not_take_a_bound_devices_connection(house: Home) -> None:
    token = await house.bound()
    stranger = (await house.ota(MAC, "another"))["websocket"]["token"]
    async with house.device(token) as device:
        async with house.socket(stranger, client="another") as line:
            await line.send('{"type":"hello"}')
            async with asyncio.timeout(10):
                await line.wait_closed()
        await device.send(type="ping")
        await device.until("pong")


async def test_unbound_devices_of_which_too_many_wait_are_let_go(house: Home) -> None:
    """The code ran out while the device was away, and its address has no place for another."""
    token = (await house.ota())["websocket"]["token"]
    house.registry._codes.forget(MAC)
    for number in range(16):
        await house.ota(f"aa:bb:cc:00:00:{number:02x}", str(number))
    async with house.socket(token) as line:
        await line.send('{"type":"hello"}')
        async with asyncio.timeout(10):
            await line.wait_closed()
    await house.settled()
    assert house.desk.figures.ended["too_many_codes"] == 1
    assert house.desk.unbound == 0


async def test_a_long_silence_does_not_cut_who_has_just_pressed_the_button(house: Home) -> None:
    async with house.device() as device:
        session = _session(house)
        session._voice_at -= 1_000
        await device.send(type="listen", state="start", mode="manual")
        await device.send(type="ping")
        await device.until("pong")
        session._look_for_idle()
        assert not session._leaving


async def test_a_device_that_tells_its_tools_in_a_second_hello_is_asked_for_them(house: Home) -> None:
    async with house.device() as device:
        await device.hello(features={"mcp": True})
        assert (await device.until("mcp"))["payload"]["method"] == "initialize"


async def test_a_call_for_firmware_that_never_ends_is_answered_without_it(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi={"hello_seconds": 0.2}) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        head = f"POST /xiaozhi/ota/ HTTP/1.1\r\nHost: x\r\nDevice-Id: {MAC}\r\nContent-Length: 100\r\n\r\n{{"
        writer.write(head.encode())
        async with asyncio.timeout(10):
            assert b"200" in await reader.readline()
        writer.close()


def _session(house: Home) -> DeviceSession:
    link = house.registry.online(MAC)
    assert isinstance(link, Link) and isinstance(link._session, DeviceSession)
    return link._session
