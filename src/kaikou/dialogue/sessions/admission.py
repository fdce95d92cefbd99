"""How many live sessions this process takes, and the refusal of the next one.

Where no limit is set, a caller is let in when the event loop's time still suffices: what it spends
now, and what those inside cost it whose load does not show yet, and the new one's. What a session costs
is learned from the loop's own processor time; until there are enough sessions to learn it from, the
expected cost is counted with a margin, and beyond that a number of sessions vouches for twice as many.
So a rush of callers, who come in faster than their load shows, finds a bound. Local models bound the
sessions further by what they were measured to carry.

How late the loop runs its timers, and how long live work waits for the processor, say that the limit
is reached already: such a process takes nobody new until it recovered; those inside are not touched.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from kaikou.dialogue.sessions.calibration import calibrate
from kaikou.errors import LimitReached

_MARGIN = 2.0
"""By which the expected cost is counted higher: a core that others share may be so much slower under
load than at its fastest."""
_VOUCHED = 2.0
"""How many sessions one session whose load shows vouches for."""
_FEW = 2
"""So many are let in whatever the loop does: they are few, and its time may be the models' that load."""
_ENOUGH = 8.0
"""Active sessions, on average, from which their cost is told from the server's own."""
_AVERAGED_SECONDS = 8.0
"""Some turns long: a session costs most while it is answered."""
_CALIBRATED_SECONDS = 10.0
"""Between two calibrations of a process without sessions."""


@dataclass(frozen=True, slots=True)
class Load:
    """What admission looks at now. Seconds."""

    sessions: int
    capacity: int
    loop_lag: float
    queue_wait: float

    @property
    def full(self) -> bool:
        return self.sessions >= self.capacity


class Occupancy:
    """The event loop's time, and how many sessions it suffices for.

    ``share`` (0..1) of it may be used. ``expected`` is the share that one session is expected to cost
    before it is known. Two averages over the same seconds, of the active sessions and of the share of its
    time that the loop was busy: their ratio holds while callers come and go.
    """

    def __init__(self, share: float, expected: float) -> None:
        self.expected = expected
        self._share = share
        self._active = 0.0
        self._busy = 0.0

    def see(self, active: int, busy: float, seconds: float) -> None:
        """``active`` sessions were heard for ``seconds``; the loop was ``busy`` for that share of them."""
        weight = 1 - math.exp(-seconds / _AVERAGED_SECONDS)
        self._active += weight * (active - self._active)
        self._busy += weight * (busy - self._busy)

    @property
    def carries(self) -> int:
        """Sessions that the loop's time suffices for, those inside among them (at least 2)."""
        cautious = self.expected * _MARGIN
        each = self._busy / self._active if self._active >= _ENOUGH else cautious
        # Whose load shows is in what the loop spends; all others count with what a session costs.
        suffices = self._active + (self._share - self._busy) / each if each else math.inf
        vouched = max(self._share / cautious, _VOUCHED * self._active)
        return max(_FEW, int(min(suffices, vouched)))


class Admission:
    """Counts sessions, watches the loop, and says no in time.

    ``limit`` > 0 is a fixed bound; 0 means that ``occupancy`` tells it. ``queue_wait`` gives the seconds
    the oldest live request has been waiting for the processor. ``most_lag`` and ``most_wait``: seconds.
    """

    def __init__(
        self,
        limit: int,
        occupancy: Occupancy,
        queue_wait: Callable[[], float],
        *,
        most_lag: float = 0.1,
        most_wait: float = 2.0,
    ) -> None:
        self._limit = limit
        self._occupancy = occupancy
        self._queue_wait = queue_wait
        self._most_lag = most_lag
        self._most_wait = most_wait
        self._lag = 0.0
        self.sessions = 0
        self._left = asyncio.Event()
        self.models_carry: int | None = None
        """From ``sessions_models_carry``, once it was measured."""

    @property
    def load(self) -> Load:
        capacity = self._limit
        if not capacity:
            capacity = min(self._occupancy.carries, self.models_carry or self._occupancy.carries)
        return Load(self.sessions, capacity, self._lag, self._queue_wait())

    def check(self) -> None:
        """LimitReached ``session_limit_reached`` where ``enter`` would raise it; takes no place."""
        load = self.load
        if load.full:
            raise LimitReached(
                f"All {load.capacity} places for live sessions are taken.",
                code="session_limit_reached",
                hint="Try again in a moment, or raise live.max_sessions on a stronger machine.",
            )
        late = load.loop_lag > self._most_lag or load.queue_wait > self._most_wait
        if late and self.sessions >= _FEW:
            raise LimitReached(
                "The server is at its limit: another session would make those in it late.",
                code="session_limit_reached",
                hint="Try again in a moment.",
            )

    def enter(self) -> None:
        """Take a place, or LimitReached ``session_limit_reached``."""
        self.check()
        self.sessions += 1

    async def enter_within(self, seconds: float) -> None:
        """As ``enter``, but wait so long for a place."""
        if seconds <= 0:
            self.enter()
            return
        try:
            async with asyncio.timeout(seconds):
                while True:
                    with suppress(LimitReached):
                        self.enter()
                        return
                    self._left.clear()
                    with suppress(TimeoutError):  # the load may sink without anybody leaving
                        await asyncio.wait_for(self._left.wait(), 0.25)
        except TimeoutError:
            self.enter()

    def leave(self) -> None:
        self.sessions = max(0, self.sessions - 1)
        self._left.set()

    def see(self, active: int, spent: float, passed: float, due: float) -> None:
        """``passed`` seconds went by where ``due`` were asked for; the loop's thread computed for ``spent``
        of them, for ``active`` sessions. The lag is an average that rises at once and falls slowly."""
        late = max(0.0, passed - due)
        self._lag = late if late > self._lag else self._lag * 0.8 + late * 0.2
        self._occupancy.see(active, spent / passed, passed)

    async def watch(self, active: Callable[[], int], interval: float = 0.25) -> None:
        """Until cancelled, measure how late the loop is and what the sessions that are ``active`` cost it.
        While nobody is inside, the calibration is made again now and then, and the best one counts: one made
        in a machine's slow moment would turn callers away for good."""
        loop = asyncio.get_running_loop()
        used = time.thread_time()
        since = calibrated = loop.time()
        while True:
            await asyncio.sleep(interval)
            spent, now = time.thread_time(), loop.time()
            self.see(active(), spent - used, now - since, interval)
            used, since = spent, now
            if not self._limit and not self.sessions and now - calibrated > _CALIBRATED_SECONDS:
                calibrated = now
                again = await asyncio.to_thread(calibrate)
                self._occupancy.expected = min(again, self._occupancy.expected)
