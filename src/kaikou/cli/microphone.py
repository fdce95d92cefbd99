"""The machine's microphone and loudspeaker, where there are any (the extra ``[microphone]``)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from kaikou.audio.pcm import Pcm
from kaikou.errors import KaikouError

RATE = 24_000
BLOCK = 480  # 20 ms


class NoMicrophone(KaikouError):
    """There is no sound device, or no library to reach it."""

    code = "no_microphone"


def sound_library() -> Any:
    """The ``sounddevice`` module. NoMicrophone where it or its system library is missing."""
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise NoMicrophone(
            f"The microphone cannot be used: {error}.",
            hint="Install the extra (pip install 'kaikou[microphone]'; on Debian also libportaudio2), "
            "or give a recording: --file question.wav.",
        ) from None
    return sounddevice


def devices() -> tuple[str | None, str | None]:
    """Names of the default microphone and loudspeaker, None where there is none."""
    library = sound_library()

    def name(kind: str) -> str | None:
        try:
            return str(library.query_devices(kind=kind)["name"])
        except (ValueError, library.PortAudioError):
            return None

    return name("input"), name("output")


class Duplex:
    """Microphone in, loudspeaker out, 20 ms blocks at 24 kHz. Use as a context manager on the loop.

    ``heard`` gets each microphone block on the event loop; ``play`` queues int16 bytes; ``stop``
    drops what was queued and returns how many bytes were not played.
    """

    def __init__(self, heard: Callable[[Pcm], None]) -> None:
        self._library = sound_library()
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes] = deque()
        self._left = b""
        if None in devices():
            raise NoMicrophone(
                "This machine has no microphone or no loudspeaker.",
                hint="Give a recording: kaikou talk --file question.wav --out reply.wav.",
            )
        self._stream = self._library.RawStream(
            samplerate=RATE, blocksize=BLOCK, channels=1, dtype="int16", callback=self._exchange
        )

    def __enter__(self) -> Duplex:
        self._stream.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.stop()
        self._stream.close()

    def play(self, data: bytes) -> None:
        self._queue.append(data)

    def stop(self) -> int:
        """Silence now."""
        dropped = len(self._left) + sum(map(len, self._queue))
        self._queue.clear()
        self._left = b""
        return dropped

    def _exchange(self, indata: Any, outdata: Any, frames: int, _time: Any, _status: Any) -> None:
        """On the sound library's own thread."""
        pcm = Pcm(np.frombuffer(bytes(indata), "<i2").astype(np.float32) / np.float32(32768), RATE)
        self._loop.call_soon_threadsafe(self._heard, pcm)
        wanted = frames * 2
        out = self._left
        while len(out) < wanted and self._queue:
            out += self._queue.popleft()
        self._left = out[wanted:]
        outdata[:] = out[:wanted].ljust(wanted, b"\0")
