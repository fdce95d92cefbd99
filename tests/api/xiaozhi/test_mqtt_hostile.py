"""The broker against clients that are broken, slow or hostile: each costs itself only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import pytest
from api.xiaozhi.device import Home, home
from api.xiaozhi.mqtt_device import (
    MQTT,
    connect_packet,
    mqtt_device,
    packed,
    publish_packet,
    text,
    until,
    wire,
)

from kaikou.api.xiaozhi.mqtt.packets import Malformed, Reader

HELLO = {"type": "hello", "version": 3, "transport": "udp"}
PING = b"\xc0\0"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path, xiaozhi=MQTT) as running:
        yield running
        await until(lambda: not running.desk.broker.clients)
        assert running.desk.figures.connected == 0 and running.desk.broker.datagrams.streams == 0


NO_CONNECT = [
    b"\x10\xff\xff\xff\xff\x01",
    b"\x10\xff\xff\xff\x7f",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    packed(0x10, b""),
    packed(0x10, text("MQTT")),
    packed(0x10, text(b"\xff\xfe") + b"\4\2\0\x3c" + text("x")),
    packed(0x10, text("MQTT") + b"\4\3\0\x3c" + text("x")),
    packed(0x00, b""),
    packed(0xF0, b""),
    PING,
    publish_packet(HELLO),
    packed(0x82, b"\0\1" + text("#") + b"\0"),
    packed(0x30, bytes(4_000)),
]


async def test_what_does_not_begin_with_a_connect_is_ended(house: Home) -> None:
    for number, data in enumerate(NO_CONNECT, 1):
        async with wire(house, signed=False) as line:
            line.send(data)
            assert await line.ended() == b"", data
        assert house.desk.figures.ended["malformed"] == number, data


async def test_other_versions_of_the_protocol_are_told_so(house: Home) -> None:
    told = (await house.ota())["mqtt"]
    for name, level in (("MQTT", 5), ("MQTT", 3), ("AMQP", 4)):
        async with wire(house, signed=False) as line:
            line.send(connect_packet(told, name=name, level=level))
            assert await line.ended() == b"\x20\2\0\1"
    async with wire(house, signed=False) as line:
        line.send(connect_packet(told, name="MQIsdp", level=3))
        assert await line.packet() == (0x20, b"\0\0")


FORBIDDEN = [
    connect_packet({"client_id": "x", "username": "x", "password": "x"}),
    packed(0x30, b""),
    packed(0x30, b"\0\xffdevice"),
    packed(0x30, text(b"\xff")),
    packed(0x32, text("device-server") + b"\0\0{}"),
    packed(0x34, text("device-server") + b"\0\1{}"),
    packed(0x36, text("device-server") + b"\0\1{}"),
    packed(0x82, b"\0\1"),
    packed(0x82, b"\0\1" + text("a") + b"\3"),
    packed(0x80, b"\0\1" + text("a") + b"\0"),
    packed(0x20, b"\0\0"),
    packed(0xD0, b""),
    publish_packet(b'{"type":"listen"}' + b" " * 9_000),
    b"\x30\xff\xff\xff\xff\x01",
]


async def test_packets_nobody_may_send_end_the_connection(house: Home) -> None:
    for number, data in enumerate(FORBIDDEN, 1):
        async with wire(house) as line:
            line.send(data)
            await line.ended()
        assert house.desk.figures.ended["malformed"] == number, data


async def test_half_packets_and_many_at_once(house: Home) -> None:
    async with wire(house) as line:
        hello = publish_packet(HELLO)
        for index in range(len(hello)):
            line.send(hello[index : index + 1])
            await asyncio.sleep(0)
        first, body = await line.packet()
        assert first == 0x30 and b'"udp"' in body
        # More packets in one piece than are taken at once, each answered, in order.
        line.send(
            PING * 500
            + packed(0x82, b"\0\7" + text("devices/p2p/aa_bb_cc_dd_ee_ff") + b"\0" + text("#") + b"\0")
        )
        for _ in range(500):
            assert await line.packet() == (0xD0, b"")
        assert await line.packet() == (0x90, b"\0\7\0\x80"), "only its own topic is to be had"
        line.send(packed(0xA2, b"\0\x08" + text("#")))
        assert await line.packet() == (0xB0, b"\0\x08")
        line.send(packed(0x32, text("device-server") + b"\0\x09" + b'{"type":"ping"}'))
        assert await line.packet() == (0x40, b"\0\x09")
        assert b"pong" in (await line.packet())[1]
        line.send(packed(0xE0, b""))
        assert await line.ended() == b""


async def test_messages_that_are_none_are_counted_and_forgotten(house: Home) -> None:
    dropped = house.desk.figures.dropped
    async with wire(house) as line:
        for data in (b"", b"{", b"[]", b'"x"', b'{"type":1}', b"\xff\xfe"):
            line.send(publish_packet(data))
        line.send(publish_packet({"type": "listen", "state": "start"}))
        line.send(publish_packet({"type": "goodbye", "session_id": "another"}))
        line.send(publish_packet(HELLO, topic="devices/p2p/aa_bb_cc_dd_ee_00"))
        line.send(PING)
        assert await line.packet() == (0xD0, b"")
        assert (dropped["malformed_json"], dropped["before_hello"], dropped["unknown_topic"]) == (6, 1, 1)
        assert not house.server.live.sessions


async def test_who_says_nothing_is_ended(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi=MQTT | {"hello_seconds": 0.5}) as house:
        async with wire(house, signed=False) as line:
            assert await line.ended() == b""
        assert house.desk.figures.ended["no_hello"] == 1
        # Signed in, it may be silent for one and a half times what it promised.
        async with wire(house, keep_alive=1) as line:
            line.send(publish_packet(HELLO))
            await line.packet()
            await line.ended()
        assert house.desk.figures.ended["silent"] == 1
        await house.settled()


async def test_who_does_not_read_is_ended(house: Home) -> None:
    house.server.runtime.settings.xiaozhi.mqtt.stalled_seconds = 0.2
    async with wire(house) as line:
        line.send(publish_packet(HELLO))
        await line.packet()
        line.writer.transport.pause_reading()
        big = {"type": "server", "action": "x" * 30}

        async def ask() -> None:
            while not house.desk.figures.ended["slow_client"]:
                if line.writer.transport.get_write_buffer_size() < 100_000:
                    line.send(publish_packet(big) * 200)
                await asyncio.sleep(0.001)  # the server runs in this loop, too

        async with asyncio.timeout(20):
            await ask()
        await house.settled()


async def test_there_are_only_so_many_places(tmp_path: Path) -> None:
    settings = {"mqtt": MQTT["mqtt"] | {"max_clients": 2}}
    async with home(tmp_path, xiaozhi=settings) as house:
        async with wire(house, signed=False), wire(house, signed=False):
            await until(lambda: house.desk.broker.clients == 2)
            async with wire(house, signed=False) as third:
                assert await third.ended() == b""
        await until(lambda: not house.desk.broker.clients)
        async with wire(house):
            pass


async def test_a_device_that_goes_while_its_session_opens_leaves_nothing(house: Home) -> None:
    for _ in range(20):
        async with wire(house) as line:
            line.send(publish_packet(HELLO))
            await line.writer.drain()
            await asyncio.sleep(0)
    await until(lambda: not house.desk.broker.clients)
    await house.settled()
    assert house.desk.unbound == 0 and not house.registry.links


async def test_without_a_place_the_device_is_told(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi=MQTT) as house:
        house.server.ready = False
        async with mqtt_device(house) as device:
            device.say(HELLO)
            assert (await device.until("alert"))["message"]
            await device.until("goodbye")
            house.server.ready = True
            await device.hello()


async def test_sixteen_devices_need_neither_tasks_nor_threads(house: Home) -> None:
    house.server.runtime.settings.live.max_sessions = 0
    async with AsyncExitStack() as stack:
        lines = []
        tasks, threads = len(asyncio.all_tasks()), threading.active_count()
        for number in range(16):
            mac = f"02:00:00:00:00:{number:02x}"
            await house.bound(mac)
            reader, writer = await asyncio.open_connection("127.0.0.1", house.desk.broker.port)
            stack.callback(writer.close)
            writer.write(connect_packet((await house.ota(mac))["mqtt"]) + publish_packet(HELLO))
            assert await reader.readexactly(4) == b"\x20\2\0\0"
            lines.append(reader)
        for reader in lines:
            async with asyncio.timeout(10):
                assert (await reader.readexactly(1))[0] == 0x30
        await until(lambda: len(house.registry.links) == 16)
        # The pools that all sessions share grow to their own size.
        assert threading.active_count() < threads + 8
        mine = [task for task in asyncio.all_tasks() if task.get_name() == "mqtt"]
        assert not [task for task in mine if not task.done()], "a session leaves no task behind"
        assert len(asyncio.all_tasks()) < tasks + 16
    await house.settled()


def test_a_reader_keeps_no_more_than_a_packet() -> None:
    reader = Reader(100)
    reader.feed(b"\x30\x65")
    with pytest.raises(Malformed):
        reader.next()
    reader = Reader(100)
    reader.feed(packed(0x30, text("t") + orjson.dumps({"a": 1})) * 3 + b"\x30")
    assert [type(reader.next()).__name__ for _ in range(4)] == ["Publish"] * 3 + ["NoneType"]
    assert len(reader._held) == 1
