"""Voice activity from settings, for load tests and demos: deterministic and almost free.

Without a ``schedule`` a window is speech when its RMS reaches ``threshold``. With one, it is speech
when its end lies in one of the spans, in seconds since the stream opened (``0.5-2,4-5.5``),
whatever the sound.
"""

from __future__ import annotations

import asyncio
import bisect

import numpy as np
from pydantic import BaseModel, Field, field_validator

from kaikou.audio.pcm import Samples
from kaikou.engines.ports import Card, Health, OnProbability, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.vad.windows import RATE, Windows


class ScriptedVadOptions(BaseModel):
    """Settings of the scripted VAD (``KAIKOU_VAD__SCRIPTED__…``)."""

    threshold: float = Field(0.01, ge=0, le=1, description="RMS from which a window is speech.")
    schedule: list[tuple[float, float]] = Field(
        default_factory=list, description="Spans of speech in seconds: 0.5-2,4-5.5."
    )
    speech: float = Field(0.98, ge=0, le=1, description="Probability told for speech.")
    silence: float = Field(0.02, ge=0, le=1, description="Probability told for silence.")
    window_ms: int = Field(32, ge=10, le=100, description="Length of a window.")

    @field_validator("schedule", mode="before")
    @classmethod
    def _spans(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [span.split("-") for span in value.split(",") if span.strip()]

    @field_validator("schedule")
    @classmethod
    def _in_order(cls, value: list[tuple[float, float]]) -> list[tuple[float, float]]:
        edges = [edge for span in value for edge in span]
        if edges != sorted(edges):
            raise ValueError("spans must follow one another, each as start-end")
        return value


class ScriptedVad:
    """Voice activity by script (see the module)."""

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(ScriptedVadOptions)

    @property
    def card(self) -> Card:
        return Card(
            kind="vad",
            name="scripted",
            title="Scripted VAD",
            licence="Apache-2.0",
            sample_rate=RATE,
            streaming=True,
            scripted=True,
            note="Speech is what the settings say: for load tests and demos.",
        )

    async def load(self, progress: Progress) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""

    def health(self) -> Health:
        return Health("ready")

    def stream(self, on_probability: OnProbability) -> ScriptedStream:
        return ScriptedStream(self._options, on_probability)


class ScriptedStream:
    """One session. Answers come on the loop's next turn, never from inside ``feed``."""

    def __init__(self, options: ScriptedVadOptions, on_probability: OnProbability) -> None:
        self._options = options
        self._on_probability = on_probability
        self._edges = [edge for span in options.schedule for edge in span]
        self._windows = Windows(options.window_ms * RATE // 1000)
        self._generation = 0

    def feed(self, samples: Samples) -> None:
        """Queue float32 mono samples at 16 kHz."""
        self._windows.push(samples)
        if ready := self._windows.ready:
            windows = self._windows.take(ready)
            loop = asyncio.get_running_loop()
            loop.call_soon(self._tell, windows, self._windows.taken, self._generation)

    def reset(self) -> None:
        """Forget queued samples; the schedule goes on with the sample count."""
        self._generation += 1
        self._windows.forget()

    def close(self) -> None:
        """No callback comes after this."""
        self.reset()

    def _tell(self, windows: Samples, end: int, generation: int) -> None:
        end -= self._windows.size * (len(windows) - 1)
        for window in windows:
            if generation != self._generation:
                return
            speech = self._scheduled(end / RATE) if self._edges else self._loud(window)
            self._on_probability(self._options.speech if speech else self._options.silence, end)
            end += self._windows.size

    def _scheduled(self, seconds: float) -> bool:
        # Odd: after a start and before its end.
        return bisect.bisect_right(self._edges, seconds) % 2 == 1

    def _loud(self, window: Samples) -> bool:
        return float(np.dot(window, window)) >= self._options.threshold**2 * len(window)
