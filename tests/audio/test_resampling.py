"""Resampling keeps duration, pitch and timing, however the stream is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import Resampler, resample

RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000]
rates = st.sampled_from(RATES)


def tone(hertz: float, rate: int, seconds: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


def level(samples: np.ndarray) -> float:
    """RMS in dB, without the edges."""
    edge = len(samples) // 10
    return float(10 * np.log10(np.mean(np.square(samples[edge:-edge], dtype=np.float64)) + 1e-20))


@given(
    source=rates, target=rates, length=st.integers(0, 5000), cuts=st.lists(st.integers(0, 2000), max_size=8)
)
def test_a_stream_gives_the_same_however_it_is_cut(
    source: int, target: int, length: int, cuts: list[int]
) -> None:
    samples = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    resampler = Resampler(source, target)
    whole = np.concatenate((resampler.process(samples), resampler.flush()))
    parts, at = [], 0
    for cut in cuts:  # the same object again: flush made it new
        parts.append(resampler.process(samples[at : at + cut]))
        at += cut
    parts += [resampler.process(samples[at:]), resampler.flush()]
    assert len(whole) == round(length * target / source)
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-4)


@pytest.mark.parametrize("source", RATES)
@pytest.mark.parametrize("target", RATES)
def test_a_tone_keeps_level_pitch_and_time(source: int, target: int) -> None:
    hertz = 0.3 * min(source, target)
    samples = tone(hertz, source, 1)
    resampler = Resampler(source, target)
    streamed = np.concatenate((resampler.process(samples), resampler.flush()))
    whole = resample(Pcm(samples, source), target).samples
    wanted = tone(hertz, target, 1)
    assert level(streamed - wanted) < -50
    assert level(whole - wanted) < -50


@pytest.mark.parametrize(
    ("source", "target"), [(24000, 16000), (48000, 16000), (16000, 8000), (44100, 16000)]
)
def test_what_the_lower_rate_cannot_hold_is_gone(source: int, target: int) -> None:
    resampler = Resampler(source, target)
    streamed = np.concatenate((resampler.process(tone(0.55 * target, source, 0.5)), resampler.flush()))
    assert level(streamed) < -65


@pytest.mark.parametrize(
    ("source", "target", "most"), [(24000, 16000, 3), (48000, 16000, 3), (8000, 16000, 5), (44100, 16000, 11)]
)
def test_little_is_held_back(source: int, target: int, most: float) -> None:
    resampler = Resampler(source, target)
    given_out = sum(len(resampler.process(np.zeros(source // 50, np.float32))) for _ in range(50))
    assert (target - given_out) / target * 1000 < most


@given(length=st.integers(0, 3000), source=rates, target=rates)
def test_a_clip_keeps_its_duration(length: int, source: int, target: int) -> None:
    out = resample(Pcm(np.zeros(length, np.float32), source), target)
    assert (len(out), out.rate) == (round(length * target / source), target)


def test_equal_rates_pass_through() -> None:
    samples = tone(440, 16000, 0.1)
    assert Resampler(16000, 16000).process(samples) is samples
