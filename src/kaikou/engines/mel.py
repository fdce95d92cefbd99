"""Power of sound in mel bands, in numpy: 25 ms Hann windows every 10 ms at 16 kHz.

The mel scale and the filters' equal area are Slaney's (Auditory Toolbox, 1998).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Samples

RATE = 16_000
FFT, HOP = 400, 160


def power_frames(padded: Samples) -> NDArray[np.float32]:
    """Power spectra [frames, 201] of windows that begin every 10 ms."""
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT)[::HOP]
    power: NDArray[np.float32] = np.square(np.abs(np.fft.rfft(frames * _window())))
    return power


@cache
def _window() -> NDArray[np.float32]:
    """Hann, periodic."""
    return np.hanning(FFT + 1)[:-1].astype(np.float32)


@cache
def filters(bands: int) -> NDArray[np.float32]:
    """[bands, 201] triangles over the FFT's bins, 0 to 8 kHz."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), bands + 2))
    bins = np.fft.rfftfreq(FFT, 1 / RATE)
    widths = np.diff(edges)
    rising = (bins[None, :] - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - bins[None, :]) / widths[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    found: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]
    return found.astype(np.float32)


# Slaney's mel: linear below 1 kHz (15 mel there), logarithmic above, 27 mel for a factor of 6.4.
_LOG_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    if hertz < 1000.0:
        return 3.0 * hertz / 200.0
    return float(15.0 + np.log(hertz / 1000.0) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15.0, 200.0 * mel / 3.0, 1000.0 * np.exp(_LOG_STEP * (mel - 15.0)))
