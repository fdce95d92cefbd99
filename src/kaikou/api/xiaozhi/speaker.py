"""What a device is sent: messages, and sound as Opus packets.

The sound comes paced from the conversation (``send_ahead_ms`` ahead of playback, by absolute
deadlines), so it is coded and sent at once; the speaker only reckons when the device will have
played the last frame. A packet is coded on the event loop: with the default effort that takes
90 µs, while handing it to another thread and back takes as much again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import orjson

from kaikou.api.xiaozhi.hello import FRAME_MS, AudioFormat
from kaikou.audio.opus import OpusEncoder
from kaikou.settings.services import XiaozhiSettings


class Packing(Protocol):
    """How a packet travels: ``framing.Framing``, or a stream of datagrams."""

    def pack(self, packet: bytes, timestamp: int) -> bytes:
        """An audio packet as the transport sends it; ``timestamp`` in ms of the stream."""
        ...


class Speaker:
    """One device's downlink. ``send`` takes a message for the socket and never waits."""

    def __init__(
        self,
        framing: Packing,
        send: Callable[[str | bytes], None],
        settings: XiaozhiSettings,
        format: AudioFormat,
    ) -> None:
        self.format = format
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
        self._fresh = True
        """The next sound begins a stream: the encoder forgets the one before."""
        self._loop = asyncio.get_running_loop()
        self._sent_ms = 0
        self.plays_until = 0.0
        """Loop time at which the device has played all it was sent."""

    def say(self, body: dict[str, Any]) -> None:
        """A JSON message, behind everything said before it."""
        self._send(orjson.dumps(body).decode())

    def sound(self, data: bytes) -> None:
        """int16 little-endian mono at the output rate, any length; whole frames are sent."""
        if self.format == "pcm":
            self._raw += data
            size = self._rate * FRAME_MS // 1000 * 2
            whole = len(self._raw) - len(self._raw) % size
            packets = [bytes(self._raw[at : at + size]) for at in range(0, whole, size)]
            del self._raw[:whole]
        else:
            if self._fresh:
                self._encoder.reset()
            self._fresh = False
            packets = self._encoder.feed(np.frombuffer(data, "<i2"))
        self._put(packets)

    def end(self) -> None:
        """The sound is complete: send the rest, filled up with silence."""
        if self.format == "pcm":
            if self._raw:
                self.sound(bytes(self._rate * FRAME_MS // 1000 * 2 - len(self._raw)))
        elif not self._fresh:
            self._put(self._encoder.flush())
        self._fresh = True

    def drop(self) -> None:
        """Forget the sound that does not fill a frame, and what the device had still to play."""
        self._raw.clear()
        self._fresh = True
        self.plays_until = self._loop.time()

    def _put(self, packets: list[bytes]) -> None:
        now = self._loop.time()
        for packet in packets:
            self.plays_until = max(self.plays_until, now) + FRAME_MS / 1000
            self._send(self._framing.pack(packet, self._sent_ms))
            self._sent_ms += FRAME_MS
