"""Samples of any length in, windows of one length out, with a count that never loses a sample."""

from __future__ import annotations

import numpy as np

from kaikou.audio.pcm import Samples
from kaikou.errors import Overloaded

RATE = 16_000
_LONGEST = 600 * RATE


class Windows:
    """A stream's samples at 16 kHz that wait for a detector, cut into windows of ``size``."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.taken = 0
        """Samples that were taken or forgotten since the stream opened."""
        self._held: list[Samples] = []
        self._length = 0

    @property
    def ready(self) -> int:
        """Whole windows that wait."""
        return self._length // self.size

    def push(self, samples: Samples) -> None:
        """Queue samples; Overloaded when ten minutes wait already."""
        if self._length > _LONGEST:
            raise Overloaded(
                "Audio comes in faster than speech can be detected in it.",
                hint="Send audio no faster than it can be processed, or in shorter pieces.",
            )
        self._held.append(samples)
        self._length += len(samples)

    @property
    def whole(self) -> bool:
        """Nothing waits: the next sample begins a window."""
        return not self._length

    def pass_by(self, count: int) -> None:
        """Count windows that went to the detector without waiting here (only while ``whole``)."""
        self.taken += count * self.size

    def take(self, most: int) -> Samples:
        """Up to ``most`` windows, [n, size]."""
        count = min(most, self.ready)
        joined = np.concatenate(self._held) if len(self._held) > 1 else self._held[0]
        cut = count * self.size
        rest = joined[cut:]
        self._held = [rest] if len(rest) else []
        self._length -= cut
        self.taken += cut
        return joined[:cut].reshape(count, self.size)

    def give_back(self, windows: Samples) -> None:
        """Put windows just taken in front again."""
        self._held.insert(0, windows.reshape(-1))
        self._length += windows.size
        self.taken -= windows.size

    def forget(self) -> None:
        """Drop what waits; the count goes on as if it had been taken."""
        self.taken += self._length
        self._held.clear()
        self._length = 0
