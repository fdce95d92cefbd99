"""A clause's beginning computed before its rest, and the joint between them."""

from __future__ import annotations

import numpy as np
import pytest

from kaikou.audio.pcm import Samples
from kaikou.engines.tts.kokoro import joining
from kaikou.engines.tts.kokoro.synthesis import FRAME, RATE, Shape, rounded


def voice(frames: int) -> Samples:
    """Something voiced, 150 Hz and its harmonics, that goes up and down in level."""
    at = np.arange(frames * FRAME) / RATE
    tone = sum(np.sin(2 * np.pi * 150 * k * at) / k for k in range(1, 12))
    return (0.1 * tone * (1 + 0.5 * np.sin(2 * np.pi * 3 * at))).astype(np.float32)


def test_only_short_clauses_are_cut_and_both_parts_are_shorter() -> None:
    assert [joining.head_frames(frames) for frames in (0, 20, 39, 129, 500)] == [0] * 5
    for frames in range(40, 129):
        head = joining.head_frames(frames)
        (_, computed), (_, silence) = joining.head_parts(head)
        assert rounded(computed + silence) == computed + silence < frames
        assert rounded(joining.rest_frames(frames, head)) < frames
        # While the beginning plays, the rest is computed even at half of real time.
        assert joining.rest_frames(frames, head) / 2 <= head


@pytest.mark.parametrize("louder", [1.0, 0.6, 1.5])
def test_parts_of_one_sound_become_that_sound_again_whatever_the_level_of_the_rest(louder: float) -> None:
    whole, joint, rest_from = voice(60), 24 * FRAME, 18 * FRAME
    made = joining.joined(whole[: 28 * FRAME], whole[rest_from:] * np.float32(louder), joint, rest_from)
    assert len(made) == len(whole)
    np.testing.assert_array_equal(made[: joining.given_out(joint)], whole[: joining.given_out(joint)])
    np.testing.assert_allclose(made, whole, atol=2e-3)


def test_a_joint_in_silence_leaves_the_rest_as_it_is() -> None:
    whole, joint, rest_from = voice(60), 24 * FRAME, 18 * FRAME
    whole[16 * FRAME : 34 * FRAME] *= 1e-4
    head = whole[: 28 * FRAME].copy()
    head[16 * FRAME :] *= 30  # another noise, as far from being heard
    made = joining.joined(head, whole[rest_from:], joint, rest_from)
    np.testing.assert_allclose(made[34 * FRAME :], whole[34 * FRAME :], rtol=0.05)


def test_the_level_settles_without_a_step() -> None:
    made = joining.settled(np.ones(RATE, np.float32), 0.5, 1.0)
    assert made[0] == pytest.approx(0.5)
    assert np.abs(np.diff(made)).max() < 1e-3
    assert np.all(made[RATE // 2 :] == 1)


def test_a_shape_is_cut_in_all_its_measures() -> None:
    frames = 10
    shape = Shape(
        features=np.arange(frames, dtype=np.float32)[None, None],
        pitch=np.arange(2 * frames, dtype=np.float32)[None],
        energy=np.arange(2 * frames, dtype=np.float32)[None],
        harmonics=np.arange(120 * frames + 1, dtype=np.float32)[None, None],
        style=np.zeros((1, 256), np.float32),
        durations=np.ones(3, np.float32),
        first=2,
    )
    assert shape.silent_from == 10 * FRAME / RATE
    shape.energy[:, 15:] = 1
    assert shape.silent_from == pytest.approx(7.5 * FRAME / RATE), (
        "less than a tenth of the greatest is silence"
    )
    shape.energy[:, 15:] = np.arange(15, 20)
    cut = shape.cut((2, 5), (0, 1))
    assert len(cut) == 4
    assert cut.features[0, 0].tolist() == [2, 3, 4, 0]
    assert cut.pitch[0].tolist() == [4, 5, 6, 7, 8, 9, 0, 1] == cut.energy[0].tolist()
    assert cut.harmonics.shape[-1] == 120 * 4 + 1
    assert cut.harmonics[0, 0, [0, 359, 360, 480]].tolist() == [240, 599, 0, 120]
