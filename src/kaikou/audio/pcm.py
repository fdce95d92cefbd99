"""Uncompressed audio as a value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""float32 mono samples, nominally in [-1, 1]."""

_INT16 = np.float32(1 / 32768)
_FLOAT32 = np.dtype(np.float32)


@dataclass(frozen=True, eq=False)
class Pcm:
    """Mono audio: ``samples`` float32 in [-1, 1] at ``rate`` Hz. Immutable by convention."""

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1:
            raise ValueError("Pcm is mono: samples must have one dimension")
        if self.samples.dtype is not _FLOAT32 and self.samples.dtype != _FLOAT32:  # fifty times a second
            raise ValueError("Pcm holds float32 samples")
        if self.rate <= 0:
            raise ValueError("the sample rate must be positive")

    @classmethod
    def silence(cls, seconds: float, rate: int) -> Pcm:
        """``seconds`` of zeros."""
        return cls(np.zeros(round(seconds * rate), np.float32), rate)

    @classmethod
    def from_int16(cls, data: bytes | bytearray | memoryview, rate: int) -> Pcm:
        """Little-endian signed 16-bit bytes; an odd trailing byte is an error (ValueError)."""
        samples = np.frombuffer(data, "<i2").astype(np.float32)
        samples *= _INT16
        return cls(samples, rate)

    def to_int16(self) -> bytes:
        """Little-endian signed 16-bit bytes; values outside [-1, 1] are clipped."""
        scaled = self.samples * np.float32(32768)
        np.rint(scaled, scaled)
        np.clip(scaled, -32768, 32767, scaled)
        data: bytes = scaled.astype("<i2").tobytes()
        return data

    @cached_property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate

    def slice(self, start: float, end: float | None = None) -> Pcm:
        """The part between ``start`` and ``end`` seconds (a view, nothing is copied)."""
        first = max(0, round(start * self.rate))
        last = None if end is None else max(first, round(end * self.rate))
        return Pcm(self.samples[first:last], self.rate)

    def __add__(self, other: Pcm) -> Pcm:
        if other.rate != self.rate:
            raise ValueError(f"cannot join {self.rate} Hz and {other.rate} Hz audio")
        return Pcm(np.concatenate((self.samples, other.samples)), self.rate)

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"Pcm({self.seconds:.3f} s at {self.rate} Hz)"
