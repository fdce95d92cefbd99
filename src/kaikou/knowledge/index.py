"""What one knowledge base is searched by: vectors compared exactly, and words by BM25, both in memory.

A passage has a vector for every two sentences, since a question is about one of them. Those of ten
thousand passages are some forty megabytes, which one core compares in five milliseconds. An extension of
the database takes longer and is not to be had everywhere (docs/architecture.md).
"""

from __future__ import annotations

import struct
from array import array
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
_MEAN = 0.2
"""Share of all windows in a passage's likeness: where two have a window as near, the one whose rest is about
the matter, too, comes first."""


_HEAD = struct.Struct("<H")


def packed(vectors: Vectors) -> bytes:
    """A passage's vectors [windows, dimensions] as the database keeps them: the dimensions (uint16), then
    float16, which loses nothing that a ranking would show."""
    return _HEAD.pack(vectors.shape[1]) + vectors.astype("<f2").tobytes()


def _unpacked(data: bytes) -> Vectors:
    (dimensions,) = _HEAD.unpack_from(data)
    return np.frombuffer(data, "<f2", offset=_HEAD.size).astype(np.float32).reshape(-1, dimensions)


@dataclass(slots=True)
class Collected:
    """Rows as they come from the database, before an index is made of them."""

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
        """Takes what was collected and leaves it empty, so that a large base is not held twice. Blocking:
        about a second for ten thousand passages."""
        self.places = collected.places
        found = [number for number, data in enumerate(collected.vectors) if data]
        self._numbers = np.array(found, np.int64)
        counts, dimensions = [], 0
        for number in found:
            (dimensions,) = _HEAD.unpack_from(collected.vectors[number] or b"")
            counts.append((len(collected.vectors[number] or b"") - _HEAD.size) // (2 * dimensions))
        self._windows = np.array(counts, np.float32)
        ends = np.cumsum(counts, dtype=np.int64)
        self._first = ends - np.array(counts, np.int64)
        self._matrix: Vectors = np.empty((int(ends[-1]) if found else 0, dimensions), np.float32)
        for number, start, end in zip(found, self._first, ends, strict=True):
            self._matrix[start:end] = _unpacked(collected.vectors[number] or b"")
            collected.vectors[number] = None
        words, collected.words = collected.words, []
        self._build_words(words)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def vectors(self) -> int:
        """How many passages can be found by meaning."""
        return len(self._numbers)

    def by_meaning(self, query: Vectors, count: int) -> list[tuple[int, float]]:
        """The ``count`` passages nearest to the unit vector ``query``, nearest first, with their likeness:
        four parts the cosine of the nearest window, one part the mean of all."""
        if not len(self._numbers) or self._matrix.shape[1] != len(query):
            return []
        # One row after the other on this thread: BLAS would share a product of this size out to all cores,
        # and wait there for whoever else is computing.
        every = np.vecdot(self._matrix, query)
        nearest = np.maximum.reduceat(every, self._first)
        mean = np.add.reduceat(every, self._first) / self._windows
        scores = ((1 - _MEAN) * nearest + _MEAN * mean).astype(np.float32, copy=False)
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
        ids = array("i")
        lengths = np.zeros(len(texts), np.float32)
        for number, text in enumerate(texts):
            words = text.split()
            lengths[number] = len(words)
            ids.extend(vocabulary.setdefault(word, len(vocabulary)) for word in words)
        numbers = np.repeat(np.arange(len(texts)), lengths.astype(np.int64))
        keys, counts = np.unique(
            np.frombuffer(ids, np.intc) * np.int64(max(1, len(texts))) + numbers, return_counts=True
        )
        del ids, numbers
        self._posting = (keys % max(1, len(texts))).astype(np.int32)
        word_of = keys // max(1, len(texts))
        del keys
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
