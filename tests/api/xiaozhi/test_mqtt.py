"""Devices over MQTT and UDP: whole turns, and what nobody should be able to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from api.live_server import ANSWER
from api.xiaozhi.device import MAC, Home, home
from api.xiaozhi.mqtt_device import MQTT, mqtt_device, until

from kaikou.api.xiaozhi.mqtt.broker import Broker
from kaikou.errors import SettingsError

VOICE = (0.4 * np.sign(np.sin(np.arange(960) / 4))).astype(np.float32)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path, xiaozhi=MQTT) as running:
        yield running


async def test_the_ota_answer_offers_mqtt_only_where_it_is_switched_on(house: Home, tmp_path: Path) -> None:
    told = (await house.ota())["mqtt"]
    assert told["endpoint"] == f"127.0.0.1:{house.desk.broker.port}"
    assert told["client_id"].endswith("@@@aa_bb_cc_dd_ee_ff@@@11111111-2222-3333-4444-555555555555")
    assert told["publish_topic"] == "device-server"
    async with home(tmp_path / "other") as other:
        assert "mqtt" not in await other.ota()


async def test_from_signing_in_to_a_spoken_answer_without_a_subscription(house: Home) -> None:
    async with mqtt_device(house) as device:
        answer = await device.hello()
        assert answer["transport"] == "udp" and answer["version"] == 3
        assert answer["udp"]["server"] == "127.0.0.1" and answer["udp"]["encryption"] == "aes-128-ctr"
        assert (len(answer["udp"]["key"]), len(answer["udp"]["nonce"])) == (32, 32)
        assert house.registry.connected(MAC).transport == "mqtt"
        before = len(device.log)
        await device.ask()
        await device.until("tts", state="stop")
        names = [name for name in device.names(before) if name not in ("tts sentence_start", "llm")]
        # Two lines, so sound may arrive before the message that was sent first.
        assert sorted(set(names)) == ["audio", "stt", "tts start", "tts stop"] and names[-1] == "tts stop"
        assert device.texts("stt") == ["I spoke for 0.7 seconds."]
        assert " ".join(device.texts("tts", state="sentence_start")) == ANSWER
        assert np.abs(np.concatenate(device.pcm)).max() > 0.1
        assert [one[5] for one in device.headers] == list(range(1, len(device.headers) + 1))
        times = [one[4] for one in device.headers]
        assert all(after > before for before, after in pairwise(times)), "equal times share a keystream"
        await device.send(type="goodbye")
        await house.settled()
        await until(lambda: house.registry.links and house.registry.connected(MAC).conversation_id == "")
        # The connection stays, and is good for another session with another key.
        key = device.udp["key"]
        await device.hello()
        assert device.udp["key"] != key
        await device.ask()
        await device.until("tts", state="stop")
    await house.settled()
    assert house.desk.broker.datagrams.streams == 0


async def test_replayed_forged_and_broken_datagrams_are_not_heard(house: Home) -> None:
    dropped = house.desk.figures.dropped
    async with mqtt_device(house) as device:
        await device.hello()
        await device.send(type="listen", state="start", mode="manual")
        voice = device.encoder.encode(VOICE)
        first = device.sealed(voice)
        device.datagram(first)
        for _ in range(5):
            device.datagram(first)
        await until(lambda: dropped["replayed_packet"] == 5)
        device.datagram(first[:4] + b"\0\0\0\0" + first[8:])
        device.datagram(first[:-1])
        device.datagram(first[:10])
        device.datagram(b"")
        device.datagram(b"\x02" + first[1:])
        device.datagram(device.sealed(voice, sequence=5_000))
        device.datagram(device.sealed(b"\xff", sequence=2))
        await until(lambda: dropped["broken_audio"] == 1)
        assert (dropped["unknown_stream"], dropped["wrong_size"], dropped["sequence_too_far"]) == (1, 1, 1)
        assert dropped["unknown_datagram"] >= 2
        # None of it counts: the stream goes on where it was, a gap and all.
        device.sequence = 3
        for _ in range(10):
            await device.packet(voice)
        device.datagram(first)
        await until(lambda: dropped["replayed_packet"] == 6)  # and all before it was read, too
        await device.send(type="listen", state="stop")
        await device.until("stt")
        # Eleven packets, the first of which only begins; with the replays it would be a second.
        assert device.texts("stt") == ["I spoke for 0.6 seconds."] and dropped["lost_packets"] == 1


async def test_the_sound_follows_a_device_whose_address_changes(house: Home) -> None:
    house.server.llm.reply = lambda messages: "One long sentence after another. " * 10
    async with mqtt_device(house) as device:
        await device.hello()
        await device.ask()
        await device.until("tts", state="start")
        old = device.sound
        loop = asyncio.get_running_loop()
        _, new = await loop.create_datagram_endpoint(lambda: type(old)(device._heard), ("127.0.0.1", 0))
        # Somebody else who saw a packet does not turn the sound to himself with it.
        seen = device.sealed(device.encoder.encode(np.zeros(960, np.float32)), sequence=1)
        new.transport.sendto(seen, (device.udp["server"], device.udp["port"]))
        new.heard = lambda data: pytest.fail("the sound went to another address")
        await device.next()
        await asyncio.sleep(0.2)
        new.heard, old.heard = device._heard, lambda data: None
        device.sound = new
        await device.speak(0.06, loud=False)
        before = len(device.headers)
        await until(lambda: len(device.headers) > before + 3)
        old.transport.close()


async def test_what_is_said_before_the_devices_address_is_known_is_not_lost(house: Home) -> None:
    async with mqtt_device(house) as device:
        await device.hello()
        await device.send(type="listen", state="detect", text="Hello")
        await device.until("tts", state="start")
        assert not device.headers
        await device.speak(0.06, loud=False)
        await until(lambda: device.headers)
        assert device.headers[0][5] == 1, "from its beginning"


@pytest.mark.parametrize(
    "changes",
    [
        {"password": ""},
        {"password": "x" * 40},
        {"username": "e30="},
        {"username": "{not base64"},
        {"client_id": "GID_default@@@aa_bb_cc_dd_ee_00@@@11111111-2222-3333-4444-555555555555"},
        {"client_id": "GID_default"},
        {"client_id": ""},
    ],
)
async def test_whoever_was_not_given_the_password_is_refused(house: Home, changes: dict[str, str]) -> None:
    async with mqtt_device(house, **changes) as device:
        assert "user name or password" in device.signed.lower(), device.signed
    assert house.desk.figures.refused["invalid_device_token"] == 1 and not house.desk.figures.connected


async def test_a_password_expires(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi=MQTT) as house:
        told = (await house.ota())["mqtt"]
        house.registry.tokens._clock = lambda: 1e10
        async with mqtt_device(house, bound=False, **told) as device:
            assert "user name or password" in device.signed.lower()


async def test_the_server_says_goodbye_and_an_echo_of_it_ends_nothing(house: Home) -> None:
    async with mqtt_device(house) as device:
        await device.hello()
        first = device.session
        await device.send(type="listen", state="detect", text="再见")
        goodbye = await device.until("goodbye")
        assert goodbye == {"type": "goodbye", "session_id": first}
        await device.hello()
        before = len(device.log)
        await device.send(type="goodbye", session_id=first)
        await device.send(type="ping")
        await device.until("pong")
        assert "goodbye" not in device.names(before), "a goodbye is never answered"


async def test_a_hello_in_a_session_begins_another(house: Home) -> None:
    async with mqtt_device(house) as device:
        await device.hello()
        first, old = device.session, dict(device.udp)
        await device.hello()
        assert device.session != first
        await house.server.settled(1)
        late = device.udp
        device.udp = old
        await device.speak(0.06)
        await until(lambda: house.desk.figures.dropped["unknown_stream"])
        device.udp = late
        await device.ask()
        await device.until("stt")


async def test_a_device_that_comes_anew_replaces_its_older_connection(house: Home) -> None:
    async with mqtt_device(house) as old:
        await old.hello()
        async with mqtt_device(house) as device:
            await old.until("disconnected")
            await device.hello()
            assert house.registry.connected(MAC).conversation_id == device.session
            assert house.desk.broker.clients == 1
            await device.ask()
            await device.until("tts", state="stop")


async def test_an_unbound_device_tells_its_code_and_is_bound_without_a_new_connection(house: Home) -> None:
    async with mqtt_device(house, bound=False) as device:
        await device.hello()
        alert = await device.until("alert")
        [waiting] = house.registry.waiting
        assert waiting.code in alert["message"] and house.registry.connected(MAC).state == "unbound"
        answer = await house.http.post("/api/devices/bind", json={"code": waiting.code})
        assert answer.status_code == 201
        await device.until("goodbye")
        await device.hello()
        await device.ask()
        await device.until("stt")


async def test_tools_pushes_and_unbinding(house: Home) -> None:
    async with mqtt_device(house) as device:
        await device.hello(features={"mcp": True})
        asked = await device.until("mcp")
        assert asked["payload"]["method"] == "initialize"
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 1, "result": {}})
        await device.until("mcp")
        tools = {"tools": [{"name": "self.light.on", "description": "", "inputSchema": {"type": "object"}}]}
        await device.send(type="mcp", payload={"jsonrpc": "2.0", "id": 2, "result": tools})
        link = house.registry.connected(MAC)
        await until(link.tools)
        await house.http.post(f"/api/devices/{MAC}/reboot")
        await device.until("system", command="reboot")
        await house.http.delete(f"/api/devices/{MAC}")
        await device.until("goodbye")


async def test_between_conversations_a_device_is_shown_what_it_cannot_be_told(house: Home) -> None:
    async with mqtt_device(house) as device:
        await until(lambda: house.registry.online(MAC))
        [listed] = (await house.http.get("/api/devices")).json()["devices"]
        assert (listed["transport"], listed["state"]) == ("mqtt", "idle"), listed
        await house.http.post(f"/api/devices/{MAC}/speak", json={"text": "该关火了。"})
        alert = await device.until("alert")
        assert (alert["message"], alert["status"], alert["emotion"]) == ("该关火了。", "消息", "neutral")
        await house.http.post(f"/api/devices/{MAC}/reboot")
        await device.until("system", command="reboot")
        await device.hello()
        await house.http.post(f"/api/devices/{MAC}/speak", json={"text": "该关火了。"})
        assert (await device.until("tts", state="sentence_start"))["text"] == "该关火了。"
        await device.send(type="goodbye")
        await until(lambda: house.registry.links and house.registry.connected(MAC).state == "idle")
        # Unbound meanwhile: it stays connected, and is not one of the house's any more.
        await house.http.delete(f"/api/devices/{MAC}")
        assert house.registry.online(MAC) is None
        await device.hello()
        await device.until("alert")
    await until(lambda: house.registry.online(MAC) is None)


async def test_a_port_that_is_taken_is_a_sentence(house: Home) -> None:
    runtime, desk = house.server.runtime, house.desk
    mqtt = runtime.settings.xiaozhi.mqtt
    for name, taken in (("port", desk.broker.port), ("udp_port", desk.broker.udp_port)):
        changed = mqtt.model_copy(update={name: taken})
        xiaozhi = runtime.settings.xiaozhi.model_copy(update={"mqtt": changed})
        other = replace(runtime, settings=runtime.settings.model_copy(update={"xiaozhi": xiaozhi}))
        with pytest.raises(SettingsError) as refused:
            await Broker(other, desk).open()
        assert refused.value.param == f"xiaozhi.mqtt.{name}"
