"""Keeping a session from hearing itself, where neither the device nor the browser does.

What is sent is known, and when: it is played from when it arrives, one piece after the other. The
guard lays that on the microphone's clock and takes it out (``audio.echo``); how late the echo really
comes it finds out itself.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from kaikou.audio.echo import RATE, EchoReference, EchoSuppressor
from kaikou.audio.pcm import Samples
from kaikou.audio.resampling import Resampler

_BUCKET_SECONDS = 1.0
_GATES = 256


class EchoGuard:
    """One session's. Times are the loop's, in seconds."""

    def __init__(self) -> None:
        self._reference = EchoReference()
        self._suppressor = EchoSuppressor(self._reference)
        self._resampler: Resampler | None = None
        self._heard = 0
        """Microphone samples so far."""
        self._offsets = (float("inf"), float("inf"))
        """Earliest start of the microphone's clock, as its samples arrive: in the last second, and in the
        one before. Packets come late, never early."""
        self._bucket_at = 0.0
        self._gates: deque[tuple[int, bool]] = deque(maxlen=_GATES)
        """End of each stretch that the detector was given, and whether it may hold a voice."""

    def sent(self, data: bytes, rate: int, now: float) -> None:
        """int16 sound that goes out now."""
        if not self._heard:
            return  # the microphone is not open
        if self._resampler is None or self._resampler.source != rate:
            self._resampler = Resampler(rate, RATE)
        samples = self._resampler.process(np.frombuffer(data, "<i2").astype(np.float32) / 32768.0)
        at = round((now - min(self._offsets)) * RATE)
        self._reference.add(samples, max(at, self._reference.end))

    def clean(self, samples: Samples, now: float, fed: int) -> Samples:
        """The microphone's sound at 16 kHz without the agent's; ``fed`` counts what the detector was given
        before. As long as what comes in, and 32 ms late."""
        self._heard += len(samples)
        offset = now - self._heard / RATE
        if now - self._bucket_at > _BUCKET_SECONDS:
            self._bucket_at = now
            self._offsets = (offset, self._offsets[0])
        elif offset < self._offsets[0]:
            self._offsets = (offset, self._offsets[1])
        cleaned = self._suppressor.clean(samples)
        self._gates.append((fed + len(samples), self._suppressor.open))
        return cleaned

    def explains(self, end: int) -> bool:
        """Whether the echo explains what the detector was given up to sample ``end``."""
        explained = False
        for until, may in reversed(self._gates):
            if until < end:
                break
            explained = not may
        return explained
