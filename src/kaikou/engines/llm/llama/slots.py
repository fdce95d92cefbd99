"""Places in a local model that serves few requests at once: who gets one, and who gives way.

Requests queue by lane. Work nobody waits for (batch, warming a prompt) only runs while no other
request does, and is cut off when one comes: its holder does it again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from kaikou.engines.ports import Lane
from kaikou.errors import Overloaded


class GaveWay(Exception):
    """The place was wanted by somebody who waits; do the work again."""


class Lease:
    """A place, held. ``queued`` is how many seconds it was waited for."""

    def __init__(self, gives_way: bool) -> None:
        self.gives_way = gives_way
        self.queued = 0.0
        self._scope: asyncio.Timeout | None = None
        self._wanted = False

    def take_back(self) -> None:
        """Ask the holder to leave now."""
        self._wanted = True
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def interruptible(self) -> AsyncIterator[None]:
        """Work that is cut off when the place is wanted. Raises GaveWay then."""
        if self._wanted:
            raise GaveWay
        try:
            async with asyncio.timeout(None) as scope:
                self._scope = scope
                try:
                    yield
                finally:
                    self._scope = None
        except TimeoutError:
            # The work may also have run out of a time of its own.
            if self._wanted:
                raise GaveWay from None
            raise


@dataclass(order=True)
class _Waiting:
    lane: Lane
    order: int
    lease: Lease = field(compare=False)
    granted: asyncio.Future[None] = field(compare=False)
    since: float = field(compare=False)


class Slots:
    """``places`` requests at once; at most ``limits[lane]`` wait in each lane. For one event loop."""

    def __init__(self, places: int, limits: Mapping[Lane, int]) -> None:
        self._places = places
        self._limits = limits
        self._waiting: list[_Waiting] = []
        self._held: list[Lease] = []
        self._order = count()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> int:
        return len(self._held)

    def oldest(self, lane: Lane) -> float:
        """Seconds that the first in line of ``lane`` has waited; 0 where nobody waits."""
        since = [entry.since for entry in self._waiting if entry.lane == lane and not entry.lease.gives_way]
        return asyncio.get_running_loop().time() - min(since) if since else 0.0

    @asynccontextmanager
    async def lease(self, lane: Lane, *, gives_way: bool = False) -> AsyncIterator[Lease]:
        """Wait for a place and hold it for the block. Raises Overloaded when too many wait."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        lease = Lease(gives_way)
        entry = _Waiting(lane, next(self._order), lease, loop.create_future(), began)
        self._waiting.append(entry)
        self._grant()
        try:
            if not entry.granted.done() and self._queue(lane) > self._limits[lane]:
                raise Overloaded(
                    "Too many requests wait for the language model.",
                    hint="Try again in a moment, or connect a faster model.",
                )
            if not gives_way:
                for other in self._held:
                    if other.gives_way:
                        other.take_back()
            await entry.granted
            lease.queued = loop.time() - began
            yield lease
        finally:
            self._leave(entry)

    def _queue(self, lane: Lane) -> int:
        return sum(entry.lane == lane for entry in self._waiting)

    def _grant(self) -> None:
        while len(self._held) < self._places and (entry := self._next()) is not None:
            self._waiting.remove(entry)
            self._held.append(entry.lease)
            entry.granted.set_result(None)

    def _next(self) -> _Waiting | None:
        """The first in line. Whoever gives way only goes while nobody else is here."""
        waiting = [entry for entry in self._waiting if not entry.granted.cancelled()]
        urgent = [entry for entry in waiting if not entry.lease.gives_way]
        if not urgent and any(not lease.gives_way for lease in self._held):
            return None
        return min(urgent or waiting, default=None)

    def _leave(self, entry: _Waiting) -> None:
        if entry in self._waiting:
            self._waiting.remove(entry)
        if entry.lease in self._held:
            self._held.remove(entry.lease)
        self._grant()
