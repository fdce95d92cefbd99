"""Ranking by meaning, by words, and both together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kaikou.knowledge.fusion import fused, spread, topped
from kaikou.knowledge.vector_index import VectorIndex, packed
from kaikou.knowledge.word_index import WordIndex


def words(*rows: str) -> WordIndex:
    return WordIndex((("doc", number), row) for number, row in enumerate(rows))


def vectors(*rows: list[list[float]]) -> VectorIndex:
    return VectorIndex(
        [(("doc", number), packed(np.array(row, np.float32))) for number, row in enumerate(rows)]
    )


def test_meaning_is_the_nearest_window_and_the_mean_of_all() -> None:
    made = vectors([[1, 0]], [[0, 1], [0.6, 0.8]], [[0, 1]])
    assert len(made) == 3 and made.places[2] == ("doc", 2)
    found = made.by_meaning(np.array([0.8, 0.6], np.float32), 2)
    assert [number for number, _ in found] == [1, 0]
    assert found[0][1] == pytest.approx(0.8 * 0.96 + 0.2 * (0.96 + 0.6) / 2, abs=1e-3)
    assert made.by_meaning(np.array([1, 0, 0], np.float32), 2) == [], "another model's vector"


def test_words_are_ranked_by_bm25() -> None:
    made = words("tea tea pot", "tea cup", "boat", "")
    found = made.by_words(["tea", "tea", "unknown"], 10)
    assert [number for number, _ in found] == [0, 1]
    idf = math.log(1 + (4 - 2 + 0.5) / (2 + 0.5))
    norm = 1.5 * (1 - 0.75 + 0.75 * 3 / (6 / 4))
    assert found[0][1] == pytest.approx(idf * 2 * 2.5 / (2 + norm), rel=1e-5)
    assert made.by_words(["nothing"], 10) == [] and made.by_words([], 10) == []


def test_a_rare_word_outweighs_common_ones() -> None:
    made = words(*["water boil"] * 9, "descale water")
    assert made.by_words(["water", "descale"], 1)[0][0] == 9


def test_empty_bases_find_nothing() -> None:
    assert vectors().by_meaning(np.array([1.0], np.float32), 5) == [] and words().by_words(["a"], 5) == []


def test_scores_are_brought_to_one_measure_and_added() -> None:
    assert spread({"a": 0.9, "b": 0.8, "c": 0.85}) == pytest.approx({"a": 1, "b": 0, "c": 0.5})
    assert spread({"a": 0.9}) == {"a": 1.0} and spread({}) == {} and topped({}) == {}
    assert topped({"a": 8.0, "b": 2.0}) == {"a": 1.0, "b": 0.25}
    together = fused([(1.0, {"a": 1.0, "b": 0.9, "c": 0.0}), (0.2, {"b": 1.0, "d": 0.5})])
    assert [one for one, _ in together] == ["b", "a", "d", "c"]
    assert dict(together) == pytest.approx({"b": 1.1, "a": 1.0, "d": 0.1, "c": 0.0})
