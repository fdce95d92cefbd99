"""Rankings of different kinds as one: reciprocal rank fusion (Cormack, Clarke and Buettcher 2009)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

_K = 60
"""The paper's: it keeps one ranking's first place from outweighing the other's whole order."""

One = TypeVar("One", bound=Hashable)


def fused(rankings: Sequence[tuple[float, Sequence[One]]]) -> list[tuple[One, float]]:
    """``rankings`` are (weight, best first); the result is best first with the score, the sum of
    ``weight / (60 + rank)``. Of equal scores, the one the first ranking has first."""
    scores: dict[One, float] = {}
    for weight, ranking in rankings:
        for rank, one in enumerate(ranking, 1):
            scores[one] = scores.get(one, 0.0) + weight / (_K + rank)
    return sorted(scores.items(), key=lambda item: -item[1])
