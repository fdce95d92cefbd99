"""The Opus work of all devices, off the event loop: one call on the pool does all that waits.

A job for every packet would cost more than the packet. No thread, task or queue belongs to a
session; what one session hands in is done in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.errors import KaikouError, NotReady, Overloaded

log = logging.getLogger(__name__)
T = TypeVar("T")

Work = Callable[[], Any]
Done = Callable[[Any], None]

_MOST_WAITING = 8_192
_BATCH = 64
"""Packets of one call: about 15 ms of work, so that speech detection on the same thread is not late."""
_GATHER = 0.012
"""Seconds from the beginning of one call to that of the next: with many devices each does more at
once, and a thread is woken less often, which costs as much as coding a packet. A single device's
packets are further apart, and never wait."""


class CodecBench:
    """Runs small pieces of codec work on ``pool``. Belongs to one event loop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[tuple[Work, Done]] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0
        self._closed = False

    def submit(self, work: Callable[[], T], done: Callable[[T | KaikouError], None]) -> None:
        """``done`` gets on the loop what ``work`` gave on the pool, or why there is nothing: its
        KaikouError, Overloaded, or NotReady at shut-down."""
        if self._closed:
            done(NotReady("The server is shutting down.", code="shutting_down"))
        elif len(self._waiting) >= _MOST_WAITING:
            done(Overloaded("Too much audio waits to be coded."))
        else:
            self._waiting.append((work, done))
            if self._runner is None and self._timer is None:
                self._begin()

    def _begin(self) -> None:
        """Start a call, now or as soon as one may begin."""
        loop = asyncio.get_running_loop()
        self._timer = None
        wait = self._next - loop.time()
        if wait > 0:
            self._timer = loop.call_at(self._next, self._begin)
        else:
            self._runner = loop.create_task(self._run(), name="codec bench")

    async def close(self) -> None:
        """Stop; what waits is given up."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait({runner})
        self._waiting.clear()

    async def _run(self) -> None:
        try:
            self._next = asyncio.get_running_loop().time() + _GATHER
            batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            try:
                results = await self._pool.run("codec", Lane.LIVE, _work, [work for work, _ in batch])
            except KaikouError as error:
                results = [error] * len(batch)
            for (_, done), result in zip(batch, results, strict=True):
                try:
                    done(result)
                except Exception:
                    log.exception("a coded packet could not be handed on")
        finally:
            self._runner = None
        if self._waiting:
            if len(self._waiting) >= _BATCH:
                self._next = 0.0
            self._begin()


def _work(batch: list[Work]) -> list[Any]:
    results: list[Any] = []
    for work in batch:
        try:
            results.append(work())
        except KaikouError as error:
            results.append(error)
        except Exception as error:
            # One session's packet must not cost the others theirs.
            log.error("codec work failed", exc_info=error)
            results.append(KaikouError("An audio packet could not be coded.", code="codec_failed"))
    return results
