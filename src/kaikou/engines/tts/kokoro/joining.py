"""A clause whose beginning is computed first, and how the rest is joined to it.

The vocoder normalises by statistics of all it computes, so a part sounds a little different from the whole:
mostly softer, the less silence is with it. Each part therefore gets some of the clause's silence and frames
of its neighbour beyond the joint; there the rest is brought to the beginning's level, and the two, whose
harmonics have the same phases, are cross-faded.
"""

from __future__ import annotations

import numpy as np

from kaikou.audio.pcm import Samples

_SHORTEST, _LONGEST = 40, 128
"""Frames of a clause that is cut: a reply's first, or one that follows it. Later ones are longer, and come
while sound is playing."""
_LEAST = 20
"""Frames of a beginning, half a second: from less the vocoder makes another voice."""
_SHARE = 0.5
"""Of the clause is its beginning: while that plays, the rest is computed, beside a language model too. (With
0.4 the sound ran out once, for 11 ms, on two slow cores.)"""
_MOST_HEAD = 44
"""Frames of a beginning, more than a second: it is heard for long enough to compute twice as many."""
_BEYOND = 4
"""Frames that either part has beyond the joint."""
_SILENCE = 4
"""Frames of the clause's opening silence put behind its beginning, as there would be behind the whole."""

LOUDER = 1.19
"""What a clause's beginning is beside its mean level: 1.5 dB (measured; standard deviation 0.5)."""
_FADE = 480
"""Samples over which the parts are cross-faded, their middle at the joint."""
_SETTLE = 7200
"""Samples over which the level goes from the beginning's to the whole's."""
_MOST = 2.0
"""Factor by which the rest may be made louder or softer to fit."""


def head_frames(frames: int) -> int:
    """Where a clause of ``frames`` is cut; 0 where it had better stay whole."""
    if not _SHORTEST <= frames <= _LONGEST:
        return 0
    return min(max(_LEAST, 4 * round(_SHARE * frames / 4)), _MOST_HEAD)


def head_parts(head: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The stretches of frames that are computed for the beginning; ``head`` + 4 of them are its own."""
    return (0, head + _BEYOND), (0, _SILENCE)


def rest_frames(frames: int, head: int) -> int:
    """Frames to compute for the rest, at least."""
    return frames - head + _BEYOND


def given_out(joint: int) -> int:
    """Samples of the beginning that do not depend on the rest, for a joint at that sample."""
    return joint - _FADE // 2


def joined(head: Samples, rest: Samples, joint: int, rest_from: int) -> Samples:
    """The whole: ``head`` from sample 0 and ``rest`` from ``rest_from``, each longer than the other side of
    the ``joint`` needs."""
    overlap = slice(max(rest_from + _FADE, joint - 2400), len(head) - _FADE)
    one, other = head[overlap], rest[overlap.start - rest_from : overlap.stop - rest_from]
    # In a pause the ratio says nothing; what is added keeps it near 1 there.
    floor = 1e-3 * float(np.square(head).mean()) + 1e-9
    ratio = np.sqrt((np.square(one).mean() + floor) / (np.square(other).mean() + floor))
    rest = rest * np.float32(np.clip(ratio, 1 / _MOST, _MOST))
    first, last = joint - _FADE // 2, joint + _FADE // 2
    up = np.linspace(0, 1, last - first, endpoint=False, dtype=np.float32)
    middle = head[first:last] * (1 - up) + rest[first - rest_from : last - rest_from] * up
    return np.concatenate((head[:first], middle, rest[last - rest_from :]))


def settled(samples: Samples, before: float, after: float) -> Samples:
    """``samples``, their gain going from ``before`` to ``after`` in 0.3 s."""
    ramp = np.geomspace(before, after, min(_SETTLE, len(samples)), dtype=np.float32)
    return np.concatenate((samples[: len(ramp)] * ramp, samples[len(ramp) :] * np.float32(after)))
