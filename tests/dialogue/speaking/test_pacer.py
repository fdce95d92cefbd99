"""When a reply's packets leave; in virtual time."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest
from dialogue.scripted import Stage, open_stage
from dialogue.virtual_time import VirtualLoop, run

from kaikou.dialogue.events import AudioOut
from kaikou.dialogue.speaking.pacer import Pacer

_PACKET = 0.06


def _late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each beat comes up to 20 ms after its time, as on a busy server."""
    late = np.random.default_rng(4).uniform(0, 0.02, 1000).tolist()
    loop = asyncio.get_running_loop()
    at = loop.call_at
    monkeypatch.setattr(loop, "call_at", lambda when, *rest, **more: at(when + late.pop(), *rest, **more))


@pytest.mark.parametrize("phase_ms", range(0, 60, 7))
def test_packets_are_about_as_far_apart_as_they_are_long(
    phase_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play() -> Stage:
        stage = open_stage()
        stage.pacer.add(0, lambda now: True)  # somebody else's sound, which set the beat
        await asyncio.sleep(0.3 + phase_ms / 1000)
        _late(monkeypatch)
        stage.conversation.say("Tell me.")
        await asyncio.sleep(4)
        stage.pacer.remove(0)
        await stage.conversation.close()
        return stage

    stage = run(play())
    gaps = [after - before for before, after in pairwise(stage.at(AudioOut))]
    paced = gaps[gaps.index(0.0) + 1 : -1]  # behind the two clauses with which the lead is filled
    assert len(paced) > 10
    assert max(paced) < 1.5 * _PACKET + 0.021, "half a packet for the beat, and how late it came"
    steady = [gap for gap in paced if _PACKET - 0.021 < gap < _PACKET + 0.021]
    assert len(steady) > 0.8 * len(paced), paced


def test_sessions_share_a_beat() -> None:
    async def play() -> list[list[float]]:
        pacer, calls = Pacer(), [[], []]
        for number, called in enumerate(calls):
            pacer.add(number, lambda now, called=called: called.append(now) or len(called) < 10)
            await asyncio.sleep(0.017)
        await asyncio.sleep(1)
        return calls

    first, second = run(play())
    assert first == second
    assert [after - before for before, after in pairwise(first)] == pytest.approx([_PACKET] * 9)


def test_beats_that_were_missed_are_one_and_move_none() -> None:
    async def play() -> list[float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        pacer, asked = Pacer(), []

        def pump(now: float) -> bool:
            asked.append(now - begun)
            if len(asked) == 2:
                loop.hold_up(0.2)  # something held the loop up
            return len(asked) < 5

        begun = loop.time()
        pacer.add(1, pump)
        await asyncio.sleep(1)
        return asked

    assert run(play()) == pytest.approx([0.06, 0.12, 0.30, 0.36, 0.42])
