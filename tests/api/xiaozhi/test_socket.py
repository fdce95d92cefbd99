"""The socket's door and its bounds: who may in, and what broken, hostile and slow clients can do."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from api.xiaozhi.device import CLIENT, MAC, Device, Home, home
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kaikou.api.xiaozhi.framing import Framing


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


# -- the door


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"token": ""}, 401),
        ({"token": "nonsense.1"}, 401),
        ({"client": "another"}, 401),
        ({"mac": "aa:bb:cc:dd:ee:99"}, 401),
        ({"mac": "unknown"}, 403),
    ],
)
async def test_refusals_come_before_the_handshake_and_keep_secrets(
    house: Home, change: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    token = await house.bound()
    given = {"token": token, **change}
    with caplog.at_level(logging.DEBUG), pytest.raises(InvalidStatus) as refused:
        async with house.socket(given.pop("token"), **given):
            pass
    assert refused.value.response.status_code == status
    assert sum(house.desk.figures.refused.values()) == 1
    ours = [
        record.getMessage() + str(vars(record))
        for record in caplog.records
        if record.name != "websockets.client"
    ]
    assert any("refused" in line for line in ours)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not any(token.partition(".")[0] in line for line in ours)


async def test_browsers_name_themselves_in_the_query(house: Home) -> None:
    token = await house.bound()
    query = f"?device-id={MAC}&client-id={CLIENT}&authorization=Bearer%20{token}"
    async with connect(f"ws://127.0.0.1:{house.port}/xiaozhi/v1/{query}", compression=None) as line:
        device = Device(line, Framing("1"))
        answer = await device.hello()
        assert answer["transport"] == "websocket" and answer["session_id"]


async def test_listed_devices_need_neither_code_nor_token(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi={"allowed_devices": ["AA-BB-CC-DD-EE-FF"]}) as house:
        async with house.socket("") as line:
            await Device(line, Framing("1")).hello()
        assert [one.id for one in await house.registry.all()] == [MAC]


async def test_tokens_survive_a_restart(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        token = await house.bound()
    async with home(tmp_path) as house, house.device(token) as device:
        assert device.session


async def test_an_unbound_device_shows_and_speaks_its_code_and_hears_nothing(house: Home) -> None:
    found = await house.ota()
    code = found["activation"]["code"]
    async with house.socket(found["websocket"]["token"]) as line:
        device = Device(line, Framing("1"))
        await device.hello()
        assert code in (await device.until("alert"))["message"]
        await device.until("tts", state="stop")
        said = "".join(device.texts("tts", state="sentence_start"))
        assert [character for character in said if character.isdecimal()] == list(code)
        await device.send(type="listen", state="detect", text="Are you there?")
        await device.send(type="listen", state="start", mode="auto")
        await device.speak(1.0)
        await device.send(type="ping")
        await device.until("pong")
        assert house.server.llm.prompts == [] and house.server.stt.calls == 0
        # Once it is bound it has to come again, as itself.
        assert (await house.http.post("/api/devices/bind", json={"code": code})).status_code == 201
        await line.wait_closed()
    await house.settled()
    page = await house.server.runtime.conversations.page()
    assert page.conversations == (), "nothing of it is kept"


# -- hello


@pytest.mark.parametrize("version", ["1", "2", "3"])
async def test_every_framing_carries_a_turn(house: Home, version: str) -> None:
    async with house.device(version=version) as device:
        await device.ask()
        await device.until("tts", state="stop")
        assert device.packets > 5 and sum(house.desk.figures.dropped.values()) == 0


async def test_the_gateways_frames_carry_a_turn(house: Home) -> None:
    async with house.device(path="/xiaozhi/v1/?from=mqtt_gateway") as device:
        await device.ask()
        await device.until("tts", state="stop")
        assert device.packets > 5


async def test_the_hello_tells_the_truth_and_may_come_again(house: Home) -> None:
    async with house.device() as device:
        again = await device.hello(features={"mcp": False}, unknown={"x": [1]}, audio_params="odd")
        assert again["audio_params"] == {
            "format": "opus",
            "sample_rate": 24000,
            "channels": 1,
            "frame_duration": 60,
        }
        await device.ask()
        await device.until("tts", state="stop")


async def test_an_app_may_speak_pcm(house: Home) -> None:
    audio = {"format": "pcm", "sample_rate": 16_000, "channels": 1, "frame_duration": 60}
    async with house.device(audio_params=audio) as device:
        device.decoder = None
        await device.send(type="listen", state="start", mode="auto")
        for level in [12000] * 11 + [0] * 30:
            await device.packet(level.to_bytes(2, "little") * 960)
        await device.until("stt")
        await device.until("tts", state="stop")
        sizes = {len(one) for _, one in device.log if isinstance(one, bytes)}
        assert sizes == {1440 * 2}
        await device.packet(b"odd")


async def test_whoever_says_no_hello_is_let_go(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi={"hello_seconds": 0.1}) as house:
        async with house.socket(await house.bound()) as line:
            await line.send('{"type":"listen","state":"start"}')
            await line.wait_closed()
            assert line.close_code == 1008
        assert house.desk.figures.dropped["before_hello"] == 1


# -- broken and hostile


BROKEN: list[Any] = [
    "", "{", "null", "[]", '"text"', "12", '{"type":5}', "{}", '{"type":"nonsense"}', "\ud7ff", "[" * 5000,
    '{"type":"listen"}', '{"type":"listen","state":7}', '{"type":"listen","state":"start","mode":[]}',
    '{"type":"listen","state":"detect","text":{"a":1}}', '{"type":"mcp"}',
    '{"type":"mcp","payload":{"id":9}}',
    '{"type":"iot","descriptors":{}}', '{"type":"iot","states":[1]}',
    '{"type":"hello","features":[],"audio_params":7}',
    '{"type":"listen","state":"detect","text":' + "[" * 900 + "]" * 900 + "}",
    '{"type":"listen","state":"start","mode":' + "[" * 900 + "]" * 900 + "}",
    '{"type":"iot","states":[{"name":[],"state":{}}]}',
    '{"type":"x","pad":"' + "y" * 70_000 + '"}', b"", b"\xff" * 3, bytes(9000), b"\x00",
]  # fmt: skip


async def test_nothing_a_client_sends_costs_it_the_socket(house: Home) -> None:
    async with house.device() as device:
        await device.send(type="listen", state="start", mode="realtime")
        for message in BROKEN:
            await device.socket.send(message)
        await device.send(type="server", action="restart", content={"secret": "x"})
        refused = await device.until("server")
        assert refused["status"] == "error"
        await device.send(type="listen", state="start", mode="auto")
        await device.ask()
        await device.until("tts", state="stop")
        dropped = house.desk.figures.dropped
        assert dropped["malformed_json"] == 10 and dropped["too_long"] == 2 and dropped["unknown_type"] == 1
        assert dropped["broken_audio"] >= 1 and not dropped["failed"]


async def test_a_text_too_long_is_refused_and_forgotten(tmp_path: Path) -> None:
    async with home(tmp_path, limits={"max_text_chars": 50}) as house, house.device() as device:
        await device.send(type="listen", state="detect", text="long " * 50)
        await device.send(type="listen", state="detect", text="short")
        await device.until("tts", state="stop")
        assert house.desk.figures.dropped["message_too_long"] == 1


async def test_a_client_that_does_not_read_costs_itself_only(tmp_path: Path) -> None:
    bounds = {"outbox_messages": 8, "send_seconds": 0.3}
    async with home(tmp_path, xiaozhi=bounds) as house, house.device() as device:
        assert house.server.asgi is not None
        for one in house.server.asgi.server_state.connections:
            # Little room in the kernel, so that it is soon full.
            one.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        device.socket.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        device.socket.transport.pause_reading()
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                while not house.desk.figures.ended["slow_client"]:
                    async with asyncio.timeout(1):
                        await device.send(type="ping")
        device.socket.transport.abort()
        await house.settled()
        assert house.desk.figures.ended["slow_client"] == 1, house.desk.figures.ended


async def test_a_device_that_comes_back_replaces_its_dead_connection(house: Home) -> None:
    token = await house.bound()
    async with house.device(token) as first, house.device(token) as second:
        await first.socket.wait_closed()
        assert first.socket.close_code == 4001
        await second.send(type="ping")
        await second.until("pong")
    await house.settled()


async def test_a_full_server_says_so(tmp_path: Path) -> None:
    async with home(tmp_path, live={"max_sessions": 1}) as house:
        other = await house.bound("aa:bb:cc:dd:ee:02", "other")
        async with house.device(), house.socket(other, mac="aa:bb:cc:dd:ee:02", client="other") as line:
            device = Device(line, Framing("1"))
            await line.send('{"type":"hello"}')
            assert "All 1 places" in (await device.until("alert"))["message"]
            await line.wait_closed()
            assert line.close_code == 1013


# -- from the owner's side


async def test_the_owner_sees_and_speaks_through_a_device(house: Home) -> None:
    features = {"mcp": True}
    async with house.device(features=features) as device:
        request = (await device.until("mcp"))["payload"]
        assert request["method"] == "initialize" and request["id"] == 1
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 1, "result": {}})
        await device.until("mcp")
        tools = [{"name": "self.get_device_status", "description": "Status"}]
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 2, "result": {"tools": tools}})
        await device.send(type="ping")
        await device.until("pong")
        one = (await house.http.get(f"/api/devices/{MAC}")).json()
        assert (
            one["online"] and one["state"] == "idle" and one["tools"][0]["name"] == "self_get_device_status"
        )

        # Asked once by itself, for when the device sleeps.
        assert (await device.until("mcp"))["payload"]["params"]["name"] == "self.get_device_status"
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 3, "error": {"message": "Not now."}})

        link = house.registry.connected(MAC)
        call = asyncio.create_task(link.call_tool("self_get_device_status", {}))
        asked = (await device.until("mcp"))["payload"]
        assert asked["id"] == 4 and asked["params"]["name"] == "self.get_device_status"
        result = {"content": [{"type": "text", "text": '{"battery": 80}'}]}
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 4, "result": result})
        assert (await call).text == '{"battery": 80}'
        path = f"/api/devices/{MAC}/tools/self_get_device_status/call"
        asking = asyncio.create_task(house.http.post(path, json={"arguments": {"a": 1}}))
        assert (await device.until("mcp"))["payload"]["params"]["arguments"] == {"a": 1}
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 5, "error": {"message": "No."}})
        told = (await asking).json()
        assert told.pop("seconds") > 0 and told == {"text": "No.", "failed": True}
        missing = await house.http.post(f"/api/devices/{MAC}/tools/nothing/call", json={})
        assert (missing.status_code, missing.json()["code"]) == (404, "tool_not_found")

        assert (
            await house.http.post(f"/api/devices/{MAC}/speak", json={"text": "Dinner!"})
        ).status_code == 202
        assert (await device.until("tts", state="sentence_start"))["text"] == "Dinner!"
        await device.until("tts", state="stop")
        await house.http.post(f"/api/devices/{MAC}/alert", json={"message": "Rain."})
        assert {"status", "message", "emotion"} <= (await device.until("alert")).keys()
        await house.http.post(f"/api/devices/{MAC}/reboot")
        assert (await device.until("system"))["command"] == "reboot"
        assert (await house.http.delete(f"/api/devices/{MAC}")).json()["unbound"] == MAC
        await device.socket.wait_closed()
    gone = await house.http.post(f"/api/devices/{MAC}/speak", json={"text": "x"})
    assert gone.status_code == 404
    await house.bound()
    offline = await house.http.post(f"/api/devices/{MAC}/speak", json={"text": "x"})
    assert (offline.status_code, offline.json()["code"]) == (409, "device_offline")
    assert {"online", "state", "offline", "unbound"} <= {change for _, change in house.changes}
