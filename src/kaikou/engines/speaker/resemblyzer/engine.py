"""The engine: its weights, and voices encoded on the pool."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import resample
from kaikou.engines.mel import RATE
from kaikou.engines.pool import PerLane
from kaikou.engines.ports import Card, Health, Lane, Progress, Voiceprint
from kaikou.engines.registry import EngineContext
from kaikou.engines.speaker.resemblyzer.checkpoint import read_tensors
from kaikou.engines.speaker.resemblyzer.network import Network, network_graph
from kaikou.engines.speaker.voiced import voiced
from kaikou.errors import KaikouError, NotReady

MODEL = "resemblyzer"
_FILE = "pretrained.pt"
_LOUDNESS = 10 ** (-30 / 20)
"""Root mean square that quieter sound is raised to, as in training."""


class Resemblyzer:
    """Voices as 256 numbers (see the package)."""

    def __init__(self, context: EngineContext) -> None:
        self._pool = context.pool
        self._files = context.weights
        self._networks: PerLane[Network] | None = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        return Card(
            kind="speaker",
            name="resemblyzer",
            title="Resemblyzer",
            model="GE2E speaker encoder, 256 dimensions",
            licence="Apache-2.0 / Apache-2.0",
            sample_rate=RATE,
            weights="Resemblyzer from the package registry, or a folder",
            note="Trained on English speech. Tells voices of a household apart; no proof of identity.",
        )

    @property
    def identity(self) -> str:
        return "resemblyzer/0.1"

    @property
    def threshold(self) -> float:
        return 0.81

    async def load(self, progress: Progress) -> None:
        self._health = Health("loading")
        try:
            folder = await self._files.fetch(MODEL, progress)
            progress("Reading the speaker encoder", None)
            graph = await self._pool.run("speaker", Lane.BATCH, _read, folder / _FILE)
            # One thread: it runs beside the transcription, for which the reply waits.
            self._networks = PerLane(self._pool, lambda _: Network(graph, 1))
            await self.encode(Pcm.silence(1.0, RATE), lane=Lane.INTERACTIVE)
        except KaikouError as error:
            self._health = Health("failed", error.message)
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        self._networks = None
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    async def encode(self, audio: Pcm, *, lane: Lane = Lane.LIVE) -> Voiceprint:
        if self._networks is None:
            raise NotReady("The speaker encoder is still being loaded.", hint=self._health.detail)
        return await self._pool.run("speaker", lane, _encode, self._networks, lane, audio)


def _read(path: Path) -> bytes:
    """Blocking."""
    return network_graph(read_tensors(path, "model_state"))


def _encode(networks: PerLane[Network], lane: Lane, audio: Pcm) -> Voiceprint:
    samples = voiced(resample(audio, RATE).samples)
    if not len(samples):
        return Voiceprint(np.zeros(0, np.float32), 0.0)
    return Voiceprint(networks.get(lane).vector(_raised(samples)), len(samples) / RATE)


def _raised(samples: Samples) -> Samples:
    loudness = float(np.sqrt(np.mean(np.square(samples))))
    return samples * np.float32(_LOUDNESS / loudness) if 0 < loudness < _LOUDNESS else samples
