"""Our log-mel is Whisper's."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from kaikou.engines.turn.features import log_mel


@pytest.mark.parametrize("seconds", [1, 8])
@pytest.mark.parametrize("level", [1e-3, 0.3, 5.0])
def test_same_as_faster_whisper(seconds: int, level: float) -> None:
    random = np.random.default_rng(seconds)
    time = np.arange(seconds * 16_000) / 16_000
    samples = level * (np.sin(2 * np.pi * 440 * time) + 0.1 * random.standard_normal(len(time)))
    samples = samples.astype(np.float32)
    ours = log_mel(samples)
    theirs = FeatureExtractor()(samples, padding=0)[:, : ours.shape[1]]
    assert ours.shape == (80, seconds * 100)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
