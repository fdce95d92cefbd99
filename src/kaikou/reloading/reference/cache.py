"""``core.utils.cache``: values that plugins keep for a while, shared by all of them."""

from __future__ import annotations

import enum
import threading
import time
from collections import OrderedDict
from typing import Any

MOST_VALUES = 1_000
"""Of each kind; the oldest are forgotten first."""


class CacheType(enum.Enum):
    """Kinds of values."""

    LOCATION = "location"
    WEATHER = "weather"
    LUNAR = "lunar"
    INTENT = "intent"
    IP_INFO = "ip_info"
    CONFIG = "config"
    DEVICE_PROMPT = "device_prompt"
    VOICEPRINT_HEALTH = "voiceprint_health"
    AUDIO_DATA = "audio_data"


_HOUR = 3600.0
_SECONDS: dict[CacheType, float | None] = {
    CacheType.LOCATION: None,
    CacheType.IP_INFO: 24 * _HOUR,
    CacheType.WEATHER: 8 * _HOUR,
    CacheType.LUNAR: 720 * _HOUR,
    CacheType.CONFIG: None,
    CacheType.DEVICE_PROMPT: None,
}
"""So long such a server keeps them; None: until they are deleted."""
_OTHER_SECONDS = 600.0


class CacheManager:
    """Values by kind, namespace and key. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kinds: dict[tuple[CacheType, str], OrderedDict[str, tuple[Any, float]]] = {}

    def set(
        self, cache_type: CacheType, key: str, value: Any, ttl: float | None = None, namespace: str = ""
    ) -> None:
        """Keep a value for ``ttl`` seconds (None: as its kind has it)."""
        seconds = _SECONDS.get(cache_type, _OTHER_SECONDS) if ttl is None else ttl
        until = float("inf") if seconds is None else time.monotonic() + seconds
        with self._lock:
            values = self._kinds.setdefault((cache_type, namespace), OrderedDict())
            values[key] = (value, until)
            values.move_to_end(key)
            while len(values) > MOST_VALUES:
                values.popitem(last=False)

    def get(self, cache_type: CacheType, key: str, namespace: str = "") -> Any:
        """The value, None where there is none any more."""
        with self._lock:
            values = self._kinds.get((cache_type, namespace), OrderedDict())
            value, until = values.get(key, (None, 0.0))
            if time.monotonic() < until:
                return value
            values.pop(key, None)
            return None

    def delete(self, cache_type: CacheType, key: str, namespace: str = "") -> bool:
        """Whether there was one."""
        with self._lock:
            return self._kinds.get((cache_type, namespace), OrderedDict()).pop(key, None) is not None

    def clear(self, cache_type: CacheType, namespace: str = "") -> None:
        with self._lock:
            self._kinds.pop((cache_type, namespace), None)

    def invalidate_pattern(self, cache_type: CacheType, pattern: str, namespace: str = "") -> int:
        """Delete what has ``pattern`` in its key; how many there were."""
        with self._lock:
            values = self._kinds.get((cache_type, namespace), OrderedDict())
            gone = [key for key in values if pattern in key]
            for key in gone:
                del values[key]
            return len(gone)


cache_manager = CacheManager()
