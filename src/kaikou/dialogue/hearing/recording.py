"""The session's microphone audio, kept as long as a turn may need it."""

from __future__ import annotations

from collections import deque

import numpy as np

from kaikou.audio.pcm import Pcm, Samples

RATE = 16_000
"""Hz; what VAD, turn detector and recognisers take."""


class Recording:
    """Appended pieces of 16 kHz audio addressed by absolute time since the session began."""

    def __init__(self) -> None:
        self._pieces: deque[Samples] = deque()
        self._first = 0
        self._end = 0

    @property
    def end_ms(self) -> float:
        return self._end / RATE * 1000

    @property
    def start_ms(self) -> float:
        """The earliest time still kept."""
        return self._first / RATE * 1000

    def append(self, samples: Samples) -> None:
        self._pieces.append(samples)
        self._end += len(samples)

    def forget_before(self, time_ms: float) -> None:
        """Let go of whole pieces that end before ``time_ms``."""
        limit = int(time_ms / 1000 * RATE)
        while self._pieces and self._first + len(self._pieces[0]) <= limit:
            self._first += len(self._pieces.popleft())

    def between(self, start_ms: float, end_ms: float | None = None) -> Pcm:
        """A copy of the audio in [start_ms, end_ms), as far as it is kept."""
        start = max(self._first, int(start_ms / 1000 * RATE))
        end = self._end if end_ms is None else min(self._end, int(end_ms / 1000 * RATE))
        wanted: list[Samples] = []
        position = self._first
        for piece in self._pieces:
            after = position + len(piece)
            if after > start and position < end:
                wanted.append(piece[max(0, start - position) : max(0, end - position)])
            position = after
        joined = np.concatenate(wanted) if wanted else np.zeros(0, np.float32)
        return Pcm(joined, RATE)
