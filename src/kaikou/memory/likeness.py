"""When two statements say the same: a scale for whatever embedder is in use.

Models differ in how near they put unrelated texts, so no fixed threshold serves. A few pairs whose answer
is known are embedded once, and the lines are drawn between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kaikou.engines.ports import Embedder, Lane
from kaikou.memory.grounding import alike

_SAME = (
    ("I really like coffee.", "The user loves drinking coffee."),
    ("My name is Anna.", "The user is called Anna."),
    ("我住在杭州。", "用户家在杭州。"),
    ("I work as a nurse.", "The user's job is nursing."),
    ("我养了一只猫。", "用户家里有一只猫。"),
)
_NEAR = (
    ("I really like coffee.", "The user likes tea."),
    ("My name is Anna.", "The user's sister is called Mary."),
    ("我住在杭州。", "用户的父母住在北京。"),
    ("I work as a nurse.", "The user used to work as a teacher."),
    ("我养了一只猫。", "用户养了一条狗。"),
)
"""Of one topic, and yet something else."""
_WORDS_SHARED = 0.6


@dataclass(frozen=True, slots=True)
class Scale:
    """Cosines of one embedder: from ``may_be`` on two statements are the same if they share their words
    too; from ``surely`` on whatever their words."""

    identity: str
    may_be: float
    surely: float

    def same(self, one: str, other: str, cosine: float) -> bool:
        """Whether two statements say the same, or one is a newer version of the other."""
        if " ".join(one.casefold().split()) == " ".join(other.casefold().split()):
            return True
        if cosine >= self.surely:
            return True
        return cosine >= self.may_be and alike(one, other) >= _WORDS_SHARED


async def measured(embedder: Embedder, lane: Lane = Lane.BATCH) -> Scale:
    """The scale of an embedder: twenty short texts."""
    same = await _cosines(embedder, _SAME, lane)
    near = await _cosines(embedder, _NEAR, lane)
    return Scale(
        embedder.identity,
        may_be=float(min(same.min(), near.mean())),
        # Above everything known to be something else, and halfway to being one text.
        surely=float((max(same.max(), near.max()) + 1) / 2),
    )


async def _cosines(
    embedder: Embedder, pairs: tuple[tuple[str, str], ...], lane: Lane
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    first = await embedder.embed([one for one, _ in pairs], role="passage", lane=lane)
    second = await embedder.embed([other for _, other in pairs], role="passage", lane=lane)
    found: np.ndarray[tuple[int], np.dtype[np.float32]] = np.einsum("ij,ij->i", first, second)
    return found
