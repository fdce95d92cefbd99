"""Smart Turn: has the speaker finished, judged from the sound of the last eight seconds.

A Whisper-tiny encoder with a classifier. It hears intonation, not meaning, and errs often in the
middle of a sentence: its answer scales the silence that ends a turn, and never decides alone.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import resample
from kaikou.engines.onnx import open_session
from kaikou.engines.pool import PerLane
from kaikou.engines.ports import Card, Health, Lane, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.turn.features import RATE, log_mel
from kaikou.errors import KaikouError, NotReady

_SAMPLES = 8 * RATE


class SmartTurn:
    """End of turn by smart-turn v3.2 (see the module)."""

    def __init__(self, context: EngineContext) -> None:
        self._pool = context.pool
        self._weights = context.weights
        self._sessions: PerLane[onnxruntime.InferenceSession] | None = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        return Card(
            kind="turn",
            name="smart-turn",
            title="Smart Turn",
            model="smart-turn v3.2 (CPU)",
            languages=("zh", "en"),
            licence="BSD-2-Clause / BSD-2-Clause",
            sample_rate=RATE,
            weights="pipecat-ai from the package registry, Hugging Face, or a folder",
            note="Trained on 23 languages; checked here in Chinese and English.",
        )

    async def load(self, progress: Progress) -> None:
        self._health = Health("loading")
        try:
            path = await self._weights.fetch("smart-turn-v3", progress) / "smart-turn-v3.2-cpu.onnx"
            # One thread: it runs beside the transcription, for which the reply waits.
            self._sessions = PerLane(self._pool, lambda _: open_session(path, 1))
            await self.end_of_turn(Pcm.silence(1.0, RATE), "")
        except KaikouError as error:
            self._health = Health("failed", error.message)
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        self._sessions = None
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    async def end_of_turn(self, audio: Pcm, transcript: str, *, lane: Lane = Lane.LIVE) -> float:
        """Probability 0..1 that the turn is complete; the transcript is not looked at."""
        if self._sessions is None:
            raise NotReady("The turn detector is still being loaded.", hint=self._health.detail)
        return await self._pool.run("turn", lane, _judge, self._sessions, lane, audio)


def _judge(sessions: PerLane[onnxruntime.InferenceSession], lane: Lane, audio: Pcm) -> float:
    features = prepare(resample(audio.slice(audio.seconds - 8.5), RATE).samples)
    (probability,) = sessions.get(lane).run(None, {"input_features": features[None]})
    return float(probability[0, 0])


def prepare(samples: Samples) -> NDArray[np.float32]:
    """The last 8 s, silence before where there is less, at zero mean and unit variance over the
    whole of it, as log-mel [80, 800]: what the model was trained on."""
    samples = samples[-_SAMPLES:]
    samples = np.pad(samples, (_SAMPLES - len(samples), 0))
    samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    return log_mel(samples.astype(np.float32))
