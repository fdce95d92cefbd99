"""A recording cut into utterances, each of which gives a print of its own."""

from __future__ import annotations

import numpy as np

from kaikou.audio.pcm import Pcm, Samples

RATE = 16_000
_FRAME = 480
"""30 ms."""
_PAUSE_FRAMES = 10
"""A pause of 0.3 s parts two utterances."""
_LONGEST_SECONDS = 6.0
_BELOW_LOUD_DB = 35.0
_FLOOR_DB = -60.0


def utterances(pcm: Pcm, shortest: float) -> list[Pcm]:
    """The pieces of a 16 kHz recording between pauses, in order. What is shorter than ``shortest`` seconds
    is joined to the next; what is long, cut into pieces of about six seconds."""
    pieces: list[Samples] = []
    waiting = np.zeros(0, np.float32)
    for piece in _spoken(pcm.samples):
        waiting = np.concatenate([waiting, piece])
        if len(waiting) >= shortest * RATE:
            pieces.append(waiting)
            waiting = waiting[:0]
    if len(waiting) and pieces:
        pieces[-1] = np.concatenate([pieces[-1], waiting])
    elif len(waiting):
        pieces.append(waiting)
    return [Pcm(part, RATE) for piece in pieces for part in _parts(piece)]


def _parts(piece: Samples) -> list[Samples]:
    count = max(1, round(len(piece) / RATE / _LONGEST_SECONDS))
    return np.array_split(piece, count)


def _spoken(samples: Samples) -> list[Samples]:
    """Stretches with sound, pauses left out."""
    whole = len(samples) // _FRAME * _FRAME
    if not whole:
        return []
    power = np.mean(np.square(samples[:whole].reshape(-1, _FRAME)), axis=1)
    level = 10 * np.log10(np.maximum(power, 1e-12))
    heard = level > max(float(np.percentile(level, 95)) - _BELOW_LOUD_DB, _FLOOR_DB)
    found: list[Samples] = []
    begin = end = -1
    for at in np.flatnonzero(heard).tolist():
        if begin < 0:
            begin = at
        elif at - end > _PAUSE_FRAMES:
            found.append(samples[begin * _FRAME : (end + 1) * _FRAME])
            begin = at
        end = at
    if begin >= 0:
        found.append(samples[begin * _FRAME : (end + 1) * _FRAME])
    return found
