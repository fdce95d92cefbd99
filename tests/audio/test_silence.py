"""Silence around speech is found and cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.audio.pcm import Pcm
from kaikou.audio.silence import sounding, trim

RATE = 24000


def speech(seconds: float = 0.5, level: float = 0.3) -> Pcm:
    noise = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return Pcm((level * noise.clip(-3, 3) / 3).astype(np.float32), RATE)


@given(
    before=st.floats(0, 1),
    after=st.floats(0, 1),
    level=st.floats(0.02, 1),
    lead=st.floats(0, 0.1),
    tail=st.floats(0, 0.1),
)
def test_speech_stays_whole_and_silence_goes(
    before: float, after: float, level: float, lead: float, tail: float
) -> None:
    pcm = Pcm.silence(before, RATE) + speech(level=level) + Pcm.silence(after, RATE)
    out, cut = trim(pcm, lead=lead, tail=tail)
    assert cut <= before + 0.001
    assert before - cut <= lead + 0.011, "leading silence left"
    left_after = out.seconds - (before - cut) - 0.5
    assert -0.001 <= left_after <= tail + 0.011
    start = round((before - cut) * RATE) + RATE // 100
    original = round(before * RATE) + RATE // 100
    middle = round(0.48 * RATE)
    assert abs(start - (original - round(cut * RATE))) <= 1
    at = original - round(cut * RATE)
    np.testing.assert_array_equal(out.samples[at : at + middle], pcm.samples[original : original + middle])


def test_silence_alone_becomes_nothing() -> None:
    for pcm in (Pcm.silence(1, RATE), Pcm.silence(0, RATE), Pcm(np.full(RATE, 1e-4, np.float32), RATE)):
        assert sounding(pcm) == (0, 0)
        assert len(trim(pcm)[0]) == 0


def test_pauses_inside_stay() -> None:
    pcm = speech() + Pcm.silence(1, RATE) + speech()
    assert trim(pcm)[0].seconds == pytest.approx(2.0, abs=0.02)


def test_hiss_below_the_voice_is_silence() -> None:
    hiss = speech(1.0, level=0.001)
    out, cut = trim(hiss + speech(0.5, level=0.5) + hiss)
    assert cut == pytest.approx(0.98, abs=0.02)
    assert out.seconds == pytest.approx(0.58, abs=0.03)


def test_cut_edges_do_not_click() -> None:
    hum = Pcm((0.0004 * np.ones(RATE)).astype(np.float32), RATE)
    out, _ = trim(hum + speech() + hum)
    assert out.samples[0] == out.samples[-1] == 0
