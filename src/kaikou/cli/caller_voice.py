"""What a caller of the bench says: sound cut into a wire's messages, packed once for all callers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import resample
from kaikou.cli.wires import Message, Wire

_WINDOW_SECONDS = 0.02
VOICED = 0.01
"""RMS from which a window or frame counts as voiced (-40 dBFS)."""
_BABBLE_RATE = 24_000


@dataclass(frozen=True, slots=True)
class Voice:
    """One turn, ready to be sent. ``frames`` ends with the last voiced frame, so that the moment it
    is sent is the moment the speaker falls silent; ``onset`` is the index of the first voiced one."""

    frames: list[Message]
    onset: int
    silence: Message
    frame_seconds: float


def prepare(voice: Pcm, wire: Wire, pause: float = 0.0) -> Voice:
    """The voice in the wire's messages, with ``pause`` seconds of silence in its middle."""
    sound = resample(voice, wire.rate)
    frame = round(wire.rate * wire.frame_seconds)
    samples = sound.samples
    if pause > 0:
        middle = _quiet_middle(samples, frame)
        gap = np.zeros(round(pause * wire.rate), np.float32)
        samples = np.concatenate((samples[:middle], gap, samples[middle:]))
    cut = _cut(samples, frame)
    first, last = _voiced(cut)
    messages = wire.pack(Pcm(cut[:last].reshape(-1), wire.rate))
    (silence,) = wire.pack(Pcm.silence(wire.frame_seconds, wire.rate))
    return Voice(messages, first, silence, wire.frame_seconds)


def voiced_until(sound: Pcm) -> float:
    """Seconds at which the last voiced frame of 20 ms ends; the whole length where none is."""
    return _voiced(_cut(sound.samples, round(sound.rate * _WINDOW_SECONDS)))[1] * _WINDOW_SECONDS


def _cut(samples: Samples, frame: int) -> Samples:
    return np.pad(samples, (0, -len(samples) % frame)).reshape(-1, frame)


def _voiced(frames: Samples) -> tuple[int, int]:
    """The first voiced frame, and one past the last."""
    voiced = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) > VOICED)
    return (int(voiced[0]), int(voiced[-1]) + 1) if len(voiced) else (0, len(frames))


def babble(seconds: float = 1.2) -> Pcm:
    """A voice-like sound (a buzz in syllables) for servers whose recogniser is scripted."""
    at = np.arange(round(seconds * _BABBLE_RATE)) / _BABBLE_RATE
    buzz = sum(np.sin(2 * np.pi * 120 * n * at) / n for n in range(1, 20))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * at)
    return Pcm((0.12 * buzz * syllables).astype(np.float32), _BABBLE_RATE)


def _quiet_middle(samples: np.ndarray[Any, Any], frame: int) -> int:
    """The quietest 20 ms in the middle third, as a sample index."""
    third = len(samples) // 3
    starts = np.arange(third, 2 * third, frame)
    energy = [float(np.sum(samples[start : start + frame] ** 2)) for start in starts]
    return int(starts[int(np.argmin(energy))]) if len(starts) else len(samples) // 2
