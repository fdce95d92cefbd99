"""The passages nearest to a question in meaning: the port, and comparing in memory (``in_database.py``: by
PostgreSQL)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Vectors
from kaikou.knowledge.indexes import Indexes
from kaikou.knowledge.places import Key
from kaikou.knowledge.vector_index import VectorIndex
from kaikou.store.passages import PassageRepository


class Nearness(Protocol):
    """Compares questions with the vectors of knowledge bases."""

    async def nearest(
        self, bases: Mapping[str, int], embedder: str, query: Vectors, count: int, lane: Lane
    ) -> dict[Key, float]:
        """Of the ready documents in ``bases`` (id to revision) the ``count`` passages nearest to the unit
        vector ``query``, nearest first, with their likeness (``VectorIndex.by_meaning``). Only vectors that
        ``embedder`` made count."""
        ...

    async def take(self, document_id: str) -> None:
        """All vectors of a document are in the database, and it is about to be found."""
        ...


class InMemory:
    """Holds the vectors of each base that is searched."""

    def __init__(self, passages: PassageRepository, pool: Pool, most: int) -> None:
        """``most``: passages of all bases."""
        self._passages = passages
        self._pool = pool
        self._indexes: Indexes[VectorIndex] = Indexes(most)

    async def nearest(
        self, bases: Mapping[str, int], embedder: str, query: Vectors, count: int, lane: Lane
    ) -> dict[Key, float]:
        """See ``Nearness.nearest``."""
        indexes = {one: await self._index(one, revision, embedder) for one, revision in bases.items()}
        return await self._pool.run("knowledge", lane, by_meaning, indexes, query, count)

    async def take(self, document_id: str) -> None:
        """Nothing to do: the next search sees the base's new revision."""

    def drop(self, base_id: str) -> None:
        """Another compares this base from now on."""
        self._indexes.drop(base_id)

    async def _index(self, base_id: str, revision: int, embedder: str) -> VectorIndex:
        async def build() -> VectorIndex:
            rows = [row async for some in self._passages.vectors(base_id, embedder) for row in some]
            return await self._pool.run("knowledge", Lane.INTERACTIVE, VectorIndex, rows)

        return await self._indexes.get(base_id, (revision, embedder), build)


def by_meaning(indexes: Mapping[str, VectorIndex], query: Vectors, count: int) -> dict[Key, float]:
    """The ``count`` nearest of several bases. Blocking."""
    found = [
        ((base_id, index.places[number]), score)
        for base_id, index in indexes.items()
        for number, score in index.by_meaning(query, count)
    ]
    return dict(sorted(found, key=lambda one: -one[1])[:count])
