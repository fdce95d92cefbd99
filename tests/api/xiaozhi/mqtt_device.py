"""A device over MQTT and UDP: the public client paho-mqtt for the messages, and the datagrams by hand,
written from the protocol and not from the server's code."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import paho.mqtt.client as paho
from api.xiaozhi.device import CLIENT, MAC, Device, Home
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from paho.mqtt.enums import CallbackAPIVersion

from kaikou.audio.opus import OpusDecoder

MQTT = {"mqtt": {"enabled": True, "port": 0, "udp_port": 0}}
"""Settings that switch it on, on free ports."""
OPUS = {"format": "opus", "sample_rate": 16_000, "channels": 1, "frame_duration": 60}


def crypt(key: bytes, header: bytes, data: bytes) -> bytes:
    """AES-128 in counter mode: the same both ways."""
    return Cipher(algorithms.AES(key), modes.CTR(header)).encryptor().update(data)


async def until(wanted: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until it is so; the bound only ends a test that would hang."""
    async with asyncio.timeout(seconds):
        while not wanted():
            await asyncio.sleep(0.005)


class Sound(asyncio.DatagramProtocol):
    """The device's UDP socket."""

    def __init__(self, heard: Any) -> None:
        self.heard = heard
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard(data)


@dataclass
class MqttDevice(Device):
    """What comes is kept in one line, messages and packets."""

    client: Any = None
    publish_topic: str = ""
    udp: dict[str, Any] = field(default_factory=dict)
    sound: Any = None
    arrived: asyncio.Queue[dict[str, Any] | bytes] = field(default_factory=asyncio.Queue)
    sequence: int = 0
    headers: list[tuple[int, ...]] = field(default_factory=list)
    signed: str = ""
    """What the broker said to the CONNECT."""

    async def hello(self, **more: Any) -> dict[str, Any]:
        self.say({"type": "hello", "version": 3, "transport": "udp", "audio_params": OPUS, **more})
        answer = await self.until("hello")
        self.session, self.udp, self.sequence = answer["session_id"], answer["udp"], 0
        self.decoder = OpusDecoder(answer["audio_params"]["sample_rate"])
        if self.sound is None:
            loop = asyncio.get_running_loop()
            _, self.sound = await loop.create_datagram_endpoint(
                lambda: Sound(self._heard), local_addr=("127.0.0.1", 0)
            )
        return answer

    def say(self, message: dict[str, Any]) -> None:
        """As the firmware sends: at quality of service 0."""
        self.client.publish(self.publish_topic, orjson.dumps(message))

    async def send(self, **message: Any) -> None:
        """Acknowledged before it returns: what follows by UDP must not overtake it."""
        data = orjson.dumps({"session_id": self.session, **message})
        sent = self.client.publish(self.publish_topic, data, qos=1)
        await asyncio.to_thread(sent.wait_for_publish, 10)

    async def packet(self, packet: bytes) -> None:
        self.datagram(self.sealed(packet))

    def sealed(self, packet: bytes, sequence: int | None = None, timestamp: int | None = None) -> bytes:
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        kind, flags, _, stream, _, _ = struct.unpack(">BBHIII", bytes.fromhex(self.udp["nonce"]))
        time = sequence * 60 if timestamp is None else timestamp
        header = struct.pack(">BBHIII", kind, flags, len(packet), stream, time, sequence)
        return header + crypt(bytes.fromhex(self.udp["key"]), header, packet)

    def datagram(self, data: bytes) -> None:
        self.sound.transport.sendto(data, (self.udp["server"], self.udp["port"]))

    def _heard(self, data: bytes) -> None:
        header = struct.unpack(">BBHIII", data[:16])
        assert header[0] == 1 and header[2] == len(data) - 16
        self.headers.append(header)
        self.arrived.put_nowait(crypt(bytes.fromhex(self.udp["key"]), data[:16], data[16:]))

    async def next(self, seconds: float = 10.0) -> dict[str, Any] | bytes:
        async with asyncio.timeout(seconds):
            found = await self.arrived.get()
        self.log.append((asyncio.get_running_loop().time(), found))
        if isinstance(found, bytes) and self.decoder is not None:
            self.pcm.append(self.decoder.decode(found).samples)
        return found

    async def close(self) -> None:
        if self.sound is not None:
            self.sound.transport.close()
        self.client.disconnect()
        await asyncio.to_thread(self.client.loop_stop)


@asynccontextmanager
async def mqtt_device(
    house: Home, mac: str = MAC, client: str = CLIENT, *, bound: bool = True, **changes: str
) -> AsyncIterator[MqttDevice]:
    """A device signed in as the OTA answer told it, ``changes`` apart; it has not said hello."""
    if bound:
        await house.bound(mac, client)
    told = (await house.ota(mac, client))["mqtt"] | changes
    loop = asyncio.get_running_loop()
    signed: asyncio.Future[Any] = loop.create_future()
    made = paho.Client(CallbackAPIVersion.VERSION2, client_id=told["client_id"], reconnect_on_failure=False)
    made.username_pw_set(told["username"], told["password"])
    device = MqttDevice(None, None, client=made)  # type: ignore[arg-type]
    device.publish_topic = told["publish_topic"]

    def connected(_client: Any, _data: Any, _flags: Any, reason: Any, _more: Any) -> None:
        loop.call_soon_threadsafe(lambda: signed.done() or signed.set_result(str(reason)))

    def message(_client: Any, _data: Any, found: Any) -> None:
        assert found.topic == told["subscribe_topic"]
        loop.call_soon_threadsafe(device.arrived.put_nowait, orjson.loads(found.payload))

    def gone(*_: Any) -> None:
        loop.call_soon_threadsafe(device.arrived.put_nowait, {"type": "disconnected"})

    made.on_connect, made.on_message, made.on_disconnect = connected, message, gone
    host, port = told["endpoint"].rsplit(":", 1)
    await asyncio.to_thread(made.connect, host, int(port), 60)
    made.loop_start()
    try:
        async with asyncio.timeout(10):
            device.signed = await signed
        yield device
    finally:
        await device.close()


class Wire:
    """A bare connection to the broker, for what no client sends; the packets are put together here."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def packet(self) -> tuple[int, bytes]:
        """The next packet: its first byte and its body."""
        async with asyncio.timeout(10):
            first = (await self.reader.readexactly(1))[0]
            size = shift = 0
            while True:
                byte = (await self.reader.readexactly(1))[0]
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return first, await self.reader.readexactly(size)

    async def ended(self) -> bytes:
        """What came before the end; a time-out where it does not end."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read(-1)
            except ConnectionError:
                return b""


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def packed(first: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, rest = divmod(size, 128)
        length += bytes((rest | (128 if size else 0),))
        if not size:
            return bytes((first,)) + length + body


def connect_packet(
    told: dict[str, str], *, keep_alive: int = 60, name: str = "MQTT", level: int = 4
) -> bytes:
    head = text(name) + bytes((level, 0xC2)) + struct.pack(">H", keep_alive)
    return packed(0x10, head + text(told["client_id"]) + text(told["username"]) + text(told["password"]))


def publish_packet(message: Any, topic: str = "device-server") -> bytes:
    data = message if isinstance(message, bytes) else orjson.dumps(message)
    return packed(0x30, text(topic) + data)


@asynccontextmanager
async def wire(house: Home, *, signed: bool = True, **more: Any) -> AsyncIterator[Wire]:
    assert house.desk.broker is not None
    hello = b""
    if signed:
        await house.bound()
        hello = connect_packet((await house.ota())["mqtt"], **more)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.desk.broker.port)
    made = Wire(reader, writer)
    try:
        if signed:
            made.send(hello)
            assert await made.packet() == (0x20, b"\0\0")
        yield made
    finally:
        writer.close()
