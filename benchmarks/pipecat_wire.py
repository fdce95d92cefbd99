"""Pipecat's protobuf frames, for callers of the load generator.

The messages are so few that they are written here byte by byte (Protocol Buffers encoding): a ``Frame``
whose field 2 is an ``AudioRawFrame`` with the fields audio = 3, sample_rate = 4, num_channels = 5; field 5
is an interruption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kaikou.audio.pcm import Pcm
from kaikou.cli.wires import Heard, Message, frames

_AUDIO, _INTERRUPTION = 2 << 3 | 2, 5 << 3 | 2


@dataclass(frozen=True, slots=True)
class PipecatWire:
    """Replies have no names and no end on this wire."""

    name: str = "pipecat"
    path: str = "/ws"
    rate: int = 16_000
    frame_seconds: float = 0.02
    greeted: bool = False

    def opening(self, silence_ms: int) -> Sequence[Message]:
        return ()

    def pack(self, sound: Pcm) -> list[Message]:
        return [self._audio(frame) for frame in frames(sound, self.frame_seconds)]

    def _audio(self, data: bytes) -> bytes:
        raw = b"\x1a" + varint(len(data)) + data + b"\x20" + varint(self.rate) + b"\x28\x01"
        return bytes([_AUDIO]) + varint(len(raw)) + raw

    def read(self, message: Message) -> Heard:
        kind = message[0] if isinstance(message, bytes) and message else 0
        if kind == _AUDIO:
            return Heard("audio")
        return Heard("noticed") if kind == _INTERRUPTION else Heard("other")


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
