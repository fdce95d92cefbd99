"""Voice activity from loudness alone, against a noise floor that follows the room.

No model and next to no cost (about 10 µs for 20 ms), but a door that slams is speech to it. The
level of each 20 ms, which is that of its quieter half, is compared with the floor: ``margin`` decibels
above it the probability is 0.5. The quieter half, because a click is no speech, and because a window
into which speech only just reaches is the beginning of the silence after it.
The floor is the quietest moment of the last seconds, since speech always has gaps between its
syllables and a fan has none (the idea of Martin, "Noise power spectral density estimation based on
optimal smoothing and minimum statistics", 2001).
"""

from __future__ import annotations

import asyncio
import math
from collections import deque

import numpy as np
from pydantic import BaseModel, Field

from kaikou.audio.pcm import Samples
from kaikou.engines.ports import Card, Health, OnProbability, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.vad.windows import RATE, Windows

WINDOW = 320
_HALF = WINDOW // 2
_BLOCK = 25  # windows: half a second


class EnergyOptions(BaseModel):
    """Settings of the energy VAD (``KAIKOU_VAD__ENERGY__…``)."""

    margin: float = Field(12.0, gt=0, description="dB above the noise floor where the probability is 0.5.")
    slope: float = Field(3.0, gt=0, description="dB by which the odds change e-fold.")
    quietest: float = Field(-50.0, description="dBFS below which nothing is speech, however silent the room.")
    memory: float = Field(3.0, ge=1, description="Seconds whose quietest moment is the noise floor.")


class EnergyVad:
    """Voice activity by energy (see the module)."""

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(EnergyOptions)

    @property
    def card(self) -> Card:
        return Card(
            kind="vad",
            name="energy",
            title="Energy VAD",
            licence="Apache-2.0",
            sample_rate=RATE,
            streaming=True,
            note="Loudness only: any loud noise counts as speech.",
        )

    async def load(self, progress: Progress) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""

    def health(self) -> Health:
        return Health("ready")

    def stream(self, on_probability: OnProbability) -> EnergyStream:
        return EnergyStream(self._options, on_probability)


class EnergyStream:
    """One session. Answers come on the loop's next turn, never from inside ``feed``."""

    def __init__(self, options: EnergyOptions, on_probability: OnProbability) -> None:
        self._options = options
        self._on_probability = on_probability
        self._windows = Windows(WINDOW)
        self._generation = 0
        self._loop = asyncio.get_running_loop()
        self._blocks: deque[float]
        self._lowest: float
        self._quietest: float
        self._heard: int
        self._forget_room()

    def feed(self, samples: Samples) -> None:
        """Queue float32 mono samples at 16 kHz."""
        count, rest = divmod(len(samples), WINDOW)
        if count and not rest and self._windows.whole:
            # A client whose frames are whole windows, as nearly all have them: nothing to cut or to hold.
            self._windows.pass_by(count)
            windows = samples
        else:
            self._windows.push(samples)
            count = self._windows.ready
            if not count:
                return
            windows = self._windows.take(count)
        probabilities = [self._probability(level) for level in _levels(windows)]
        first = self._windows.taken - WINDOW * (count - 1)
        self._loop.call_soon(self._tell, probabilities, first, self._generation)

    def reset(self) -> None:
        """Forget queued samples and the noise floor."""
        self._generation += 1
        self._windows.forget()
        self._forget_room()

    def close(self) -> None:
        """No callback comes after this."""
        self.reset()

    def _tell(self, probabilities: list[float], end: int, generation: int) -> None:
        for probability in probabilities:
            if generation != self._generation:
                return
            self._on_probability(probability, end)
            end += WINDOW

    def _probability(self, level: float) -> float:
        self._quietest = min(self._quietest, level)
        self._heard += 1
        if self._heard == _BLOCK:
            self._blocks.append(self._quietest)
            self._lowest = min(self._blocks)
            self._heard, self._quietest = 0, math.inf
        options = self._options
        floor = min(self._lowest, self._quietest)
        above = (level - max(floor + options.margin, options.quietest)) / options.slope
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, above))))

    def _forget_room(self) -> None:
        # The first sound may be speech already, so the room is quiet until it shows otherwise.
        count = round(self._options.memory / (_BLOCK * WINDOW / RATE))
        quiet = self._options.quietest - self._options.margin
        self._blocks = deque([quiet] * count, maxlen=count)  # the quietest of each half second
        self._lowest = quiet  # of all blocks
        self._quietest = math.inf  # of the half second now
        self._heard = 0


def _levels(windows: Samples) -> list[float]:
    """Of each window: dB relative to full scale of its quieter half, at least -100."""
    halves = windows.reshape(-1, _HALF)
    powers: list[float] = np.vecdot(halves, halves).tolist()
    pairs = zip(powers[::2], powers[1::2], strict=True)
    return [10 * math.log10(min(pair) / _HALF + 1e-10) for pair in pairs]
