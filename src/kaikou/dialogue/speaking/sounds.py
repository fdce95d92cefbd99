"""A recording as a stream: decoded a little ahead of its playing, never held whole."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

from kaikou.audio.decoding import pieces
from kaikou.audio.pcm import Pcm, Samples


async def recording(source: Path | bytes, rate: int, longest: float) -> AsyncGenerator[Pcm, None]:
    """The sound of a file, or of a file's bytes, at ``rate`` Hz, about a second at a time and at most
    ``longest`` seconds of it. Raises InvalidInput ``unreadable_audio``, OSError."""
    reader = _Reader(source, rate)
    left = longest
    try:
        while left > 0 and (samples := await asyncio.to_thread(reader.next)) is not None:
            pcm = Pcm(samples, rate)
            left -= pcm.seconds
            yield pcm
    finally:
        # A thread may be decoding still: the file is closed after it.
        asyncio.get_running_loop().run_in_executor(None, reader.close)


class _Reader:
    """An iterator for threads: read in one, closed in another."""

    def __init__(self, source: Path | bytes, rate: int) -> None:
        self._lock = threading.Lock()
        self._source = source
        self._rate = rate
        self._pieces: Generator[Samples, None, None] | None = None
        self._closed = False

    def next(self) -> Samples | None:
        with self._lock:
            if self._closed:
                return None
            if self._pieces is None:
                self._pieces = pieces(self._source, self._rate)
            return next(self._pieces, None)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._pieces is not None:
                self._pieces.close()
