"""A device's sound on its way to the conversation: decoded where it arrives, sometimes unheard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from kaikou.api.xiaozhi.hello import ClientHello
from kaikou.audio.opus import OpusDecoder
from kaikou.audio.pcm import Pcm
from kaikou.errors import KaikouError

RATE = 16_000


class Ears:
    """``hear`` gets the decoded sound, in order. ``drop`` counts what could not be used, by reason.

    A packet is decoded on the event loop: it takes 30 µs, less than handing it to another thread.
    """

    def __init__(self, hello: ClientHello, hear: Callable[[Pcm], None], drop: Callable[[str], None]) -> None:
        self.open = False
        """The device listens: what it sends is meant."""
        self._hello = hello
        self._hear = hear
        self._drop = drop
        self._decoder = OpusDecoder(RATE)
        self._deaf_until = 0.0
        self._loop = asyncio.get_running_loop()

    def adopt(self, hello: ClientHello) -> None:
        """The device changed its format."""
        self._hello = hello
        self._decoder = OpusDecoder(RATE)

    def listen(self) -> None:
        """From now on what comes is meant."""
        self.open = True

    def shut(self) -> None:
        self.open = False

    def mute(self, seconds: float) -> None:
        """Hear nothing for a moment."""
        self._deaf_until = max(self._deaf_until, self._loop.time() + seconds)

    def unmute(self) -> None:
        self._deaf_until = 0.0

    def take(self, packet: bytes) -> None:
        """One packet of the device."""
        if not self.open or self._loop.time() < self._deaf_until:
            return
        if self._hello.format == "pcm":
            if len(packet) % 2:
                self._drop("broken_audio")
            else:
                self._hear(Pcm(np.frombuffer(packet, "<i2").astype(np.float32) / 32768.0, self._hello.rate))
            return
        try:
            pcm = self._decoder.decode(packet)
        except KaikouError:
            self._drop("broken_audio")
        else:
            self._hear(pcm)
