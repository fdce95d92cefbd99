"""Binary frames of the xiaozhi protocol: how an audio packet travels in a WebSocket message.

All numbers are big-endian. The device chooses the framing (header ``Protocol-Version``) and both
sides use it; ``mqtt`` frames are those of the gateway that bridges MQTT and UDP.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

Version = Literal["1", "2", "3", "mqtt"]

_V2 = struct.Struct(">HHIII")  # version, type, reserved, timestamp in ms, size
_V3 = struct.Struct(">BBH")  # type, reserved, size
_GATEWAY = struct.Struct(">BBHIII")  # type, reserved, size, sequence, timestamp in ms, size of the packet
_AUDIO, _JSON = 0, 1
MOST_BYTES = 8 * 1024
"""Of one packet; a minute of Opus would not reach it in 120 ms, 60 ms of PCM at 48 kHz do not."""


class BadFrame(Exception):
    """The frame is not what its header says; ``args[0]`` names why, for a counter."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a device sent. ``timestamp`` is the device's, in ms, 0 where the framing has none."""

    payload: bytes
    timestamp: int = 0
    json: bool = False


class Framing:
    """One connection's framing. ``pack`` and ``unpack`` do not keep what they are given."""

    def __init__(self, version: Version = "1") -> None:
        self.version = version
        self._sequence = 0

    def pack(self, packet: bytes, timestamp: int) -> bytes:
        """An audio packet as a message; ``timestamp`` in ms of the stream."""
        timestamp &= 0xFFFFFFFF
        match self.version:
            case "2":
                return _V2.pack(2, _AUDIO, 0, timestamp, len(packet)) + packet
            case "3":
                return _V3.pack(_AUDIO, 0, len(packet)) + packet
            case "mqtt":
                self._sequence = (self._sequence + 1) & 0xFFFFFFFF
                header = _GATEWAY.pack(1, 0, len(packet), self._sequence, timestamp, len(packet))
                return header + packet
            case _:
                return packet

    def unpack(self, message: bytes) -> Frame:
        """Raises BadFrame where the header and the length do not agree."""
        if len(message) > MOST_BYTES:
            raise BadFrame("too_long")
        match self.version:
            case "2":
                version, kind, _, timestamp, size = _header(_V2, message)
                if version != 2 or kind not in (_AUDIO, _JSON):
                    raise BadFrame("unknown_frame")
                return Frame(_payload(message, _V2.size, size), timestamp, kind == _JSON)
            case "3":
                kind, _, size = _header(_V3, message)
                if kind not in (_AUDIO, _JSON):
                    raise BadFrame("unknown_frame")
                return Frame(_payload(message, _V3.size, size), 0, kind == _JSON)
            case "mqtt":
                kind, _, _, _, timestamp, size = _header(_GATEWAY, message)
                if kind != 1:
                    raise BadFrame("unknown_frame")
                return Frame(_payload(message, _GATEWAY.size, size), timestamp)
            case _:
                if not message:
                    raise BadFrame("empty_frame")
                return Frame(message)


def framing_of(protocol_version: str, *, gateway: bool) -> Framing:
    """By the handshake's ``Protocol-Version``; anything unknown is version 1."""
    if gateway:
        return Framing("mqtt")
    match protocol_version.strip():
        case "2":
            return Framing("2")
        case "3":
            return Framing("3")
        case _:
            return Framing("1")


def _header(layout: struct.Struct, message: bytes) -> tuple[int, ...]:
    if len(message) < layout.size:
        raise BadFrame("short_frame")
    return layout.unpack_from(message)


def _payload(message: bytes, start: int, size: int) -> bytes:
    if not size:
        raise BadFrame("empty_frame")
    if len(message) - start != size:
        raise BadFrame("wrong_size")
    return message[start:]
