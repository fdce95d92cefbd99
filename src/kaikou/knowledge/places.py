"""Which passage of which document, and the best of many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Place = tuple[str, int]
"""(document id, position of the passage in it)."""
Key = tuple[str, Place]
"""(base id, place)."""


def best(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Indexes of the ``count`` highest scores, highest first; of equal ones the first."""
    some = np.arange(len(scores))
    if len(scores) > count:
        some = np.sort(np.argpartition(-scores, count)[:count])
    best: NDArray[np.int64] = some[np.argsort(-scores[some], kind="stable")]
    return best
