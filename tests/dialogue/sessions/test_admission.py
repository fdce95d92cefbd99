"""Who is let in, and that those inside keep the time they need; on a loop whose costs are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from dialogue.scripted import FakeLlm, FakeStt, FakeTts, LoudnessVad

from kaikou.dialogue.sessions.admission import Admission, Occupancy
from kaikou.dialogue.sessions.calibration import calibrate, sessions_models_carry
from kaikou.engines.ports import Engines
from kaikou.errors import LimitReached

SHARE = 0.6
TICK = 0.25


@dataclass
class Loop:
    """An event loop on which an active session costs ``each`` of its time. Virtual time."""

    admission: Admission
    each: float
    other: float = 0.02
    """What it does besides: its own meters, requests."""
    silent: int = 0
    """Sessions that send nothing."""

    @property
    def load(self) -> float:
        return self.other + self.each * (self.admission.sessions - self.silent)

    def pass_by(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            self.admission.see(self.admission.sessions - self.silent, self.load * TICK, TICK, TICK)

    def dial(self, callers: int) -> int:
        """So many at once; how many came in."""
        return sum(self._in() for _ in range(callers))

    def _in(self) -> bool:
        try:
            self.admission.enter()
        except LimitReached:
            return False
        return True

    def seconds_of_dialling(self, seconds: float, callers: int = 60) -> Iterator[None]:
        """Refused callers dial again with each tick."""
        for _ in range(round(seconds / TICK)):
            self.dial(callers)
            self.pass_by(TICK)
            yield


def a_loop(*, really: float, expected: float, **more: float) -> Loop:
    return Loop(Admission(0, Occupancy(SHARE, expected), lambda: 0.0), really, **more)  # type: ignore[arg-type]


def test_calibration_gives_a_sensible_cost() -> None:
    assert 0.0001 < calibrate() < 0.5


@pytest.mark.parametrize("slower", [0.6, 1.0, 1.4, 1.8])
def test_a_rush_of_callers_never_takes_more_than_the_loop_has(slower: float) -> None:
    """However much slower the core turns out to be than when it was calibrated."""
    loop = a_loop(really=0.0075 * slower, expected=0.0075)
    loop.dial(120)
    assert loop.load <= SHARE + loop.other, "they come in before their load shows"
    for _ in loop.seconds_of_dialling(60):
        assert loop.load <= SHARE + loop.other + loop.each
    assert loop.load >= SHARE - 2 * loop.each, "in the end all of the share is given away"


def test_a_number_of_sessions_vouches_for_twice_as_many() -> None:
    """Callers who only listen cost little: what they cost says nothing of a crowd."""
    loop = a_loop(really=0.0005, expected=0.02)
    first = loop.dial(1000)
    assert first == 15
    loop.pass_by(60)
    second = first + loop.dial(1000)
    assert second == pytest.approx(2 * first, abs=1)
    loop.pass_by(60)
    assert second + loop.dial(1000) == pytest.approx(4 * first, abs=4)


def test_who_sends_nothing_is_counted_with_what_a_session_costs() -> None:
    loop = a_loop(really=0.01, expected=0.01, silent=20)
    loop.dial(30)
    loop.pass_by(60)
    loop.dial(1000)
    loop.silent = 0
    assert loop.load <= SHARE + loop.other


def test_what_else_the_loop_does_leaves_less_for_sessions() -> None:
    quiet, busy = (a_loop(really=0.01, expected=0.01, other=other) for other in (0.0, 0.3))
    for loop in (quiet, busy):
        loop.pass_by(30)
        for _ in loop.seconds_of_dialling(60):
            pass
    assert quiet.admission.sessions >= 58
    assert busy.admission.sessions <= 31


def test_the_first_callers_are_let_in_whatever_the_loop_does() -> None:
    """A slow machine, busy with loading its models; theirs is the bound."""
    loop = a_loop(really=0.2, expected=0.5, other=0.95)
    loop.pass_by(30)
    loop.admission.see(0, TICK, TICK + 3.0, TICK)
    assert loop.dial(5) == 2


def test_a_late_loop_or_a_long_queue_takes_nobody_new() -> None:
    wait = 0.0
    admission = Admission(0, Occupancy(SHARE, 0.01), lambda: wait)
    for _ in range(2):
        admission.enter()
    wait = 5.0
    with pytest.raises(LimitReached):
        admission.enter()
    wait = 0.0
    admission.enter()
    admission.see(3, 0.03, TICK + 0.5, TICK)
    with pytest.raises(LimitReached):
        admission.check()
    for _ in range(20):
        admission.see(3, 0.03, TICK, TICK)
    admission.check()
    assert admission.sessions == 3, "asking takes no place"


def test_a_limit_that_was_set_is_the_limit() -> None:
    admission = Admission(3, Occupancy(SHARE, 0.5), lambda: 0.0)
    for _ in range(3):
        admission.enter()
    with pytest.raises(LimitReached) as refused:
        admission.enter()
    assert refused.value.code == "session_limit_reached"
    admission.leave()
    admission.enter()


async def test_slow_models_bound_the_sessions() -> None:
    def engines(tts_delay: float, *, local: bool = True) -> Engines:
        found = Engines(LoudnessVad(), None, FakeStt(), FakeLlm(), FakeTts(delay=tts_delay))  # type: ignore[arg-type]
        for one in (found.tts, found.llm):
            card = replace(one.card, local=local, scripted=False)
            one.__class__ = type("Real", (type(one),), {"card": card})
        return found

    assert await sessions_models_carry(engines(0.0, local=False)) is None
    quick, slow = await sessions_models_carry(engines(0.0)), await sessions_models_carry(engines(1.5))
    assert quick and slow and 2 <= slow < quick
    admission = Admission(0, Occupancy(SHARE, 0.005), lambda: 0.0)
    admission.models_carry = slow
    assert admission.load.capacity == slow
