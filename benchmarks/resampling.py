"""What it costs to resample a live stream in frames of 20 ms, and how much is held back."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import soxr

from kaikou.audio.resampling import Resampler

PAIRS = [
    (24_000, 16_000),
    (48_000, 16_000),
    (8_000, 16_000),
    (44_100, 16_000),
    (24_000, 48_000),
    (24_000, 8_000),
]
FRAMES = 2000


def row(source: int, target: int) -> dict[str, float]:
    frame = np.random.default_rng(0).standard_normal(source // 50).astype(np.float32)
    resampler = Resampler(source, target)
    stream = soxr.ResampleStream(source, target, 1, dtype="float32")
    started, given = time.thread_time(), 0
    for _ in range(FRAMES):
        given += len(resampler.process(frame))
    microseconds = (time.thread_time() - started) / FRAMES * 1e6
    held = (FRAMES * target / 50 - given) / target * 1e3
    theirs = sum(len(stream.resample_chunk(frame)) for _ in range(FRAMES))
    return {
        "source": source,
        "target": target,
        "us_a_frame": microseconds,
        "held_back_ms": held,
        "held_back_by_soxr_ms": (FRAMES * target / 50 - theirs) / target * 1e3,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = [row(*pair) for pair in PAIRS]
    print("  ".join(rows[0]))
    for line in rows:
        print("  ".join(f"{value:>{len(name)}.1f}" for name, value in line.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
