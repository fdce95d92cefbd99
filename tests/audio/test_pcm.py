"""The PCM value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kaikou.audio.pcm import Pcm

int16s = hnp.arrays(np.int16, st.integers(0, 500))


@given(int16s)
def test_16_bits_survive_exactly(ints: np.ndarray) -> None:
    data = ints.astype("<i2").tobytes()
    assert Pcm.from_int16(data, 16000).to_int16() == data


@given(hnp.arrays(np.float32, st.integers(0, 500), elements=st.floats(-10, 10, width=32)))
def test_too_loud_is_clipped_not_wrapped(samples: np.ndarray) -> None:
    back = Pcm.from_int16(Pcm(samples, 16000).to_int16(), 16000).samples
    np.testing.assert_allclose(back, np.clip(samples, -1, 1), atol=1.01 / 32768)


@given(int16s, st.floats(0, 0.02), st.floats(0, 0.02))
def test_cut_and_joined_again(ints: np.ndarray, first: float, second: float) -> None:
    pcm = Pcm(ints.astype(np.float32), 16000)
    a, b = sorted((first, second))
    joined = pcm.slice(0, a) + pcm.slice(a, b) + pcm.slice(b)
    np.testing.assert_array_equal(joined.samples, pcm.samples)


def test_refuses_what_is_not_mono_float32() -> None:
    for samples in (np.zeros((2, 10), np.float32), np.zeros(10, np.float64)):
        with pytest.raises(ValueError):
            Pcm(samples, 16000)
    with pytest.raises(ValueError):
        Pcm.silence(1, 8000) + Pcm.silence(1, 16000)
    with pytest.raises(ValueError):
        Pcm.from_int16(b"odd", 16000)
