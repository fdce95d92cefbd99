"""Find and cut the silence around speech."""

from __future__ import annotations

import math

import numpy as np

from kaikou.audio.pcm import Pcm

_HOP = 0.005  # seconds


def sounding(pcm: Pcm, *, threshold: float = -45.0, floor: float = -65.0) -> tuple[int, int]:
    """[first, last) sample of what is not silence; (0, 0) if all is silent.

    Silence is what stays ``threshold`` dB below the clip's loudest 20 ms, so that a quiet voice
    keeps its consonants, or below ``floor`` dBFS whatever the voice. Levels are RMS over 20 ms,
    looked at every 5 ms.
    """
    hop = max(1, round(_HOP * pcm.rate))
    if not len(pcm):
        return 0, 0
    count = math.ceil(len(pcm) / hop)
    padded = np.pad(pcm.samples, (0, count * hop - len(pcm)))
    power = np.square(padded.reshape(count, hop)).mean(axis=1)
    around = np.convolve(power, np.full(4, 0.25), mode="full")  # around[i]: hops i-3 .. i
    loudest = float(around.max())
    limit = max(loudest * 10 ** (threshold / 10), 10 ** (floor / 10))
    loud = np.flatnonzero(around >= limit)
    if not len(loud):
        return 0, 0
    # A window belongs to the sound in it: the first loud one may have it only in its last hop.
    first, last = loud[0], loud[-1] - 3
    return int(max(0, min(first, count - 1)) * hop), int(min(len(pcm), (max(last, first) + 1) * hop))


def trim(
    pcm: Pcm,
    *,
    lead: float = 0.02,
    tail: float = 0.06,
    threshold: float = -45.0,
    floor: float = -65.0,
) -> tuple[Pcm, float]:
    """Cut leading and trailing silence but for ``lead`` and ``tail`` seconds of it.

    Gives the clip and how many seconds were cut from its start (subtract them from word times).
    Silence alone becomes an empty clip. The cut edges are faded over 5 ms, so that none clicks.
    """
    first, last = sounding(pcm, threshold=threshold, floor=floor)
    if first == last:
        return Pcm(np.zeros(0, np.float32), pcm.rate), 0.0
    start = max(0, first - round(lead * pcm.rate))
    end = min(len(pcm), last + round(tail * pcm.rate))
    if (start, end) == (0, len(pcm)):
        return pcm, 0.0
    samples = pcm.samples[start:end].copy()
    fade = min(round(_HOP * pcm.rate), len(samples) // 2)
    ramp = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)
    if start > 0:
        samples[:fade] *= ramp
    if end < len(pcm):
        samples[len(samples) - fade :] *= ramp[::-1]
    return Pcm(samples, pcm.rate), start / pcm.rate
