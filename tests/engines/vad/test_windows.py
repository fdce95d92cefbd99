"""Windows keep every sample and its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.engines.vad.windows import RATE, Windows
from kaikou.errors import Overloaded


@given(st.lists(st.tuples(st.sampled_from(["push", "take", "return", "forget"]), st.integers(0, 900))))
def test_windows_follow_one_another_without_a_gap(steps: list[tuple[str, int]]) -> None:
    windows, pushed = Windows(100), 0
    for step, n in steps:
        if step == "push":
            windows.push(np.arange(pushed, pushed + n, dtype=np.float32))
            pushed += n
        elif step == "forget":
            windows.forget()
            assert windows.taken == pushed
        elif windows.ready:
            first = windows.taken
            taken = windows.take(1 + n % 4)
            count = len(taken)
            assert 1 <= count <= 1 + n % 4
            np.testing.assert_array_equal(taken.reshape(-1), np.arange(first, first + 100 * count))
            assert windows.taken == first + 100 * count
            if step == "return":
                windows.give_back(taken)
                assert windows.taken == first
        assert windows.ready == (pushed - windows.taken) // 100


def test_bounded() -> None:
    windows = Windows(512)
    with pytest.raises(Overloaded):
        for _ in range(700):
            windows.push(np.zeros(RATE, np.float32))
