"""Voices without a model: sounds of like pitch are alike. For tests and demos."""

from __future__ import annotations

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import resample
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Card, Health, Lane, Progress, Voiceprint
from kaikou.engines.registry import EngineContext
from kaikou.engines.speaker.voiced import voiced

_RATE = 16_000
_BANDS = 48


class ScriptedSpeakerEncoder:
    """Energy in bands of a third of a tone, from 80 Hz."""

    def __init__(self, context: EngineContext) -> None:
        self._pool: Pool = context.pool

    @property
    def card(self) -> Card:
        return Card(
            kind="speaker",
            name="scripted",
            title="Scripted speaker encoder",
            scripted=True,
            note="No model: it compares pitch, not voices.",
        )

    @property
    def identity(self) -> str:
        return f"scripted/{_BANDS}"

    @property
    def threshold(self) -> float:
        return 0.9

    async def load(self, progress: Progress) -> None:
        progress("Ready", 1.0)

    async def close(self) -> None:
        """Nothing to free."""

    def health(self) -> Health:
        return Health("ready", "Scripted: it compares pitch, not voices.")

    async def encode(self, audio: Pcm, *, lane: Lane = Lane.LIVE) -> Voiceprint:
        return await self._pool.run("speaker", lane, _encode, audio)


def _encode(audio: Pcm) -> Voiceprint:
    samples = voiced(resample(audio, _RATE).samples)
    if not len(samples):
        return Voiceprint(np.zeros(0, np.float32), 0.0)
    return Voiceprint(_bands(samples), len(samples) / _RATE)


def _bands(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    power = np.square(np.abs(np.fft.rfft(samples)))
    bins = np.fft.rfftfreq(len(samples), 1 / _RATE)
    edges = 80.0 * 2.0 ** (np.arange(_BANDS + 1) / 9.0)
    sums = np.histogram(bins, edges, weights=power)[0]
    vector = np.sqrt(sums).astype(np.float32)
    unit: np.ndarray[tuple[int], np.dtype[np.float32]] = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return unit
