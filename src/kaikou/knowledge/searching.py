"""Searching knowledge bases: by meaning and by words at once, ranked together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Embedder, Lane, Vectors
from kaikou.errors import InvalidInput, KaikouError, NotFound, NotReady
from kaikou.knowledge.fusion import fused, spread, topped
from kaikou.knowledge.indexes import Indexes
from kaikou.knowledge.nearness import Nearness
from kaikou.knowledge.places import Key, Place
from kaikou.knowledge.ports import EmbedderSource
from kaikou.knowledge.vectors import made_by
from kaikou.knowledge.word_index import WordIndex
from kaikou.knowledge.words import words_of
from kaikou.settings.services import KnowledgeSettings
from kaikou.store.knowledge import KnowledgeRepository
from kaikou.store.passages import PassageRepository, PassageRow

WORDS_WEIGHT = 0.2
"""Of the ranking by words, where meaning counts 1. People ask in other words than a document's; names and
numbers, which words find best, still come through (benchmarks/knowledge_search.py)."""
_PATIENCE = 0.05
"""Seconds a search waits for an embedder that is still being loaded; then words alone have to do."""
_LEFT_ALONE = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Location:
    """Where in its document a passage stands: headings, outermost first; page from 1; ``[start, end)`` in
    the document's text."""

    headings: tuple[str, ...]
    page: int | None
    start: int
    end: int

    def __str__(self) -> str:
        """For citing: ``Care › Descaling, page 3``."""
        parts = [" › ".join(self.headings)] if self.headings else []
        return ", ".join([*parts, *([f"page {self.page}"] if self.page is not None else [])])


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that was found. ``score`` orders one search's passages and says nothing beyond it."""

    text: str
    document_title: str
    document_id: str
    base_id: str
    location: Location
    score: float
    similarity: float | None
    """Likeness of its meaning and the question's (``VectorIndex.by_meaning``), where there is one; the scale
    is the model's own."""
    words_rank: int | None
    """Its place by words alone, from 1; None: no word in common."""


@dataclass(frozen=True, slots=True)
class Passages:
    """What a search found, best first. ``without_meaning`` says why words alone decided; mostly empty."""

    found: tuple[Passage, ...]
    without_meaning: str = ""

    def __iter__(self) -> Iterator[Passage]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage's place in a ranking, before its text is read."""

    base_id: str
    place: Place
    score: float
    similarity: float | None
    words_rank: int | None


class Search:
    """Finds passages. One for the process."""

    def __init__(
        self,
        repository: KnowledgeRepository,
        nearness: Nearness,
        embedder: EmbedderSource,
        pool: Pool,
        settings: KnowledgeSettings,
    ) -> None:
        self._repository = repository
        self._passages = PassageRepository(repository.database)
        self._nearness = nearness
        self._embedder = embedder
        self._pool = pool
        self._settings = settings
        self._broken: tuple[float, str] = (0.0, "")
        self._indexes: Indexes[WordIndex] = Indexes(settings.cached_passages)

    async def search(
        self,
        query: str,
        *,
        bases: Sequence[str],
        limit: int | None = None,
        lane: Lane = Lane.LIVE,
    ) -> Passages:
        """The passages of ``bases`` that answer ``query`` best. Where the embedder is not to be had, words
        alone decide and the result says so.

        Raises InvalidInput ``empty_search``, ``query_too_long``; NotFound ``knowledge_base_not_found``.
        """
        query = " ".join(query.split())
        if not query:
            raise InvalidInput("There is nothing to search for.", code="empty_search", param="query")
        if len(query) > self._settings.max_query_chars:
            raise InvalidInput(
                f"A question has at most {self._settings.max_query_chars} characters.",
                code="query_too_long",
                param="query",
            )
        embedder, why = await self._found_embedder()
        count = self._settings.candidates
        asked = asyncio.create_task(self._vector(embedder, query, lane))
        try:
            revisions = await self._revisions(bases)
            indexes = {one: await self._index(one, revision) for one, revision in revisions.items()}
            # Words are ranked while the question's vector is made.
            words = await self._pool.run("knowledge", lane, by_words, indexes, query, count)
            vector, trouble = await asked
        finally:
            asked.cancel()
        near: Mapping[Key, float] = {}
        if embedder is not None and vector is not None:
            near = await self._nearness.nearest(revisions, made_by(embedder), vector, count, lane)
        found = await self._shown(ranked(near, words)[: limit or self._settings.results])
        return Passages(found, why or trouble)

    async def _found_embedder(self) -> tuple[Embedder | None, str]:
        """The embedder, or why there is none. One that could not be loaded is left alone for a while:
        each try may look for it on the network."""
        until, why = self._broken
        if time.monotonic() < until:
            return None, why
        try:
            return await self._embedder(_PATIENCE), ""
        except KaikouError as error:
            if not isinstance(error, NotReady):
                self._broken = (time.monotonic() + _LEFT_ALONE, error.message)
            log.info("searching by words alone: %s", error)
            return None, error.message

    @staticmethod
    async def _vector(embedder: Embedder | None, query: str, lane: Lane) -> tuple[Vectors | None, str]:
        if embedder is None:
            return None, ""
        try:
            return (await embedder.embed([query], role="query", lane=lane))[0], ""
        except KaikouError as error:
            log.warning("searching by words alone: %s", error)
            return None, error.message

    async def _revisions(self, bases: Sequence[str]) -> dict[str, int]:
        """Of each base as it is now."""
        wanted = list(dict.fromkeys(bases))
        revisions = await self._repository.revisions(wanted)
        if missing := [one for one in wanted if one not in revisions]:
            raise NotFound(
                f"There is no knowledge base {missing[0][:60]!r}.",
                code="knowledge_base_not_found",
                param="bases",
            )
        return {one: revisions[one] for one in wanted}

    async def _index(self, base_id: str, revision: int) -> WordIndex:
        async def build() -> WordIndex:
            rows = [row async for some in self._passages.words(base_id) for row in some]
            return await self._pool.run("knowledge", Lane.INTERACTIVE, WordIndex, rows)

        return await self._indexes.get(base_id, revision, build)

    async def _shown(self, hits: Sequence[Hit]) -> tuple[Passage, ...]:
        rows = await self._passages.by_place([hit.place for hit in hits]) if hits else {}
        return tuple(_passage(hit, *rows[hit.place]) for hit in hits if hit.place in rows)


def _passage(hit: Hit, row: PassageRow, title: str) -> Passage:
    location = Location(tuple(row.heading.split("\n")) if row.heading else (), row.page, row.start, row.end)
    return Passage(
        row.text, title, row.document_id, hit.base_id, location, hit.score, hit.similarity, hit.words_rank
    )


def by_words(indexes: Mapping[str, WordIndex], query: str, count: int) -> dict[Key, float]:
    """The ``count`` best of several bases, best first. Blocking, a few milliseconds."""
    words = words_of(query)
    found = [
        ((base_id, index.places[number]), score)
        for base_id, index in indexes.items()
        for number, score in index.by_words(words, count)
    ]
    return dict(sorted(found, key=lambda one: -one[1])[:count])


def ranked(near: Mapping[Key, float], words: Mapping[Key, float]) -> list[Hit]:
    """Meaning and words together, best first. Scores of one kind are compared across bases: cosines are, and
    BM25 is near enough."""
    ranks = {key: rank for rank, key in enumerate(words, 1)}
    together = fused([(1.0, spread(near)), (WORDS_WEIGHT, topped(words))])
    return [Hit(key[0], key[1], score, near.get(key), ranks.get(key)) for key, score in together]
