"""How many live sessions this process can carry, and the refusal of the next one.

The estimate is calibrated at start, in two parts. What a session costs the event loop is known
relative to a small piece of arithmetic, which is timed. What it costs the processor is measured
on the local models themselves, once they are loaded.

From then on meters correct it. What the sessions inside really cost the event loop replaces the
first estimate, once there are enough of them. How late the loop runs its timers, and how long live
work waits for the processor, say that the limit is reached already: such a process takes nobody new
until it recovered; those inside are not touched.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass

import numpy as np

from kaikou.engines.ports import Card, Engines, Generation, Lane, Message
from kaikou.errors import LimitReached

_FRAMES_PER_SECOND = 50
_FRAME_COST = 145.0
"""What one 20 ms frame costs a session, turns and the journal included, in rounds of the calibration's
arithmetic: `benchmarks/live_capacity.py` with 60 sessions took 210 µs a frame where a round takes 1.45 µs.
Only the first guess: what sessions really cost is measured once they are there."""
_SPEAKING = 0.45
_TOKENS_PER_SECOND = 4.0
_SENTENCE = "This is how long it takes to say one sentence."
_SHARE = 0.65
"""Of the event loop's time that sessions may use: the rest is for bursts."""
_CALIBRATED_SECONDS = 10.0
"""Between two calibrations of a process without sessions."""
_AVERAGED_SECONDS = 8.0
_ENOUGH = 8
"""Sessions, on average, from which their cost is told from the server's own."""


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
    """What a session costs the event loop, from the loop's own processor time.

    Two averages over the same seconds, of the sessions and of the share of its time that the loop was
    busy: their ratio holds while callers come and go.
    """

    def __init__(self) -> None:
        self._sessions = 0.0
        self._busy = 0.0

    def see(self, sessions: int, busy: float, seconds: float) -> None:
        """``sessions`` were inside for ``seconds``, and the loop was ``busy`` for that share of them."""
        weight = 1 - math.exp(-seconds / _AVERAGED_SECONDS)
        self._sessions += weight * (sessions - self._sessions)
        self._busy += weight * (busy - self._busy)

    def carries(self, sessions: int, expected: int) -> int:
        """Sessions that the loop carries, where so many are ``expected`` and ``sessions`` inside now.

        Few sessions, or many that only just came, say nothing. Callers who are silent today may speak
        tomorrow, so that no measurement takes in more than twice the expected.
        """
        if not self._busy or self._sessions < max(_ENOUGH, sessions / 2):
            return expected
        measured = int(_SHARE * self._sessions / self._busy)
        return max(2, min(measured, 2 * expected))


def calibrate(rounds: int = 20) -> int:
    """Sessions that one event loop on this processor is expected to carry (at least 2). Blocking.

    Times a fixed piece of array arithmetic like that of one audio frame; the best of ``rounds`` counts, of
    which each takes 0.1 ms. Another thread computes meanwhile, as callers, models and the network do
    beside a full server: a core may be half of one, and twice as fast while its other half rests.
    """
    frame = np.linspace(-1, 1, 480, dtype=np.float32)
    best = float("inf")
    with _busy_neighbour():
        for _ in range(rounds):
            started = time.perf_counter()
            for _ in range(50):
                float(np.dot(frame, frame))
                frame.tobytes()
            best = min(best, (time.perf_counter() - started) / 50)
    frame_seconds = best * _FRAME_COST
    return max(2, int(_SHARE / (frame_seconds * _FRAMES_PER_SECOND)))


@contextmanager
def _busy_neighbour() -> Iterator[None]:
    done = threading.Event()
    began = threading.Event()
    block = np.linspace(0, 1, 500_000, dtype=np.float32)  # milliseconds outside the interpreter's lock

    def compute() -> None:
        while not done.is_set():
            began.set()
            np.sin(block)

    thread = threading.Thread(target=compute, name="calibration", daemon=True)
    thread.start()
    began.wait(1.0)
    try:
        yield
    finally:
        done.set()
        thread.join()


async def sessions_models_carry(engines: Engines) -> int | None:
    """Sessions whose replies the local models can think and speak in time (at least 2); None where
    both are remote or scripted, and somebody else's capacity counts.

    In a conversation the agent speaks about 45 % of the time; for each second of its speech a
    local voice needs its real-time factor and a local language model about four tokens' time.
    """
    load = 0.0
    if _measured_here(engines.tts.card):
        started, spoken = time.perf_counter(), 0.0
        async with aclosing(engines.tts.stream(_SENTENCE, lane=Lane.INTERACTIVE)) as chunks:
            async for chunk in chunks:
                spoken += chunk.pcm.seconds
        if spoken:
            load += (time.perf_counter() - started) / spoken
    if _measured_here(engines.llm.card):
        tokens, first = 0, 0.0
        asked = [Message("user", "Count from one to ten in words.")]
        answer = engines.llm.stream(asked, Generation(max_tokens=12), lane=Lane.INTERACTIVE)
        async with aclosing(answer) as deltas:
            async for delta in deltas:
                if delta.text:
                    first = first or time.perf_counter()
                    tokens += 1
        if tokens > 1:
            load += _TOKENS_PER_SECOND * (time.perf_counter() - first) / (tokens - 1)
    return max(2, int(1 / (_SPEAKING * load))) if load else None


def _measured_here(card: Card) -> bool:
    return card.local and not card.scripted


class Admission:
    """Counts sessions, watches the loop, and says no in time.

    ``limit`` > 0 is a fixed bound; 0 means ``calibrated``. ``queue_wait`` gives the seconds the
    oldest live request has been waiting for the processor.
    """

    def __init__(
        self,
        limit: int,
        calibrated: int,
        queue_wait: Callable[[], float],
        *,
        most_lag: float = 0.1,
        most_wait: float = 2.0,
    ) -> None:
        self._limit = limit
        self._calibrated = calibrated
        self._queue_wait = queue_wait
        self._most_lag = most_lag
        self._most_wait = most_wait
        self._lag = 0.0
        self._occupancy = Occupancy()
        self.sessions = 0
        self._left = asyncio.Event()
        self.models_carry: int | None = None
        """From ``sessions_models_carry``, once it was measured."""

    @property
    def load(self) -> Load:
        capacity = self._limit
        if not capacity:
            capacity = self._occupancy.carries(self.sessions, self._calibrated)
            capacity = min(capacity, self.models_carry or capacity)
        return Load(self.sessions, capacity, self._lag, self._queue_wait())

    def enter(self) -> None:
        """Take a place, or LimitReached ``session_limit_reached``."""
        load = self.load
        if load.full:
            raise LimitReached(
                f"All {load.capacity} places for live sessions are taken.",
                code="session_limit_reached",
                hint="Try again in a moment, or raise live.max_sessions on a stronger machine.",
            )
        if self.sessions and (load.loop_lag > self._most_lag or load.queue_wait > self._most_wait):
            raise LimitReached(
                "The server is at its limit: another session would make those in it late.",
                code="session_limit_reached",
                hint="Try again in a moment.",
            )
        self.sessions += 1

    async def enter_within(self, seconds: float) -> None:
        """As ``enter``, but wait so long for a place."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        self.enter()
                        return
                    except LimitReached:
                        if seconds <= 0:
                            raise
                    self._left.clear()
                    with suppress(TimeoutError):  # the load may sink without anybody leaving
                        await asyncio.wait_for(self._left.wait(), 0.25)
        except TimeoutError:
            self.enter()

    def leave(self) -> None:
        self.sessions = max(0, self.sessions - 1)
        self._left.set()

    async def watch(self, interval: float = 0.25) -> None:
        """Until cancelled, measure the loop's lag (a moving average that rises fast and falls slowly) and
        what sessions cost it. While nobody is inside, the calibration is made again now and then: one made
        in a machine's slow moment would turn callers away for good."""
        loop = asyncio.get_running_loop()
        used = time.thread_time()
        since = calibrated = loop.time()
        while True:
            await asyncio.sleep(interval)
            spent, now = time.thread_time(), loop.time()
            late = max(0.0, now - since - interval)
            self._lag = late if late > self._lag else self._lag * 0.8 + late * 0.2
            self._occupancy.see(self.sessions, (spent - used) / (now - since), now - since)
            used, since = spent, now
            if not self._limit and not self.sessions and now - calibrated > _CALIBRATED_SECONDS:
                calibrated = now
                self._calibrated = await asyncio.to_thread(calibrate)
