"""What one knowledge base is searched by: vectors compared exactly, and words by BM25, both in memory.

Ten thousand passages of 384 dimensions are 15 MB, which one matrix product compares in about two
milliseconds on one core; the same through an extension of the database takes several times that, and
is not to be had everywhere (docs/architecture.md has the figures).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kaikou.store.passages import IndexedRow

Place = tuple[str, int]
"""(document id, position of the passage in it)."""
Vectors = NDArray[np.float32]

_K1, _B = 1.5, 0.75
"""The usual parameters of BM25 (Robertson and Zaragoza 2009)."""


def packed(vectors: Vectors) -> list[bytes]:
    """Rows as the database keeps them: float16 loses nothing that a ranking would show."""
    return [row.astype("<f2").tobytes() for row in vectors]


@dataclass(slots=True)
class Collected:
    """Rows as they come from the database, before they are an index."""

    places: list[Place] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    vectors: list[bytes | None] = field(default_factory=list)

    def add(self, rows: Iterable[IndexedRow]) -> None:
        for row in rows:
            self.places.append((row.document_id, row.position))
            self.words.append(row.words)
            self.vectors.append(row.vector)


class Index:
    """Searches passages by their number; ``places`` says which each is."""

    def __init__(self, collected: Collected) -> None:
        """Blocking: about a second for ten thousand passages."""
        self.places = collected.places
        with_vector = [number for number, vector in enumerate(collected.vectors) if vector is not None]
        self._numbers = np.array(with_vector, np.int64)
        data = b"".join(collected.vectors[number] or b"" for number in with_vector)
        rows = np.frombuffer(data, "<f2").astype(np.float32)
        self._matrix: Vectors = (
            rows.reshape(len(with_vector), -1) if with_vector else np.zeros((0, 0), np.float32)
        )
        self._build_words(collected.words)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def vectors(self) -> int:
        """How many passages can be found by meaning."""
        return len(self._numbers)

    def by_meaning(self, query: Vectors, count: int) -> list[tuple[int, float]]:
        """The ``count`` passages nearest to the unit vector ``query``, nearest first, with the cosine."""
        if not len(self._numbers) or self._matrix.shape[1] != len(query):
            return []
        scores = self._matrix @ query
        return [(int(self._numbers[at]), float(scores[at])) for at in _best(scores, count)]

    def by_words(self, words: Sequence[str], count: int) -> list[tuple[int, float]]:
        """The ``count`` passages with the highest BM25 score above 0, highest first."""
        scores = np.zeros(len(self.places), np.float32)
        for word in dict.fromkeys(words):
            if (at := self._vocabulary.get(word)) is not None:
                span = slice(self._starts[at], self._starts[at + 1])
                scores[self._posting[span]] += self._weights[span]
        return [(int(at), float(scores[at])) for at in _best(scores, count) if scores[at] > 0]

    def _build_words(self, texts: list[str]) -> None:
        """The weight of each word in each passage, by word (Robertson and Zaragoza 2009, with Lucene's
        idf, which is never below 0)."""
        vocabulary: dict[str, int] = {}
        ids: list[int] = []
        lengths = np.zeros(len(texts), np.float32)
        for number, text in enumerate(texts):
            words = text.split()
            lengths[number] = len(words)
            ids += [vocabulary.setdefault(word, len(vocabulary)) for word in words]
        numbers = np.repeat(np.arange(len(texts)), lengths.astype(np.int64))
        keys, counts = np.unique(np.array(ids, np.int64) * max(1, len(texts)) + numbers, return_counts=True)
        word_of, self._posting = np.divmod(keys, max(1, len(texts)))
        self._starts = np.searchsorted(word_of, np.arange(len(vocabulary) + 1))
        frequency = np.diff(self._starts).astype(np.float32)
        idf = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5))
        usual = lengths.mean() if len(texts) else 1.0
        norm = _K1 * (1 - _B + _B * lengths / max(1.0, float(usual)))
        weights = idf[word_of] * counts * (_K1 + 1) / (counts + norm[self._posting])
        self._weights: NDArray[np.float32] = weights.astype(np.float32)
        self._vocabulary = vocabulary


def _best(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Indexes of the ``count`` highest scores, highest first; of equal ones the first."""
    some = np.arange(len(scores))
    if len(scores) > count:
        some = np.sort(np.argpartition(-scores, count)[:count])
    best: NDArray[np.int64] = some[np.argsort(-scores[some], kind="stable")]
    return best
