"""What one knowledge base is searched by in words: BM25, in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from kaikou.knowledge.places import Place, best

_K1, _B = 1.5, 0.75
"""The usual parameters of BM25 (Robertson and Zaragoza 2009)."""


class WordIndex:
    """Searches passages by their number; ``places`` says which each is."""

    def __init__(self, rows: Iterable[tuple[Place, str]]) -> None:
        """``rows``: each passage and its words with spaces between. Blocking: about a second for ten thousand
        passages."""
        self.places: list[Place] = []
        texts: list[str] = []
        for place, words in rows:
            self.places.append(place)
            texts.append(words)
        self._build(texts)

    def __len__(self) -> int:
        return len(self.places)

    def by_words(self, words: Sequence[str], count: int) -> list[tuple[int, float]]:
        """The ``count`` passages with the highest BM25 score above 0, highest first."""
        scores = np.zeros(len(self.places), np.float32)
        for word in dict.fromkeys(words):
            if (at := self._vocabulary.get(word)) is not None:
                span = slice(self._starts[at], self._starts[at + 1])
                scores[self._posting[span]] += self._weights[span]
        return [(int(at), float(scores[at])) for at in best(scores, count) if scores[at] > 0]

    def _build(self, texts: list[str]) -> None:
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
