"""G.711 telephone audio (ITU-T G.711): one byte a sample, mu-law or A-law, at 8 kHz.

Both directions are table look-ups, built once from the definitions in the recommendation.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Pcm

Law = Literal["mulaw", "alaw"]
RATE = 8000


def _mulaw_levels() -> NDArray[np.int16]:
    """The 16-bit level of each mu-law byte: bits are sent inverted, 3 of segment, 4 of step."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_levels() -> NDArray[np.int16]:
    """The 16-bit level of each A-law byte: even bits are sent inverted (XOR 0x55)."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code >> 4) & 7
    step = ((code & 0x0F) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _nearest(levels: NDArray[np.int16]) -> NDArray[np.uint8]:
    """For each 16-bit sample (indexed as uint16) the byte whose level is nearest."""
    order = np.argsort(levels, kind="stable")
    ranked = levels[order].astype(np.int32)
    samples = np.arange(-32768, 32768, dtype=np.int32)
    right = np.clip(np.searchsorted(ranked, samples), 1, len(ranked) - 1)
    left = right - 1
    closer_left = samples - ranked[left] <= ranked[right] - samples
    codes = order[np.where(closer_left, left, right)].astype(np.uint8)
    return np.roll(codes, 32768)


_LEVELS: dict[str, NDArray[np.int16]] = {"mulaw": _mulaw_levels(), "alaw": _alaw_levels()}
_FLOATS = {law: levels.astype(np.float32) / np.float32(32768) for law, levels in _LEVELS.items()}
_CODES = {law: _nearest(levels) for law, levels in _LEVELS.items()}


def decode(data: bytes | bytearray | memoryview, law: Law) -> Pcm:
    """Bytes to audio at 8 kHz."""
    return Pcm(_FLOATS[law][np.frombuffer(data, np.uint8)], RATE)


def encode_int16(data: bytes | bytearray | memoryview, law: Law) -> bytes:
    """Little-endian 16-bit samples at 8 kHz to bytes, each the nearest level."""
    codes: bytes = _CODES[law][np.frombuffer(data, "<u2")].tobytes()
    return codes
