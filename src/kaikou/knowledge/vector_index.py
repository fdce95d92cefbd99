"""What one knowledge base is searched by in meaning: vectors compared exactly, in memory.

A passage has a vector for every two sentences, since a question is about one of them. Those of ten
thousand passages are some forty megabytes, which one core compares in five milliseconds.
"""

from __future__ import annotations

import struct

import numpy as np

from kaikou.engines.ports import Vectors
from kaikou.knowledge.places import Place, best

MEAN = 0.2
"""Share of all windows in a passage's likeness: where two have a window as near, the one whose rest is about
the matter, too, comes first."""
_HEAD = struct.Struct("<H")


def packed(vectors: Vectors) -> bytes:
    """A passage's vectors [windows, dimensions] as the database keeps them: the dimensions (uint16), then
    float16, which loses nothing that a ranking would show."""
    return _HEAD.pack(vectors.shape[1]) + vectors.astype("<f2").tobytes()


def unpacked(data: bytes) -> Vectors:
    """What ``packed`` made of [windows, dimensions]."""
    (dimensions,) = _HEAD.unpack_from(data)
    return np.frombuffer(data, "<f2", offset=_HEAD.size).astype(np.float32).reshape(-1, dimensions)


class VectorIndex:
    """Searches passages by their number; ``places`` says which each is."""

    def __init__(self, rows: list[tuple[Place, bytes]]) -> None:
        """``rows``: each passage and its packed vectors. Takes them and leaves the list empty, so that a
        large base is not held twice. Blocking."""
        rows.reverse()
        self.places: list[Place] = []
        counts, dimensions = [], 0
        for _, data in reversed(rows):
            (dimensions,) = _HEAD.unpack_from(data)
            counts.append((len(data) - _HEAD.size) // (2 * dimensions))
        self._windows = np.array(counts, np.float32)
        ends = np.cumsum(counts, dtype=np.int64)
        self._first = ends - np.array(counts, np.int64)
        self._matrix: Vectors = np.empty((int(ends[-1]) if counts else 0, dimensions), np.float32)
        for start, end in zip(self._first, ends, strict=True):
            place, data = rows.pop()
            self.places.append(place)
            self._matrix[start:end] = unpacked(data)

    def __len__(self) -> int:
        return len(self.places)

    def by_meaning(self, query: Vectors, count: int) -> list[tuple[int, float]]:
        """The ``count`` passages nearest to the unit vector ``query``, nearest first, with their likeness:
        four parts the cosine of the nearest window, one part the mean of all."""
        if not len(self.places) or self._matrix.shape[1] != len(query):
            return []
        # One row after the other on this thread: BLAS would share a product of this size out to all cores,
        # and wait there for whoever else is computing.
        every = np.vecdot(self._matrix, query)
        nearest = np.maximum.reduceat(every, self._first)
        mean = np.add.reduceat(every, self._first) / self._windows
        scores = ((1 - MEAN) * nearest + MEAN * mean).astype(np.float32, copy=False)
        return [(int(at), float(scores[at])) for at in best(scores, count)]
