"""Opus packets: round trips, lost packets, broken packets."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kaikou.audio import opus
from kaikou.audio.opus import OpusDecoder, OpusEncoder
from kaikou.errors import InvalidInput, KaikouError


def voice(rate: int, seconds: float) -> np.ndarray:
    """A buzz with a slow envelope, which a speech codec keeps well."""
    time = np.arange(round(rate * seconds)) / rate
    buzz = sum(np.sin(2 * np.pi * 300 * k * time) / k for k in range(1, 8))
    return (0.2 * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))).astype(np.float32)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two signals of one length."""
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("frame_ms", opus.FRAME_MS)
@pytest.mark.parametrize("rate", opus.RATES)
def test_sound_survives(rate: int, frame_ms: int) -> None:
    encoder, decoder = OpusEncoder(rate, frame_ms, bitrate=48_000), OpusDecoder(rate)
    samples = voice(rate, 0.6)
    packets = encoder.feed(samples) + encoder.flush()
    out = np.concatenate([decoder.decode(packet).samples for packet in packets])
    assert len(out) == len(packets) * encoder.frame >= len(samples)
    late = round(encoder.delay * rate)
    heard = out[late : len(samples)]
    assert likeness(heard, samples[: len(heard)]) > 0.9


@given(st.lists(st.integers(0, 3000), max_size=8))
@settings(deadline=None)
def test_packets_hold_every_sample_however_fed(lengths: list[int]) -> None:
    encoder = OpusEncoder(16000, 20, complexity=0)
    packets = [packet for n in lengths for packet in encoder.feed(np.zeros(n, np.float32))]
    assert len(packets) == sum(lengths) // encoder.frame
    assert len(encoder.flush()) == bool(sum(lengths) % encoder.frame)


@pytest.mark.parametrize("rate", opus.RATES)
def test_decodes_at_any_rate_whatever_was_encoded(rate: int) -> None:
    packet = OpusEncoder(24000, 60).encode(voice(24000, 0.06))
    assert OpusDecoder(rate).decode(packet).seconds == pytest.approx(0.06)


def test_a_lost_packet_is_concealed_in_kind() -> None:
    encoder, decoder = OpusEncoder(16000, 20), OpusDecoder(16000)
    packets = encoder.feed(voice(16000, 0.4))
    heard = [decoder.decode(packet).samples for packet in packets[:12]]
    filled = decoder.conceal()
    assert filled.seconds == pytest.approx(0.02)
    assert np.abs(filled.samples).max() > 0.3 * np.abs(heard[-1]).max()
    assert decoder.decode(packets[13]).seconds == pytest.approx(0.02)


def test_a_lost_packet_comes_back_from_the_one_after() -> None:
    encoder = OpusEncoder(16000, 20, loss=30, bitrate=32_000)
    samples = voice(16000, 0.6)
    packets = encoder.feed(samples)
    whole, gapped = OpusDecoder(16000), OpusDecoder(16000)
    wanted = [whole.decode(packet).samples for packet in packets]
    for packet in packets[:20]:
        gapped.decode(packet)
    assert likeness(gapped.conceal(packets[21]).samples, wanted[20]) > 0.8


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    decoder = OpusDecoder(16000)
    try:
        assert decoder.decode(data).seconds <= 0.121
    except InvalidInput as error:
        assert error.code == "invalid_opus_packet"
        assert error.hint
    packet = OpusEncoder(16000, 20).encode(np.zeros(320, np.float32))
    assert decoder.decode(packet).seconds == pytest.approx(0.02)


def test_refuses_what_opus_cannot_do() -> None:
    with pytest.raises(InvalidInput, match="44100"):
        OpusEncoder(44100)
    with pytest.raises(InvalidInput, match="30 ms"):
        OpusEncoder(16000, 30)
    with pytest.raises(ValueError, match="320"):
        OpusEncoder(16000, 20).encode(np.zeros(319, np.float32))


def test_reset_forgets_the_stream() -> None:
    encoder = OpusEncoder(16000, 20)
    frame = voice(16000, 0.02)
    first = encoder.encode(frame)
    encoder.feed(voice(16000, 0.11))
    encoder.reset()
    assert encoder.flush() == []
    assert encoder.encode(frame) == first


def test_without_the_library_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    opus._library.cache_clear()
    monkeypatch.setattr(opus, "_candidates", lambda: ["/nowhere/libopus.so", ctypes.util.find_library("c")])
    with pytest.raises(KaikouError, match="Opus") as missing:
        OpusDecoder(16000)
    assert missing.value.code == "codec_missing"
    opus._library.cache_clear()
