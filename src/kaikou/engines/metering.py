"""Time spent on the pool, waiting apart from working: per request and in total."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Literal

from kaikou.engines.ports import Lane

Outcome = Literal["finished", "failed", "cancelled", "refused"]


class Meter:
    """What one request cost so far, summed over all pool work done in its context.

    ``queued`` seconds its work waited for a thread (or for a batch to fill), ``ran`` seconds models
    worked on it, ``calls`` how many pieces of work began. Both sums may exceed wall time where work
    ran side by side. Work that somebody cancelled while it ran still counts.
    """

    def __init__(self, parent: Meter | None = None) -> None:
        self.queued = 0.0
        self.ran = 0.0
        self.calls = 0
        self._parent = parent
        self._lock = threading.Lock()

    def add(self, queued: float, ran: float, calls: int = 1) -> None:
        """Count one piece of work, or with ``calls=0`` more of one; callable from any thread."""
        with self._lock:
            self.queued += queued
            self.ran += ran
            self.calls += calls
        if self._parent is not None:
            self._parent.add(queued, ran, calls)


_current: ContextVar[Meter | None] = ContextVar("kaikou_meter", default=None)


def current_meter() -> Meter | None:
    """The meter of the running context, if somebody asked for one."""
    return _current.get()


@contextmanager
def metering() -> Iterator[Meter]:
    """Measure the pool work of a block, including tasks started inside it. May be nested: the
    outer meter counts the inner one's work too."""
    meter = Meter(_current.get())
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counters of one kind in one lane since the pool was made; times in seconds."""

    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    """Gave up while queued (never ran) or while running (the work was told to stop)."""
    refused: int = 0
    """Turned away because the lane's queue was full."""
    queued: float = 0.0
    ran: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneLoad:
    """A lane as it is now. ``oldest`` is how long its first waiting request has waited, seconds."""

    waiting: int
    running: int
    limit: int
    oldest: float


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    """What the pool did so far and does now; read by metrics and by admission."""

    totals: Mapping[tuple[str, Lane], Totals]
    lanes: Mapping[Lane, LaneLoad]


@dataclass
class Counters:
    """The pool's running totals; thread-safe."""

    _totals: dict[tuple[str, Lane], Totals] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(
        self, kind: str, lane: Lane, outcome: Outcome, *, queued: float = 0.0, ran: float = 0.0
    ) -> None:
        """One piece of work ended as ``outcome``."""
        with self._lock:
            totals = self._totals.get((kind, lane), Totals())
            totals = replace(totals, queued=totals.queued + queued, ran=totals.ran + ran)
            match outcome:
                case "finished":
                    totals = replace(totals, finished=totals.finished + 1)
                case "failed":
                    totals = replace(totals, failed=totals.failed + 1)
                case "cancelled":
                    totals = replace(totals, cancelled=totals.cancelled + 1)
                case "refused":
                    totals = replace(totals, refused=totals.refused + 1)
            self._totals[kind, lane] = totals

    def read(self) -> dict[tuple[str, Lane], Totals]:
        """A copy of the totals."""
        with self._lock:
            return dict(self._totals)
