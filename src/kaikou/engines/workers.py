"""The threads of one lane: a bounded queue in front, a priority of the operating system behind."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from kaikou.engines.metering import Counters, Meter, Outcome
from kaikou.engines.ports import Lane
from kaikou.errors import NotReady, Overloaded


@dataclass(eq=False, slots=True)
class Job:
    """One blocking call that waits for a thread or has one."""

    kind: str
    lane: Lane
    call: Callable[[], Any]
    context: Context
    cancel: threading.Event
    meter: Meter | None
    future: Future[Any] = field(default_factory=Future)
    submitted: float = field(default_factory=time.perf_counter)


LOWEST = 19
"""The niceness of work that nobody waits for."""


class Workers:
    """``threads`` threads that take jobs in order of arrival. Threads start when first needed.

    ``nice`` is the threads' priority on Linux, where each thread has its own and the threads a
    runtime starts from them inherit it. At 19 they are idle-scheduled as well: they get next to
    nothing of a core that other work wants, all of a free one. Other systems know no such per-thread
    value: there the budget of threads alone keeps lanes apart.

    What priorities cannot order is the interpreter's lock: batch work should spend its time inside
    runtimes, which release it, and keep its own Python short.
    """

    def __init__(self, name: str, *, threads: int, limit: int, nice: int, counters: Counters) -> None:
        self.name = name
        self.limit = limit
        self._size = threads
        self._nice = nice
        self._counters = counters
        self._queue: deque[Job] = deque()
        self._running: set[Job] = set()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._stopped = False
        self._wake = threading.Condition()

    def submit(self, job: Job, *, bounded: bool = True) -> None:
        """Queue ``job``. A full queue is Overloaded, a stopped pool NotReady."""
        with self._wake:
            if self._stopped:
                raise NotReady("The server is shutting down.", code="shutting_down")
            if bounded and len(self._queue) >= self.limit:
                self._counters.count(job.kind, job.lane, "refused")
                raise Overloaded(
                    f"Too much work is waiting in the {job.lane.name.lower()} lane"
                    f" ({self.limit} requests): {job.kind} was refused.",
                    hint=f"Try again shortly, or raise pool.{job.lane.name.lower()}_queue.",
                )
            self._queue.append(job)
            # A thread that was woken counts as idle until it runs: each needs a job of its own.
            if self._idle >= len(self._queue):
                self._wake.notify()
            elif len(self._threads) < self._size:
                self._start_thread()

    def withdraw(self, job: Job) -> None:
        """Nobody waits for ``job`` any more: it never starts, or is told to stop."""
        job.cancel.set()
        with self._wake:
            if job not in self._queue:
                return
            self._queue.remove(job)
        self._counters.count(job.kind, job.lane, "cancelled")

    def load(self) -> tuple[int, int, float]:
        """(waiting, running, seconds the first one has waited)."""
        with self._wake:
            oldest = time.perf_counter() - self._queue[0].submitted if self._queue else 0.0
            return len(self._queue), len(self._running), oldest

    def stop(self, *, drop_queued: bool) -> list[Job]:
        """Take no more work; threads end when the queue is empty. Gives the jobs still to finish."""
        with self._wake:
            self._stopped = True
            dropped = list(self._queue) if drop_queued else []
            if drop_queued:
                self._queue.clear()
            remaining = [*self._queue, *self._running]
            self._wake.notify_all()
        for job in dropped:
            self._counters.count(job.kind, job.lane, "cancelled")
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(NotReady("The server is shutting down.", code="shutting_down"))
        return remaining

    def _start_thread(self) -> None:
        name = f"kaikou-{self.name}-{len(self._threads)}"
        # Daemon: a model call that never returns must not keep the process from ending.
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        if self._nice and sys.platform == "linux":
            thread = threading.get_native_id()
            # Relative to the process's own, which may have been started with less than full priority.
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + self._nice)
            if self._nice == LOWEST:
                # Below the lowest niceness: it runs only while no other thread wants the core.
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        while (job := self._next()) is not None:
            self._run(job)
            with self._wake:
                self._running.discard(job)
            del job  # a finished job's result must not live until the next one comes

    def _next(self) -> Job | None:
        with self._wake:
            while not self._queue:
                if self._stopped:
                    return None
                self._idle += 1
                self._wake.wait()
                self._idle -= 1
            job = self._queue.popleft()
            self._running.add(job)
            return job

    def _run(self, job: Job) -> None:
        if not job.future.set_running_or_notify_cancel():
            self._counters.count(job.kind, job.lane, "cancelled")
            return
        started = time.perf_counter()
        result: Any = None
        error: BaseException | None = None
        try:
            result = job.context.run(job.call)
        except (StopIteration, asyncio.CancelledError, futures.CancelledError) as raised:
            # A future cannot carry these: its awaiter would never wake, or think itself cancelled.
            error = RuntimeError(f"pool work raised {type(raised).__name__}")
            error.__cause__ = raised
        except BaseException as raised:  # noqa: BLE001 - handed to the awaiter, whatever it is
            error = raised
        queued, ran = started - job.submitted, time.perf_counter() - started
        outcome: Outcome = "cancelled" if job.cancel.is_set() else "failed" if error else "finished"
        self._counters.count(job.kind, job.lane, outcome, queued=queued, ran=ran)
        if job.meter is not None:
            job.meter.add(queued, ran)
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)
