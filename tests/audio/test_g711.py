"""G.711: known code words, round trips, and the noise the standard allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.audio import g711


@pytest.mark.parametrize(
    ("law", "byte", "level"),
    [
        # Extremes and zeros of ITU-T G.711, scaled to 16 bits.
        ("mulaw", 0xFF, 0),
        ("mulaw", 0x7F, 0),
        ("mulaw", 0x80, 32124),
        ("mulaw", 0x00, -32124),
        ("alaw", 0xD5, 8),
        ("alaw", 0x55, -8),
        ("alaw", 0xAA, 32256),
        ("alaw", 0x2A, -32256),
    ],
)
def test_known_code_words(law: g711.Law, byte: int, level: int) -> None:
    pcm = g711.decode(bytes([byte]), law)
    assert pcm.rate == 8000
    assert round(float(pcm.samples[0]) * 32768) == level


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_every_level_survives_a_round_trip(law: g711.Law) -> None:
    codes = bytes(range(256))
    levels = g711.decode(codes, law).to_int16()
    again = g711.decode(g711.encode_int16(levels, law), law).to_int16()
    assert again == levels


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200), st.sampled_from(["mulaw", "alaw"]))
def test_error_stays_below_the_step(values: list[int], law: g711.Law) -> None:
    data = np.array(values, "<i2")
    back = np.frombuffer(g711.decode(g711.encode_int16(data.tobytes(), law), law).to_int16(), "<i2")
    # Steps grow with the level: 1/16 of it, at least the smallest step.
    allowed = np.maximum(np.abs(data.astype(np.int32)) / 16, 16) + 16
    loud = np.abs(data.astype(np.int32)) > 32000
    assert np.all((np.abs(back.astype(np.int32) - data) <= allowed) | loud)
    assert np.all(np.abs(back.astype(np.int32) - data) <= 1024)
