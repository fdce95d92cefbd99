"""Embeddings from any server with OpenAI's ``POST /v1/embeddings``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import openai
from pydantic import BaseModel, ConfigDict, Field

from kaikou.engines.ports import Health, Lane, Vectors
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import failure, is_passing, retry_after
from kaikou.engines.remote_engine import RemoteEngine
from kaikou.errors import EngineFailed

_TRIES = 3
_LONGEST_PAUSE = 30.0


class OpenAIEmbedderSettings(BaseModel):
    """``embedding.openai``, ``embedding.dashscope`` …"""

    model_config = ConfigDict(extra="forbid")

    batch: int = Field(10, gt=0, description="Texts in one request; some providers take ten at most.")
    dimensions: int | None = Field(None, gt=0, description="Shorter vectors, where the model can.")
    query_prefix: str = Field("", description="Put before what is looked for; E5 models want 'query: '.")
    passage_prefix: str = Field("", description="Put before what may be found, e.g. 'passage: '.")


class OpenAIEmbedder(RemoteEngine):
    """A remote embedder. Where nobody waits (``BATCH``), a busy server is asked again."""

    def __init__(self, context: EngineContext) -> None:
        super().__init__(
            context, "embedding", example="text-embedding-3-small", sent="Documents and questions are"
        )
        self._options = context.options(OpenAIEmbedderSettings)

    @property
    def identity(self) -> str:
        told = self._options
        shaped = [str(told.dimensions or ""), told.query_prefix, told.passage_prefix]
        return "/".join([self._endpoint.preset.name, self._model, *(part for part in shaped if part)])

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.LIVE
    ) -> Vectors:
        """Raises EngineFailed with what the server said."""
        prefix = self._options.query_prefix if role == "query" else self._options.passage_prefix
        rows: list[Any] = []
        for start in range(0, len(texts), self._options.batch):
            # An empty text is refused by most servers.
            some = [prefix + (text or " ") for text in texts[start : start + self._options.batch]]
            rows += await self._ask(some, tries=_TRIES if lane is Lane.BATCH else 1)
        if not rows:
            return np.zeros((0, self._options.dimensions or 0), np.float32)
        try:
            vectors = np.array(rows, np.float32)
            if vectors.ndim != 2 or not np.isfinite(vectors).all():
                raise ValueError
        except (TypeError, ValueError):
            raise self._no_vectors() from None
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.maximum(lengths, np.finfo(np.float32).tiny)
        return vectors

    async def _ask(self, texts: list[str], *, tries: int) -> list[Any]:
        for left in reversed(range(tries)):
            try:
                answer: Any = await self._client.embeddings.create(
                    model=self._model,
                    input=texts,
                    encoding_format="float",
                    dimensions=self._options.dimensions or openai.omit,
                )
                break
            except (openai.OpenAIError, TimeoutError) as error:
                if left and is_passing(error):
                    await asyncio.sleep(min(retry_after(error) or float(tries - left), _LONGEST_PAUSE))
                    continue
                raise self._failed(failure(error, self._endpoint)) from error
            except ValueError as error:  # the package's word for an answer without data
                raise self._no_vectors() from error
        data = getattr(answer, "data", None)
        if not isinstance(data, list) or len(data) != len(texts):
            raise self._no_vectors()
        self._health = Health("ready")
        return [one.embedding for one in sorted(data, key=lambda one: one.index)]

    def _no_vectors(self) -> EngineFailed:
        return EngineFailed(
            f"{self._endpoint.preset.title} did not answer with a vector for each text.",
            hint="Check that the model makes embeddings, and that the base URL ends where the API begins "
            "(often /v1).",
        )
