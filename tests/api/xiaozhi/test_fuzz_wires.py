"""The devices' wires against anything at all: every answer is an error in words, a close, or silence.

A server lives through all of one wire beside a device that only wants to talk, for no longer than SECONDS.
``make fuzz`` runs them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import socket
import struct
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from api.xiaozhi.device import Device, Home, home
from api.xiaozhi.mqtt_device import MQTT, connect_packet, crypt, packed, publish_packet, text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(900)]  # what failed is made smaller, which takes its time

SECONDS = 60.0
"""Of one wire; examples after that are not tried."""
OTHER = "02:00:00:00:00:02"
"""The device that is fuzzed; the one that only talks has the tests' usual address."""

WORDS = [
    "hello", "listen", "abort", "mcp", "iot", "server", "ping", "goodbye", "start", "stop", "detect", "auto",
    "manual", "realtime", "opus", "pcm", "[device_call]", "[device_call] x", "self.x", "get_Lamp_on", "Lamp",
    "initialize", "notifications/tools/list_changed", "string", "object", "text", "../../x", "%00", "\0", "",
    "Battery", "self.get_device_status", '{"battery":{"level":40}}',
]  # fmt: skip
FIELDS = [
    "state", "mode", "text", "payload", "id", "result", "error", "message", "method", "params", "tools",
    "nextCursor", "inputSchema", "description", "properties", "methods", "parameters", "descriptors",
    "name", "states", "content", "isError", "features", "aec", "audio_params", "format", "sample_rate",
    "session_id", "action", "level", "charging",
]  # fmt: skip
NUMBERS = [0, -1, 1, 2, 3, 16_000, 48_000, 7, 2**31, 2**53, 2**64, -(2**63), 10**30, 0.1, 1e308, True, False]
DEEP = [
    '{"type":"listen","state":"start","mode":%s}',
    '{"type":"listen","state":"detect","text":%s}',
    '{"type":"mcp","payload":{"id":2,"result":{"tools":[{"name":"t","inputSchema":{"x":%s}}]}}}',
    '{"type":"mcp","payload":{"id":3,"result":%s}}',
    '{"type":"mcp","payload":{"id":3,"error":%s}}',
    '{"type":"iot","states":[{"name":%s,"state":{}}]}',
    '{"type":"iot","states":[{"name":"Lamp","state":{"on":%s}}]}',
    '{"type":"iot","states":[{"name":"Battery","state":%s},{"name":"Battery","state":{"level":%s}}]}',
    '{"type":"iot","descriptors":[{"name":"Lamp","properties":{"on":{"type":%s}},"methods":{"x":%s}}]}',
    '{"type":"hello","features":%s,"audio_params":%s}',
    "%s",
]

values = st.recursive(
    st.sampled_from(NUMBERS) | st.sampled_from(WORDS) | st.none() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS + WORDS), inner, max_size=5)
    ),
    max_leaves=12,
)
fields = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
odd = st.builds(lambda kind, rest: json.dumps({"type": kind} | rest), st.sampled_from(WORDS), fields)
deep = st.builds(
    lambda frame, levels: frame.replace("%s", "[" * levels + "]" * levels),
    st.sampled_from(DEEP),
    st.sampled_from([100, 300, 900, 1_000, 20_000]),
)
long = st.builds(
    lambda kind, field, size: json.dumps({"type": kind, "state": "detect", field: "y" * size}),
    st.sampled_from(WORDS),
    st.sampled_from(FIELDS),
    st.sampled_from([8_000, 60_000, 1_000_000]),
)
numbers = st.sampled_from(["NaN", "1e999", "-Infinity", "9" * 5_000, '"\\ud800"', "{", "\x00"]).map(
    lambda value: '{"type":"listen","state":"start","mode":' + value + "}"
)
texts = st.one_of(odd, odd, deep, long, numbers, st.text(max_size=60))
frames = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda version, kind, size, data: struct.pack(">HHIII", version, kind, 0, 0, size) + data,
        st.sampled_from([2, 2, 3, 65_535]),
        st.sampled_from([0, 1, 7]),
        st.integers(0, 40) | st.just(2**32 - 1),
        st.binary(max_size=40),
    ),
    st.builds(
        lambda kind, size, data: struct.pack(">BBH", kind, 0, size) + data,
        st.sampled_from([0, 1, 9]),
        st.integers(0, 40) | st.just(65_535),
        st.binary(max_size=40) | odd.map(str.encode),
    ),
    st.sampled_from([b"", b"\0", bytes(8_192), bytes(9_000), b"\xff" * 70_000, b"\x7f\x7f"]),
)
PING = '{"type":"ping"}'
START = '{"type":"listen","state":"start","mode":"realtime"}'
HELLO = '{"type":"hello","features":{"mcp":true}}'


class Trouble(logging.Handler):
    """Keeps what the server logs as an error: nothing a device sends may bring it to that."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(logging.Formatter().format(record))


class Target:
    """The server, in a loop of its own; each example runs to its end in it."""

    def __init__(self, folder: Any) -> None:
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.trouble = Trouble()
        self.failed = False
        gc.collect()  # what other tests have left behind complains before it is listened to
        self.loggers = [logging.getLogger(), logging.getLogger("uvicorn.error")]
        for logger in self.loggers:
            logger.addHandler(self.trouble)
        self.house: Home = self.run(self._open(folder))
        self.began = time.monotonic()

    async def _open(self, folder: Any) -> Home:
        changes = {
            "xiaozhi": MQTT | {"hello_seconds": 5, "tool_timeout": 0.01, "idle_seconds": 0},
            "live": {"max_sessions": 64},
        }
        house = await self.stack.enter_async_context(home(folder, **changes))
        self.good: Device = await self.stack.enter_async_context(house.device())
        self.token = await house.bound(OTHER)
        self.told = (await house.ota(OTHER))["mqtt"]
        return house

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self.runner.run(work)
        except BaseException:
            self.failed = True
            raise

    def tired(self) -> bool:
        """Never once something failed: that has to fail again while it is made smaller."""
        return not self.failed and time.monotonic() - self.began > SECONDS

    async def unharmed(self) -> None:
        """The other device is answered, nothing failed, and nobody but it is left."""
        await self.good.send(type="ping")
        await self.good.until("pong")
        failed = self.house.desk.figures.dropped.pop("failed", 0)
        records, self.trouble.records = self.trouble.records, []
        assert not failed and not records, "\n".join(records)

    async def looked_at(self) -> None:
        """What the fuzzed device told of its tools can be shown, handed to a model, and called."""
        assert (await self.house.http.get(f"/api/devices/{OTHER}")).status_code == 200
        link = self.house.registry.online(OTHER)
        for tool in (link.tools() if link is not None else ())[:3]:
            assert link is not None and json.dumps(tool.parameters)
            await link.call_tool(tool.name, {})

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()
        for logger in self.loggers:
            logger.removeHandler(self.trouble)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    found = Target(tmp_path)
    try:
        yield found
        # Who was fuzzed left nothing: the talking device is the only one there.
        found.run(found.house.server.settled(1))
        found.run(found.unharmed())
        desk = found.house.desk
        assert desk.figures.connected == 1 and desk.unbound == 0 and desk.broker is not None
        assert desk.broker.datagrams.streams == 0 and len(found.house.registry.links) == 1
    finally:
        found.close()


slow = settings(
    max_examples=min(settings().max_examples, 500),  # each opens a connection
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,  # one server lives through all examples
    ],
)


async def heard(line: Any, wanted: bytes) -> None:
    async with asyncio.timeout(20):
        while wanted not in (found if isinstance(found := await line.recv(), bytes) else found.encode()):
            pass


@slow
@given(
    version=st.sampled_from(["1", "2", "3", "9", "x"]),
    gateway=st.booleans(),
    before=st.sampled_from([(), (HELLO,), (HELLO, START)]),
    messages=st.lists(texts | frames, max_size=12),
    rude=st.booleans(),
)
def test_the_websocket(
    target: Target, version: str, gateway: bool, before: tuple[str, ...], messages: list[Any], rude: bool
) -> None:
    if target.tired():
        return

    async def example() -> None:
        path = "/xiaozhi/v1/?from=mqtt_gateway" if gateway else "/xiaozhi/v1/"
        # Who closes while it does not read waits for its own time-out: this client reads all.
        async with target.house.socket(target.token, mac=OTHER, version=version, path=path) as line:
            with suppress(ConnectionClosed):
                for message in (*before, *messages):
                    await line.send(message)
                if rude:
                    line.transport.abort()
                elif before:
                    # What is under way when a client goes is forgotten: wait until all of it was read.
                    await line.send(PING)
                    await heard(line, b"pong")
                    await target.looked_at()
        await target.unharmed()

    target.run(example())


@slow
@given(
    headers=st.dictionaries(
        st.sampled_from(["device-id", "client-id", "protocol-version", "authorization", "upgrade", "x"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
        max_size=5,
    ),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60),
    data=st.binary(max_size=300),
)
def test_half_open_and_half_said(target: Target, headers: dict[str, str], query: str, data: bytes) -> None:
    """Handshakes that are none, and bytes that are no frames after one that was."""
    if target.tired():
        return

    async def example() -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reader, writer = await asyncio.open_connection("127.0.0.1", target.house.port)
        writer.write(f"GET /xiaozhi/v1/?{query} HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode() + data)
        with suppress(ConnectionError):
            await writer.drain()
        writer.transport.abort()
        del reader
        with suppress(ConnectionClosed, InvalidStatus, InvalidMessage):
            async with target.house.socket(target.token, mac=OTHER) as line:
                line.transport.write(data)  # frames unmasked, reserved bits, lengths of 2**63
                line.transport.abort()
        await target.unharmed()

    target.run(example())


packets = st.one_of(
    st.binary(min_size=1, max_size=300),
    st.builds(packed, st.integers(0, 255), st.binary(max_size=100)),
    st.builds(
        lambda first, topic, data: packed(first, text(topic) + data),
        st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x34, 0x36, 0x3A]),
        st.sampled_from(
            [
                "device-server",
                "devices/p2p/02_00_00_00_00_01",
                "#",
                "+/+",
                "$SYS/x",
                "",
                "\0",
                "device-server/",
            ]
        ),
        st.binary(max_size=60) | texts.map(lambda one: one.encode(errors="replace")[:20_000]),
    ),
    st.builds(
        lambda first, data: bytes((first,)) + data,
        st.sampled_from([0x10, 0x30, 0x82, 0xA2]),
        st.sampled_from([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff\x01", b"\x80\x80\x80\x00", b"\xff"]),
    ),
    texts.map(lambda one: publish_packet(one.encode(errors="replace"))),
    st.sampled_from([packed(0xC0, b""), packed(0xE0, b""), packed(0x82, b"\0\1" + text("#") + b"\0")]),
)


@slow
@given(signed=st.booleans(), hello=st.booleans(), again=st.booleans(), parts=st.lists(packets, max_size=10))
def test_mqtt(target: Target, signed: bool, hello: bool, again: bool, parts: list[bytes]) -> None:
    if target.tired():
        return

    async def example() -> None:
        assert target.house.desk.broker is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", target.house.desk.broker.port)
        known = connect_packet(target.told)
        data = [known] * signed + [publish_packet({"type": "hello", "version": 3})] * hello
        data += [*parts, known] if again else parts
        for one in data:
            writer.write(one)
        with suppress(ConnectionError):
            await writer.drain()
            if signed:
                async with asyncio.timeout(10):
                    assert await reader.read(4) == b"\x20\2\0\0"
                    if hello:
                        # Until all of it was read, or a part of it ended the connection: a half packet at
                        # the end is waited for.
                        writer.write_eof()
                        await reader.read(-1)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        await target.unharmed()

    target.run(example())


@slow
@given(
    told=st.dictionaries(st.sampled_from(["client_id", "username", "password"]), st.text(max_size=80)),
    flags=st.integers(0, 255),
    level=st.integers(0, 6),
    keep_alive=st.integers(0, 65_535),
)
def test_signing_in_to_mqtt(
    target: Target, told: dict[str, str], flags: int, level: int, keep_alive: int
) -> None:
    if target.tired():
        return

    async def example() -> None:
        assert target.house.desk.broker is not None
        credentials = target.told | told
        packet = connect_packet(credentials, level=level, keep_alive=keep_alive)
        at = packet.index(bytes((level, 0xC2))) + 1
        reader, writer = await asyncio.open_connection("127.0.0.1", target.house.desk.broker.port)
        writer.write(packet[:at] + bytes((flags,)) + packet[at + 1 :] + packed(0xE0, b""))
        async with asyncio.timeout(10):
            answer = await reader.read(-1)
        if credentials != target.told or level != 4:
            assert answer != b"\x20\2\0\0"
        writer.close()
        await target.unharmed()

    target.run(example())


@slow
@given(
    sequences=st.lists(st.sampled_from([0, 1, 2, 3, 4, 5_000, 2**31, 2**32 - 1]), max_size=8),
    packet=st.binary(max_size=80) | st.sampled_from([bytes(9_000), bytes(1_400), b"\xfc\xff\xfe"]),
    junk=st.lists(st.binary(max_size=60), max_size=8),
    seed=st.integers(0, 2**32 - 1),
)
def test_datagrams(target: Target, sequences: list[int], packet: bytes, junk: list[bytes], seed: int) -> None:
    """Short, forged, replayed and far ahead, to a stream that is open."""
    if target.tired():
        return
    chance = random.Random(seed)

    async def example() -> None:
        assert target.house.desk.broker is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", target.house.desk.broker.port)
        writer.write(connect_packet(target.told) + publish_packet({"type": "hello", "version": 3}))
        async with asyncio.timeout(10):
            found = await reader.readuntil(b'"nonce":"')
            nonce = bytes.fromhex((await reader.readexactly(32)).decode())
        key = bytes.fromhex(found.split(b'"key":"')[1][:32].decode())
        writer.write(publish_packet(START.encode()))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            address = ("127.0.0.1", target.house.desk.broker.udp_port)
            for sequence in sequences:
                head = struct.pack(">H", chance.choice([len(packet), 0, 65_535]))
                header = nonce[:2] + head + nonce[4:8] + struct.pack(">II", 60, sequence)
                sealed = header + crypt(key, header, packet)
                for one in (sealed, sealed[: chance.randrange(len(sealed))], sealed):
                    line.sendto(one, address)
            for data in junk:
                line.sendto(data or b"\0", address)
                line.sendto(nonce[: chance.randrange(17)] + data, address)
        await target.unharmed()
        writer.close()
        await writer.wait_closed()

    target.run(example())


@slow
@given(
    body=values.map(lambda one: json.dumps(one).encode()) | st.binary(max_size=200),
    path=st.sampled_from(["/xiaozhi/ota/", "/xiaozhi/ota/activate"]),
    name=st.sampled_from([OTHER, "", "x", "a" * 5_000, OTHER + ";", "../..", "\t"]),
)
def test_the_first_call(target: Target, body: bytes, path: str, name: str) -> None:
    if target.tired():
        return

    async def example() -> None:
        headers = {"Device-Id": name.strip(), "Client-Id": "fuzz"}
        answer = await target.house.http.post(path, content=body, headers=headers)
        assert answer.status_code < 500, answer.text
        await target.unharmed()

    target.run(example())
