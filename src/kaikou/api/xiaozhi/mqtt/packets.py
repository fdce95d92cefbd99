"""MQTT 3.1.1 control packets as bytes, those that a device and its broker exchange.

Numbers of sections are those of the OASIS standard, MQTT Version 3.1.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK = 1, 2, 3, 4, 8, 9
_UNSUBSCRIBE, _UNSUBACK, _PINGREQ, _PINGRESP, _DISCONNECT = 10, 11, 12, 13, 14
_FIXED_FLAGS = {_CONNECT: 0, _PUBACK: 0, _SUBSCRIBE: 2, _UNSUBSCRIBE: 2, _PINGREQ: 0, _DISCONNECT: 0}
_LEVELS = {("MQTT", 4), ("MQIsdp", 3)}
_U16 = struct.Struct(">H")

ACCEPTED, WRONG_VERSION, WRONG_ID, UNAVAILABLE, WRONG_PASSWORD, NOT_ALLOWED = range(6)
"""CONNACK return codes (3.2.2.3)."""


class Malformed(Exception):
    """What came is no packet that a device may send; ``args[0]`` names why, for a counter."""


class WrongVersion(Malformed):
    """A CONNECT of another version of the protocol."""


@dataclass(frozen=True, slots=True)
class Connect:
    client_id: str
    username: str
    password: str
    keep_alive: int
    """Seconds; 0 = none."""


@dataclass(frozen=True, slots=True)
class Publish:
    topic: str
    payload: bytes
    packet_id: int | None
    """Of quality of service 1, to be acknowledged; None at 0."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    packet_id: int


@dataclass(frozen=True, slots=True)
class Ping:
    pass


@dataclass(frozen=True, slots=True)
class Disconnect:
    pass


Packet = Connect | Publish | Subscribe | Unsubscribe | Ping | Disconnect


class Reader:
    """Bytes as they come, packets as they are complete. ``most`` bounds one packet's length."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held = bytearray()

    def feed(self, data: bytes) -> None:
        self._held += data

    def next(self) -> Packet | None:
        """The next packet, None until it is complete. Raises Malformed."""
        held = self._held
        while True:
            if held:
                _check_first(held[0])
            size, start = _remaining_length(held)
            if start == 0:
                return None
            if size > self.most:
                raise Malformed("too_long")
            if len(held) < start + size:
                return None
            first, body = held[0], bytes(held[start : start + size])
            del held[: start + size]
            packet = _packet(first >> 4, first & 15, body)
            if packet is not None:
                return packet


def connack(code: int) -> bytes:
    return bytes((_CONNACK << 4, 2, 0, code))


def publish(topic: str, payload: bytes) -> bytes:
    """At quality of service 0."""
    name = topic.encode()
    body = _U16.pack(len(name)) + name + payload
    return bytes((_PUBLISH << 4,)) + _length(len(body)) + body


def puback(packet_id: int) -> bytes:
    return bytes((_PUBACK << 4, 2)) + _U16.pack(packet_id)


def suback(packet_id: int, codes: bytes) -> bytes:
    """``codes``: for each filter the quality of service granted, or 0x80."""
    return bytes((_SUBACK << 4,)) + _length(2 + len(codes)) + _U16.pack(packet_id) + codes


def unsuback(packet_id: int) -> bytes:
    return bytes((_UNSUBACK << 4, 2)) + _U16.pack(packet_id)


def pingresp() -> bytes:
    return bytes((_PINGRESP << 4, 0))


def _check_first(byte: int) -> None:
    """Another protocol is known by its first byte, without waiting for as much as its second one says."""
    kind, flags = byte >> 4, byte & 15
    if kind != _PUBLISH and _FIXED_FLAGS.get(kind) != flags:
        raise Malformed("malformed_packet")


def _remaining_length(held: bytearray) -> tuple[int, int]:
    """(length of the rest, where the rest begins); (0, 0) where the header is not complete (2.2.3)."""
    size = 0
    for index in range(4):
        if len(held) < index + 2:
            return 0, 0
        byte = held[index + 1]
        size |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return size, index + 2
    raise Malformed("malformed_packet")


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, rest = size >> 7, size & 0x7F
        out.append(rest | (0x80 if size else 0))
        if not size:
            return bytes(out)


def _packet(kind: int, flags: int, body: bytes) -> Packet | None:
    """None for an acknowledgement, which needs no answer."""
    if kind == _PUBLISH:
        return _read_publish(flags, body)
    parts = _Parts(body)
    match kind:
        case 1:
            return _read_connect(parts)
        case 8:
            packet_id, filters = parts.u16(), []
            while parts.left:
                filters.append(parts.text())
                if parts.u8() > 2:
                    raise Malformed("malformed_packet")
            if not filters or not packet_id:
                raise Malformed("malformed_packet")
            return Subscribe(packet_id, tuple(filters))
        case 10:
            return Unsubscribe(parts.u16())
        case 12:
            return Ping()
        case 14:
            return Disconnect()
    return None


def _read_connect(parts: _Parts) -> Connect:
    if (parts.text(), parts.u8()) not in _LEVELS:
        raise WrongVersion("wrong_version")
    flags, keep_alive, client_id = parts.u8(), parts.u16(), parts.text()
    if flags & 1:
        raise Malformed("malformed_packet")
    if flags & 0x04:  # a last will: nobody here would read it
        parts.text()
        parts.block()
    username = parts.text() if flags & 0x80 else ""
    try:
        password = parts.block().decode("ascii") if flags & 0x40 else ""
    except UnicodeDecodeError:
        password = ""
    return Connect(client_id, username, password, keep_alive)


def _read_publish(flags: int, body: bytes) -> Publish:
    quality = flags >> 1 & 3
    if quality > 1:
        raise Malformed("quality_of_service_2")
    parts = _Parts(body)
    topic = parts.text()
    packet_id = parts.u16() if quality else None
    if packet_id == 0:
        raise Malformed("malformed_packet")
    return Publish(topic, parts.rest(), packet_id)


class _Parts:
    """A packet's fields in order; Malformed where one is not there."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._body) - self._at

    def u8(self) -> int:
        return self._take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self._take(2), "big")

    def block(self) -> bytes:
        return self._take(self.u16())

    def text(self) -> str:
        try:
            return self.block().decode()
        except UnicodeDecodeError:
            raise Malformed("malformed_packet") from None

    def rest(self) -> bytes:
        return self._take(self.left)

    def _take(self, size: int) -> bytes:
        if self.left < size:
            raise Malformed("malformed_packet")
        self._at += size
        return self._body[self._at - size : self._at]
