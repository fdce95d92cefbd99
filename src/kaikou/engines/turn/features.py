"""Log-mel features as Whisper takes them, in numpy.

The front end of Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision"
(2022), section 2.2: 80 mel bands of a 25 ms Hann window every 10 ms, log10, the top 80 dB, scaled
to about [-1, 1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Samples
from kaikou.engines.mel import FFT, HOP, RATE, filters, power_frames

__all__ = ["BANDS", "RATE", "log_mel"]

BANDS = 80


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """float32 mono at 16 kHz, a multiple of 160 samples, to [80, samples / 160]."""
    padded = np.pad(samples, FFT // 2, mode="reflect")
    power = power_frames(padded)[: len(samples) // HOP]
    mel = np.log10(np.maximum(filters(BANDS) @ power.T, 1e-10))
    mel = np.maximum(mel, mel.max() - 8.0)
    scaled: NDArray[np.float32] = ((mel + 4.0) / 4.0).astype(np.float32)
    return scaled
