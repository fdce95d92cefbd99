"""One timer that paces all sessions' outgoing audio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

Pump = Callable[[float], bool]
"""Called with the loop's time in seconds; sends what is due; False when it needs no more calls."""


class Pacer:
    """Calls every registered pump each ``interval`` seconds, from a single loop timer.

    A session costs nothing while it is silent, and no task while it speaks.
    """

    def __init__(self, interval: float = 0.02) -> None:
        self._interval = interval
        self._pumps: dict[int, Pump] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0

    def add(self, key: int, pump: Pump) -> None:
        """Register ``pump`` under ``key`` (replacing an older one)."""
        self._pumps[key] = pump
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._next = loop.time() + self._interval
            self._timer = loop.call_at(self._next, self._tick)

    def remove(self, key: int) -> None:
        self._pumps.pop(key, None)

    def close(self) -> None:
        self._pumps.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @property
    def active(self) -> int:
        return len(self._pumps)

    @staticmethod
    def _wants_more(pump: Pump, now: float) -> bool:
        try:
            return pump(now)
        except Exception:
            # One session's failure must not silence all the others.
            log.exception("a session's sound could not be sent")
            return False

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for key, pump in list(self._pumps.items()):
            if not self._wants_more(pump, now) and self._pumps.get(key) is pump:
                del self._pumps[key]
        if not self._pumps:
            self._timer = None
            return
        # An absolute schedule: a late tick does not delay those after it.
        self._next = max(self._next + self._interval, now + self._interval / 4)
        self._timer = loop.call_at(self._next, self._tick)
