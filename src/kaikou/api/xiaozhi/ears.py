"""A device's sound on its way to the conversation: decoded off the loop, bounded, sometimes unheard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import numpy as np

from kaikou.api.xiaozhi.hello import ClientHello
from kaikou.api.xiaozhi.speaker import Bench
from kaikou.audio.opus import OpusDecoder
from kaikou.audio.pcm import Pcm
from kaikou.errors import KaikouError

RATE = 16_000
MOST_WAITING = 256
"""Packets of one device being decoded: 15 s of sound sent at once. More is dropped."""


class Ears:
    """``hear`` gets the decoded sound, in order. ``drop`` counts what could not be used, by reason."""

    def __init__(
        self, bench: Bench, hello: ClientHello, hear: Callable[[Pcm], None], drop: Callable[[str], None]
    ) -> None:
        self.open = False
        """The device listens: what it sends is meant."""
        self._bench = bench
        self._hello = hello
        self._hear = hear
        self._drop = drop
        self._decoder = OpusDecoder(RATE)
        self._waiting = 0
        self._deaf_until = 0.0
        self._turn = 0
        """Counts openings: sound decoded too late belongs to none."""
        self._loop = asyncio.get_running_loop()

    def adopt(self, hello: ClientHello) -> None:
        """The device changed its format."""
        self._hello = hello
        self._decoder = OpusDecoder(RATE)

    def listen(self) -> None:
        """From now on what comes is meant; what came before is not."""
        self.open = True
        self._turn += 1

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
        if self._waiting >= MOST_WAITING:
            self._drop("too_much_audio")
        elif self._hello.format == "pcm":
            if len(packet) % 2:
                self._drop("broken_audio")
                return
            self._take_pcm(packet)
        else:
            self._waiting += 1
            self._bench.submit(partial(self._decoder.decode, packet), partial(self._decoded, self._turn))

    def when_heard(self, then: Callable[[], None]) -> None:
        """Call ``then`` once everything taken so far was heard."""
        if self._waiting:
            self._bench.submit(_nothing, lambda _: then())
        else:
            then()

    def _take_pcm(self, packet: bytes) -> None:
        self._hear(Pcm(np.frombuffer(packet, "<i2").astype(np.float32) / 32768.0, self._hello.rate))

    def _decoded(self, turn: int, pcm: Pcm | KaikouError) -> None:
        self._waiting -= 1
        if isinstance(pcm, KaikouError):
            self._drop("broken_audio")
        elif turn == self._turn:
            self._hear(pcm)


def _nothing() -> None:
    """Work that only keeps its place in the line."""
