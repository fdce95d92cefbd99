"""Sounds of short phrases that come again, bounded by their length."""

from __future__ import annotations

import threading
from collections import OrderedDict

from kaikou.engines.tts.kokoro.synthesis import Sound

Key = tuple[str, str, float]
"""(phonemes, voice, speed)."""


class PhraseCache:
    """Least recently used goes first. Safe to use from any thread."""

    def __init__(self, seconds: float) -> None:
        self._limit = seconds
        self._seconds = 0.0
        self._kept: OrderedDict[Key, Sound] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Sound | None:
        with self._lock:
            sound = self._kept.get(key)
            if sound is not None:
                self._kept.move_to_end(key)
            return sound

    def put(self, key: Key, sound: Sound) -> None:
        """Keep ``sound`` unless it alone takes more than a tenth of the room."""
        if sound.pcm.seconds > self._limit / 10:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = sound
            self._seconds += sound.pcm.seconds
            while self._seconds > self._limit:
                _, gone = self._kept.popitem(last=False)
                self._seconds -= gone.pcm.seconds

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._seconds = 0.0
