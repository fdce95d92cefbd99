"""Rankings of different kinds as one: a weighted sum of their scores, each brought to 0..1.

Scores and not ranks: among the nearest few, places are often decided by the third decimal, and a sum of
ranks would take that for as much as a clear lead (Bruch, Gai and Ingber 2023, "An Analysis of Fusion
Functions for Hybrid Retrieval").
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

One = TypeVar("One", bound=Hashable)


def spread(scores: Mapping[One, float]) -> dict[One, float]:
    """From the lowest as 0 to the highest as 1: for scores such as cosines, whose zero says nothing."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {one: (score - low) / (high - low) if high > low else 1.0 for one, score in scores.items()}


def topped(scores: Mapping[One, float]) -> dict[One, float]:
    """The highest as 1, zero as 0: for scores such as BM25's, where zero means nothing in common."""
    high = max(scores.values(), default=0.0)
    return {one: score / high for one, score in scores.items()} if high > 0 else dict(scores)


def fused(rankings: Sequence[tuple[float, Mapping[One, float]]]) -> list[tuple[One, float]]:
    """``rankings`` are (weight, scores from 0 to 1); the result is best first. What a ranking lacks has
    0 there; of equal sums, the one that was named first."""
    sums: dict[One, float] = {}
    for weight, scores in rankings:
        for one, score in scores.items():
            sums[one] = sums.get(one, 0.0) + weight * score
    return sorted(sums.items(), key=lambda item: -item[1])
