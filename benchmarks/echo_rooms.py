"""Rooms in which a microphone hears a loudspeaker: for ``echo.py`` and the tests of ``audio.echo``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kaikou.audio.decoding import decode
from kaikou.audio.echo import RATE
from kaikou.audio.pcm import Samples

SPEECH = Path(__file__).parents[1] / "tests" / "data" / "speech"
TUNED_ON = (("en_elbows_on_the_table", "en_agree_to_disagree", "en_no_one_wants_to_talk"), ("zh_play_music",))
"""Voices the suppressor's constants were chosen with."""
HELD_OUT = (("en_tell_me_if_you_feel",), ("zh_what_model_are_you",))
"""Voices of other recordings, as the agent."""
USERS = ("en_not_here_to_be_loved", "zh_what_is_this")
"""Who speaks over it."""


@dataclass(frozen=True)
class Room:
    """From loudspeaker to microphone. ``attenuation`` and ``noise`` in dB, ``reverberation`` the seconds in
    which 60 dB are lost; the loudspeaker is a small one."""

    delay_ms: int
    attenuation: float
    reverberation: float = 0.3
    noise: float = -55.0

    def microphone(self, played: Samples) -> Samples:
        """What it hears of ``played``, as loud as the room says whatever was played."""
        response = self.response()
        size = 1 << (len(played) + len(response)).bit_length()
        heard = np.fft.irfft(np.fft.rfft(played, size) * np.fft.rfft(response, size), size)[: len(played)]
        heard *= 10 ** (self.attenuation / 20) * _loudness(played) / _loudness(heard)
        heard = np.concatenate((np.zeros(self.delay_ms * RATE // 1000), heard))[: len(played)]
        random = self._random(1)
        return (heard + random.standard_normal(len(played)) * 10 ** (self.noise / 20)).astype(np.float32)

    def response(self) -> Samples:
        """The impulse response without its delay, of unit energy: the direct sound, then the walls'."""
        random = self._random(0)
        count = int(self.reverberation * RATE)
        tail = random.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
        response = np.concatenate(([1.0], tail * 0.5 / np.sqrt(tail @ tail)))
        response = np.convolve(response, _small_loudspeaker())
        return np.asarray(response / np.sqrt(response @ response), np.float32)

    def _random(self, part: int) -> np.random.Generator:
        seed = [self.delay_ms, int(-self.attenuation), int(1000 * self.reverberation), part]
        return np.random.default_rng(seed)


def rooms() -> list[Room]:
    return [
        Room(delay, attenuation, reverberation, noise)
        for delay in (50, 120, 250, 400)
        for attenuation in (-6.0, -15.0, -30.0)
        for reverberation, noise in ((0.15, -60.0), (0.5, -50.0))
    ]


def voice(name: str) -> Samples:
    """A recording without the silence around it, its loudest sample at 0.5."""
    found = decode(next(SPEECH.glob(f"{name}.*")).read_bytes(), RATE).samples
    found = (found * (0.5 / np.abs(found).max())).astype(np.float32)
    sounds = np.flatnonzero(np.abs(found) > 0.03)
    return found[max(0, sounds[0] - 1600) : sounds[-1] + 1600]


def agent(names: Sequence[str], seconds: float, seed: int = 1) -> Samples:
    """Half a second of silence, then those voices again and again with short pauses."""
    random = np.random.default_rng(seed)
    parts: list[Samples] = [np.zeros(RATE // 2, np.float32)]
    while sum(map(len, parts)) < seconds * RATE:
        for name in names:
            parts += [voice(name), np.zeros(int(random.uniform(0.1, 0.4) * RATE), np.float32)]
    return np.concatenate(parts)[: int(seconds * RATE)]


def over(microphone: Samples, user: Samples, at: float, relative: float) -> Samples:
    """Somebody speaks at ``at`` seconds, ``relative`` dB louder than the echo, but never below 0.01."""
    start = int(at * RATE)
    user = user[: len(microphone) - start]
    level = max(_loudness(microphone) * 10 ** (relative / 20), 0.01)
    mixed = microphone.copy()
    mixed[start : start + len(user)] += user * (level / _loudness(user))
    return mixed


def _loudness(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def _small_loudspeaker() -> Samples:
    """Little below 300 Hz and above 6 kHz."""
    hertz = np.fft.rfftfreq(128, 1 / RATE)
    shape = 1 / np.sqrt((1 + (300 / np.maximum(hertz, 1.0)) ** 4) * (1 + (hertz / 6000) ** 4))
    return np.asarray(np.roll(np.fft.irfft(shape), 64) * np.hanning(128))
