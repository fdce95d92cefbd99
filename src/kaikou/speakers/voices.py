"""Known voices compared with one that is heard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaikou.store.speakers import PrintRow

Vector = NDArray[np.float32]

_EACH_DOUBLING = 0.012
"""Keeps the strangers taken for one of 1, 2, 4 and 8 people about as many (``speaker_identification.py``)."""


@dataclass(frozen=True, slots=True)
class Score:
    """How alike somebody's voice is to the one heard: a cosine."""

    speaker_id: str
    score: float


@dataclass(frozen=True, slots=True)
class KnownVoices:
    """Everybody with enough prints of one encoder, each as the mean of their prints."""

    encoder: str
    ids: tuple[str, ...]
    means: Vector
    """[speakers, dimensions], rows of length 1."""

    @classmethod
    def of(cls, prints: Iterable[PrintRow], encoder: str, needed: int) -> KnownVoices:
        """Those of this encoder; who has fewer than ``needed`` is left out."""
        by_speaker: dict[str, list[Vector]] = {}
        for row in prints:
            if row.encoder == encoder:
                vector = np.frombuffer(row.vector, "<f4").astype(np.float32)
                by_speaker.setdefault(row.speaker_id, []).append(vector)
        enough = {one: vectors for one, vectors in by_speaker.items() if len(vectors) >= needed}
        means = [_unit(np.mean(vectors, axis=0)) for vectors in enough.values()]
        return cls(encoder, tuple(enough), np.stack(means) if means else np.zeros((0, 0), np.float32))

    def scores(self, vector: Vector) -> list[Score]:
        """Of everybody, best first."""
        if not self.ids:
            return []
        near = self.means @ vector
        order: list[int] = np.argsort(near)[::-1].tolist()
        return [Score(self.ids[at], float(near[at])) for at in order]


def line(threshold: float, people: int) -> float:
    """The likeness from which it is somebody where so many ``people`` are known; ``threshold`` is that for
    one. Each more is one more whom a stranger may sound like, so it rises with every doubling."""
    return threshold + _EACH_DOUBLING * math.log2(max(1, people))


def decided(scores: Sequence[Score], threshold: float) -> str | None:
    """Whose voice it is, or None: nobody's that is known."""
    return scores[0].speaker_id if scores and scores[0].score >= threshold else None


def _unit(vector: Vector) -> Vector:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
