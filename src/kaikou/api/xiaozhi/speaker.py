"""What a device is sent: messages and sound in one order, each frame when it is coded.

The sound comes paced from the conversation (``send_ahead_ms`` ahead of playback, by absolute
deadlines), so it is sent as soon as it is coded; the speaker only reckons when the device will
have played the last frame.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import orjson

from kaikou.api.xiaozhi.hello import FRAME_MS, AudioFormat
from kaikou.audio.opus import OpusEncoder
from kaikou.errors import KaikouError
from kaikou.settings.services import XiaozhiSettings


class Bench(Protocol):
    """See ``codec.CodecBench``."""

    def submit(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None: ...


class Packing(Protocol):
    """How a packet travels: ``framing.Framing``, or a stream of datagrams."""

    def pack(self, packet: bytes, timestamp: int) -> bytes:
        """An audio packet as the transport sends it; ``timestamp`` in ms of the stream."""
        ...


@dataclass(eq=False, slots=True)
class _Slot:
    """A place in the line: a message, or sound being coded (``packets`` None until it is)."""

    message: str | None = None
    packets: list[bytes] | None = field(default=None)

    @property
    def ready(self) -> bool:
        return self.message is not None or self.packets is not None


class Speaker:
    """One device's downlink. ``send`` takes a message for the socket and never waits."""

    def __init__(
        self,
        bench: Bench,
        framing: Packing,
        send: Callable[[str | bytes], None],
        settings: XiaozhiSettings,
        format: AudioFormat,
    ) -> None:
        self.format = format
        self._bench = bench
        self._framing = framing
        self._send = send
        self._rate = settings.output_rate
        # CELT at these rates sounds as good as SILK and costs a fifth of it; "low-delay" is CELT alone.
        self._encoder = OpusEncoder(
            self._rate,
            FRAME_MS,
            bitrate=settings.bitrate,
            complexity=settings.complexity,
            application="low-delay",
        )
        self._raw = bytearray()
        self._line: deque[_Slot] = deque()
        self._fresh = True
        """The next sound begins a stream: the encoder forgets the one before."""
        self._loop = asyncio.get_running_loop()
        self._sent_ms = 0
        self.plays_until = 0.0
        """Loop time at which the device has played all it was sent."""
        self.failed = 0
        """Stretches of sound that could not be coded."""

    def say(self, body: dict[str, Any]) -> None:
        """A JSON message, behind everything said before it."""
        self._line.append(_Slot(message=orjson.dumps(body).decode()))
        self._advance()

    def sound(self, data: bytes) -> None:
        """int16 little-endian mono at the output rate, any length; whole frames are sent."""
        if self.format == "pcm":
            self._raw += data
            size = self._rate * FRAME_MS // 1000 * 2
            whole = len(self._raw) - len(self._raw) % size
            packets = [bytes(self._raw[at : at + size]) for at in range(0, whole, size)]
            del self._raw[:whole]
            self._line.append(_Slot(packets=packets))
            self._advance()
            return
        self._code(partial(_encode, self._encoder, data, self._begin()))

    def end(self) -> None:
        """The sound is complete: send the rest, filled up with silence."""
        if self.format == "pcm":
            if self._raw:
                self.sound(bytes(self._rate * FRAME_MS // 1000 * 2 - len(self._raw)))
        elif not self._fresh:
            self._code(self._encoder.flush)
        self._fresh = True

    def drop(self) -> None:
        """Forget all sound that was not sent; messages stay in line."""
        self._line = deque(slot for slot in self._line if slot.message is not None)
        self._raw.clear()
        self._fresh = True
        self.plays_until = self._loop.time()
        self._advance()

    def _begin(self) -> bool:
        fresh, self._fresh = self._fresh, False
        return fresh

    def _code(self, work: Callable[[], list[bytes]]) -> None:
        slot = _Slot()
        self._line.append(slot)
        self._bench.submit(work, partial(self._coded, slot))

    def _coded(self, slot: _Slot, packets: list[bytes] | KaikouError) -> None:
        if isinstance(packets, KaikouError):
            self.failed += 1
            packets = []
        slot.packets = packets
        self._advance()

    def _advance(self) -> None:
        line = self._line
        while line and line[0].ready:
            slot = line.popleft()
            if slot.message is not None:
                self._send(slot.message)
            for packet in slot.packets or ():
                now = self._loop.time()
                self.plays_until = max(self.plays_until, now) + FRAME_MS / 1000
                self._send(self._framing.pack(packet, self._sent_ms))
                self._sent_ms += FRAME_MS

    @property
    def waiting(self) -> bool:
        """Whether something is still being coded."""
        return bool(self._line)


def _encode(encoder: OpusEncoder, data: bytes, fresh: bool) -> list[bytes]:
    if fresh:
        encoder.reset()
    return encoder.feed(np.frombuffer(data, "<i2"))
