"""The processor's one owner: model work in three lanes, bounded, cancellable, metered.

``LIVE > INTERACTIVE > BATCH``, and no lane waits for another: each has its own threads, and the
operating system's scheduler gives a busy core to the higher lane (nice 0, 5 and 19 on Linux). A
call in progress therefore never waits for an audiobook's inference to finish; it only shares the
memory bus with it.

That holds for the threads *inside* a runtime only if they are niced too. A runtime's threads
inherit the priority of the thread that opens its session, so an engine keeps one session per
``lane_key`` and opens it in that lane's thread: :class:`PerLane` does both.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Literal, ParamSpec, TypeVar

from kaikou.engines.metering import Counters, LaneLoad, PoolSnapshot, current_meter
from kaikou.engines.ports import Lane
from kaikou.engines.workers import Job, Workers
from kaikou.errors import NotReady
from kaikou.settings.tree import PoolSettings

P = ParamSpec("P")
T = TypeVar("T")

LaneKey = Literal["foreground", "background"]

QUICK = frozenset({"vad", "codec"})
"""Kinds whose live calls last a few milliseconds. They have a thread of their own, so that 20 ms
of speech detection never waits behind half a second of speech recognition."""

_NICE = {Lane.LIVE: 0, Lane.INTERACTIVE: 5, Lane.BATCH: 19}
_MOST_THREADS = 4  # inside one live call: the small models of a conversation gain nothing from more

_cancel: ContextVar[threading.Event | None] = ContextVar("kaikou_cancel", default=None)

log = logging.getLogger(__name__)


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def cancelled() -> bool:
    """Inside pool work: True once nobody waits for it any more. Long work asks between steps."""
    event = _cancel.get()
    return event is not None and event.is_set()


def lane_key(lane: Lane) -> LaneKey:
    """Lanes with the same key may share a runtime session; batch work needs its own."""
    return "background" if lane is Lane.BATCH else "foreground"


class PerLane(Generic[T]):
    """One ``make(threads)`` for each ``lane_key``, made when first asked for.

    ``threads`` is the lane's budget for the runtime's own threads. Call ``get`` from pool work, in
    the lane it is for: what it makes there inherits the thread's priority.
    """

    def __init__(self, pool: Pool, make: Callable[[int], T]) -> None:
        self._pool = pool
        self._make = make
        self._made: dict[LaneKey, T] = {}
        self._locks: dict[LaneKey, threading.Lock] = {
            "foreground": threading.Lock(),
            "background": threading.Lock(),
        }

    def get(self, lane: Lane) -> T:
        """The lane's own; blocks while it is being made."""
        key = lane_key(lane)
        with self._locks[key]:
            if key not in self._made:
                self._made[key] = self._make(self._pool.threads(lane))
            return self._made[key]

    def clear(self) -> None:
        """Forget all; the next ``get`` makes anew."""
        self._made.clear()


class Pool:
    """Runs blocking model calls off the event loop. Any event loop of the process may use it."""

    def __init__(self, settings: PoolSettings | None = None) -> None:
        self.settings = settings or PoolSettings()
        self._cores = self.settings.threads or _usable_cores()
        self._counters = Counters()
        self._lanes = {lane: self._workers(lane) for lane in Lane}
        self._quick = Workers(
            "quick", threads=1, limit=self._limit(Lane.LIVE), nice=0, counters=self._counters
        )

    # -- budget

    def threads(self, lane: Lane) -> int:
        """Threads one call of ``lane`` may use inside its runtime (intra-op threads)."""
        if lane is Lane.BATCH:
            return max(1, self._cores // 2)
        return max(1, min(self._cores, _MOST_THREADS))

    def concurrency(self, lane: Lane) -> int:
        """Calls of ``lane`` that run at once."""
        match lane:
            case Lane.LIVE:
                return max(2, self._cores // self.threads(lane))
            case Lane.INTERACTIVE:
                return max(1, self._cores // self.threads(lane) // 2)
            case Lane.BATCH:
                return min(2, self._cores)

    # -- work

    async def run(self, kind: str, lane: Lane, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``call`` on a thread of ``lane`` and give its result.

        ``kind`` names the model's kind in metrics (``stt``, ``tts`` …). Cancelling the awaiting
        task withdraws work that still waits; work that runs sees ``cancelled()`` and its result is
        dropped. Raises Overloaded when the lane's queue is full, NotReady at shut-down.
        """
        token = threading.Event()
        context = copy_context()
        context.run(_cancel.set, token)
        job = Job(kind, lane, partial(call, *args, **kwargs), context, token, current_meter())
        result: T = await self._await(job)
        return result

    async def iterate(
        self,
        kind: str,
        lane: Lane,
        generator: Callable[P, Iterator[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> AsyncGenerator[T, None]:
        """The values of a blocking generator function, each made on a thread of ``lane``.

        The generator runs at most two values ahead of the reader and holds no thread while it
        waits for one; between values others take their turn. Closing the iterator
        (``contextlib.aclosing``) or cancelling its reader stops the generator: it sees
        ``cancelled()`` at once and is closed at its next ``yield``, so its ``finally`` runs.
        """
        token = threading.Event()
        context = copy_context()
        context.run(_cancel.set, token)
        meter = current_meter()
        steps = _Steps(partial(generator, *args, **kwargs), token)
        ahead: asyncio.Queue[tuple[T] | _End] = asyncio.Queue(maxsize=1)

        async def produce() -> None:
            error: BaseException | None = None
            try:
                while (
                    item := await self._await(Job(kind, lane, steps.step, context, token, meter))
                ) is not None:
                    await ahead.put(item)
            except asyncio.CancelledError:
                raise
            except BaseException as raised:  # noqa: BLE001 - the reader gets it, after the values before it
                error = raised
            await ahead.put(_End(error))

        producer = asyncio.create_task(produce(), name=f"pool.iterate {kind}")
        try:
            while not isinstance(item := await ahead.get(), _End):
                yield item[0]
            if item.error is not None:
                raise item.error
        finally:
            token.set()
            producer.cancel()
            await asyncio.wait({producer})
            # A context of its own: a step that still runs has entered the other.
            closing = Job(kind, lane, steps.close, context.copy(), token, None)
            # A pool that is shut down runs nothing more; the generator goes with the process.
            with suppress(NotReady):
                self._workers_for(closing).submit(closing, bounded=False)
            closing.future.add_done_callback(_report)

    # -- state

    def snapshot(self) -> PoolSnapshot:
        """Totals per kind and lane, and each lane's load now."""
        lanes = {}
        for lane, workers in self._lanes.items():
            waiting, running, oldest = workers.load()
            if lane is Lane.LIVE:
                quick = self._quick.load()
                waiting, running, oldest = waiting + quick[0], running + quick[1], max(oldest, quick[2])
            lanes[lane] = LaneLoad(waiting, running, workers.limit, oldest)
        return PoolSnapshot(self._counters.read(), lanes)

    async def close(self, seconds: float = 10.0) -> None:
        """Take no more work, drop queued batch work, wait up to ``seconds`` for the rest,
        then tell it to stop. Safe to call twice."""
        remaining = self._quick.stop(drop_queued=False)
        for lane, workers in self._lanes.items():
            left = workers.stop(drop_queued=lane is Lane.BATCH)
            if lane is Lane.BATCH:
                for job in left:
                    job.cancel.set()
            remaining += left
        if remaining:
            done = [asyncio.wrap_future(job.future) for job in remaining]
            await asyncio.wait(done, timeout=seconds)
        for job in remaining:
            job.cancel.set()

    # -- inside

    def _limit(self, lane: Lane) -> int:
        limits = (self.settings.live_queue, self.settings.interactive_queue, self.settings.batch_queue)
        return limits[lane]

    def _workers(self, lane: Lane) -> Workers:
        return Workers(
            lane.name.lower(),
            threads=self.concurrency(lane),
            limit=self._limit(lane),
            nice=_NICE[lane],
            counters=self._counters,
        )

    def _workers_for(self, job: Job) -> Workers:
        return self._quick if job.lane is Lane.LIVE and job.kind in QUICK else self._lanes[job.lane]

    async def _await(self, job: Job) -> Any:
        workers = self._workers_for(job)
        workers.submit(job)
        try:
            return await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            workers.withdraw(job)
            raise


@dataclass(frozen=True, slots=True)
class _End:
    """Behind the last value of an iteration."""

    error: BaseException | None


class _Steps(Generic[T]):
    """A blocking iterator advanced and closed from the pool's threads, one at a time."""

    def __init__(self, make: Callable[[], Iterator[T]], cancel: threading.Event) -> None:
        self._make = make
        self._cancel = cancel
        self._iterator: Iterator[T] | None = None
        self._busy = threading.Lock()

    def step(self) -> tuple[T] | None:
        """The next value in a tuple, or None at the end."""
        try:
            with self._busy:
                if self._iterator is None:
                    self._iterator = iter(self._make())
                try:
                    return (next(self._iterator),)
                except StopIteration:
                    return None
        finally:
            # After the lock is free: either this sees the cancellation, or ``close``, which comes
            # after it, finds the lock free.
            if self._cancel.is_set():
                self.close()

    def close(self) -> None:
        """Run the generator's ``finally``. A step in progress does it itself when it is over."""
        if self._busy.acquire(blocking=False):
            try:
                if isinstance(self._iterator, Generator):
                    self._iterator.close()
            finally:
                self._busy.release()


def _report(closing: Future[None]) -> None:
    """Nobody awaits the closing of a generator, so its failure goes to the log."""
    if not closing.cancelled() and (error := closing.exception()) is not None:
        log.error("a generator failed while it was closed", exc_info=error)
