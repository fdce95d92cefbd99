"""What of a passage becomes its vectors.

Each is a mixture: what two sentences say alone, what they say under their headings, and what the whole
passage is about. Alone, a sentence often does not say what it is about; under its headings, all sentences of
a section look alike. The shares were chosen with ``benchmarks/knowledge_search.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kaikou.engines.ports import Embedder, Lane, Vectors
from kaikou.knowledge.cutting import windows
from kaikou.store.passages import PassageRow

_ALONE, _WHOLE = 0.25, 0.5
"""Shares of the bare window and of the whole passage, where the window under its headings has 1."""
_RECIPE = "mixed-windows"


def made_by(embedder: Embedder) -> str:
    """What the database notes beside vectors: those of another model or mixture are made anew."""
    return f"{embedder.identity}/{_RECIPE}"


async def passage_vectors(
    embedder: Embedder, title: str, rows: Sequence[PassageRow], lane: Lane = Lane.BATCH
) -> list[Vectors]:
    """For each passage of the document ``title`` the unit vectors [windows, dimensions]. Raises what the
    embedder raises."""
    parts = [windows(row.text) for row in rows]
    texts: list[str] = []
    for row, bare in zip(rows, parts, strict=True):
        above = _above(title, row)
        texts += [f"{above}: {row.text}", *(f"{above}: {one}" for one in bare), *bare]
    distinct = list(dict.fromkeys(texts))
    vectors = await embedder.embed(distinct, role="passage", lane=lane)
    number = {text: at for at, text in enumerate(distinct)}
    every = vectors[[number[text] for text in texts]]
    found, at = [], 0
    for bare in parts:
        whole, under = every[at], every[at + 1 : at + 1 + len(bare)]
        alone = every[at + 1 + len(bare) : at + 1 + 2 * len(bare)]
        mixed = under + _ALONE * alone + _WHOLE * whole
        lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
        found.append(mixed / np.maximum(lengths, np.finfo(np.float32).tiny))
        at += 1 + 2 * len(bare)
    return found


def _above(title: str, row: PassageRow) -> str:
    """The document's title and the heading right above."""
    headings = row.heading.split("\n")[-1:] if row.heading else []
    return " › ".join([title, *(one for one in headings if one != title)])
