"""Embeddings without a model: texts that share pairs of characters are near. For tests and demos."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Card, Health, Lane, Progress, Vectors
from kaikou.engines.registry import EngineContext


class ScriptedOptions(BaseModel):
    """``KAIKOU_EMBEDDING__SCRIPTED__…``."""

    model_config = ConfigDict(extra="forbid")

    dimensions: int = Field(64, gt=0)


class ScriptedEmbedder:
    """Counts hashed pairs of characters."""

    def __init__(self, context: EngineContext) -> None:
        self._pool: Pool = context.pool
        self._dimensions = context.options(ScriptedOptions).dimensions

    @property
    def card(self) -> Card:
        return Card(
            kind="embedding",
            name="scripted",
            title="Scripted embedder",
            scripted=True,
            note="No model: it compares letters, not meanings.",
        )

    @property
    def identity(self) -> str:
        return f"scripted/{self._dimensions}"

    async def load(self, progress: Progress) -> None:
        progress("Ready", 1.0)

    async def close(self) -> None:
        """Nothing to free."""

    def health(self) -> Health:
        return Health("ready", "Scripted: it compares letters, not meanings.")

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.LIVE
    ) -> Vectors:
        return await self._pool.run("embedding", lane, _counted, list(texts), self._dimensions)


def _counted(texts: list[str], dimensions: int) -> Vectors:
    counts = np.zeros((len(texts), dimensions), np.float32)
    for row, text in enumerate(texts):
        folded = text.casefold()
        for pair in pairwise(folded):
            counts[row, zlib.crc32("".join(pair).encode()) % dimensions] += 1
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    counts /= np.maximum(lengths, 1.0)
    return counts
