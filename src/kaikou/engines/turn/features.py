"""Log-mel features as Whisper takes them, in numpy.

The front end of Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision"
(2022), section 2.2: 80 mel bands of a 25 ms Hann window every 10 ms, log10, the top 80 dB, scaled
to about [-1, 1]. The mel scale and the filters' equal area are Slaney's (Auditory Toolbox, 1998).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Samples

RATE = 16_000
BANDS = 80
_FFT, _HOP = 400, 160


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """float32 mono at 16 kHz, a multiple of 160 samples, to [80, samples / 160]."""
    padded = np.pad(samples, _FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP][: len(samples) // _HOP]
    power = np.square(np.abs(np.fft.rfft(frames * _window())))
    mel = np.log10(np.maximum(_filters() @ power.T, 1e-10))
    mel = np.maximum(mel, mel.max() - 8.0)
    scaled: NDArray[np.float32] = ((mel + 4.0) / 4.0).astype(np.float32)
    return scaled


@cache
def _window() -> NDArray[np.float32]:
    """Hann, periodic."""
    return np.hanning(_FFT + 1)[:-1].astype(np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    """[80, 201] triangles over the FFT's bins, 0 to 8 kHz."""
    edges = _hertz(np.linspace(0.0, _mel(RATE / 2), BANDS + 2))
    bins = np.fft.rfftfreq(_FFT, 1 / RATE)
    widths = np.diff(edges)
    rising = (bins[None, :] - edges[:-2, None]) / widths[:-1, None]
    falling = (edges[2:, None] - bins[None, :]) / widths[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]
    return filters.astype(np.float32)


# Slaney's mel: linear below 1 kHz (15 mel there), logarithmic above, 27 mel for a factor of 6.4.
_LOG_STEP = np.log(6.4) / 27.0


def _mel(hertz: float) -> float:
    if hertz < 1000.0:
        return 3.0 * hertz / 200.0
    return float(15.0 + np.log(hertz / 1000.0) / _LOG_STEP)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15.0, 200.0 * mel / 3.0, 1000.0 * np.exp(_LOG_STEP * (mel - 15.0)))
