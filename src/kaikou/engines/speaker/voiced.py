"""The voiced parts of a recording: without the silence between words, in which everybody sounds alike."""

from __future__ import annotations

import numpy as np

from kaikou.audio.pcm import Samples

_FRAME = 480
"""30 ms at 16 kHz."""
_BELOW_PEAK_DB = 35.0
_FLOOR_DB = -60.0
_AROUND = 3
"""Frames kept on either side of sound."""


def voiced(samples: Samples) -> Samples:
    """float32 mono at 16 kHz without frames that are more than 35 dB below its loudest, their
    surroundings left; empty where all is silent."""
    whole = len(samples) // _FRAME * _FRAME
    if not whole:
        return samples[:0]
    frames = samples[:whole].reshape(-1, _FRAME)
    power = np.mean(np.square(frames), axis=1)
    level = 10 * np.log10(np.maximum(power, 1e-12))
    # The loudest frames, not the loudest one: a click is no voice.
    loud = max(float(np.percentile(level, 95)) - _BELOW_PEAK_DB, _FLOOR_DB)
    heard = level > loud
    kept = np.convolve(heard, np.ones(2 * _AROUND + 1), mode="same") > 0
    found: Samples = frames[kept].reshape(-1)
    return found
