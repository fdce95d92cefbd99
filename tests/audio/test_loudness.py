"""Loudness after EBU R 128 and its correction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaikou.audio.loudness import gain, limit, measure, normalise
from kaikou.audio.pcm import Pcm


def sine(decibels: float, rate: int = 48000, hertz: float = 1000, seconds: float = 5) -> Pcm:
    """A sine whose peak is ``decibels`` below full scale."""
    time = np.arange(round(rate * seconds)) / rate
    return Pcm((10 ** (decibels / 20) * np.sin(2 * np.pi * hertz * time)).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [16000, 24000, 48000])
def test_the_reference_tone(rate: int) -> None:
    # EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS; one channel is 3 dB less.
    found = measure(sine(-23, rate))
    assert found.integrated == pytest.approx(-26.0, abs=0.15)
    assert found.true_peak == pytest.approx(-23, abs=0.3)


def test_quiet_passages_do_not_count() -> None:
    # EBU Tech 3341, case 3 in one channel: the relative gate leaves the loud part alone.
    pcm = sine(-36, seconds=5) + sine(-23, seconds=20) + sine(-36, seconds=5)
    assert measure(pcm).integrated == pytest.approx(-26.0, abs=0.15)


def test_a_peak_between_samples_is_seen() -> None:
    # A quarter of the sample rate, hit at 45 degrees: samples reach 0.707, the wave 1.0.
    time = np.arange(48000)
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 4800)
    pcm = Pcm((fade * np.sin(np.pi / 2 * time + np.pi / 4)).astype(np.float32), 48000)
    assert np.abs(pcm.samples).max() < 0.71
    assert measure(pcm).true_peak == pytest.approx(0, abs=0.4)


@pytest.mark.parametrize("pcm", [Pcm.silence(2, 24000), Pcm.silence(0, 24000), sine(-20, seconds=0.1)])
def test_silence_and_snippets_have_no_loudness(pcm: Pcm) -> None:
    assert measure(pcm).integrated == -math.inf
    assert normalise(pcm) is pcm


@given(level=st.floats(-50, -3), target=st.floats(-30, -14))
@settings(deadline=None, max_examples=15)
def test_reaches_the_target(level: float, target: float) -> None:
    out = normalise(sine(level, 16000, seconds=2), target)
    found = measure(out)
    assert found.integrated == pytest.approx(target, abs=0.2)
    assert found.true_peak <= -0.9


def test_a_click_does_not_keep_speech_quiet() -> None:
    pcm = sine(-35, 24000, seconds=4)
    pcm.samples[50_000] = 0.95
    found = measure(normalise(pcm, -16))
    assert found.integrated == pytest.approx(-16, abs=1)
    assert found.true_peak <= -0.9


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=600), st.floats(-20, 0))
def test_the_limiter_holds(values: list[float], peak: float) -> None:
    pcm = Pcm(np.array(values, np.float32), 8000)
    out = limit(pcm, peak)
    assert len(out) == len(pcm)
    assert np.abs(out.samples).max() <= 10 ** (peak / 20) * 1.0001
    assert np.all(np.abs(out.samples) <= np.abs(pcm.samples) + 1e-6)


def test_gain_is_in_decibels() -> None:
    assert gain(sine(-20), 6).samples.max() == pytest.approx(10 ** (-14 / 20), rel=1e-3)
