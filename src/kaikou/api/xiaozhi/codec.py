"""The encoding of all devices' sound, off the event loop: one call on the pool does all that waits.

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
"""Packets of one call: about 10 ms of work, so that speech detection on the same thread is not late."""


class CodecBench:
    """Runs small pieces of codec work on ``pool``. Belongs to one event loop."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: deque[tuple[Work, Done]] = deque()
        self._runner: asyncio.Task[None] | None = None
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
            if self._runner is None:
                # It runs once the pacer's tick is over, which has then handed in all that is due.
                loop = asyncio.get_running_loop()
                self._runner = loop.create_task(self._run(), name="codec bench")

    async def close(self) -> None:
        """Stop; what waits is given up."""
        self._closed = True
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait({runner})
        self._waiting.clear()

    async def _run(self) -> None:
        try:
            while self._waiting:
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
