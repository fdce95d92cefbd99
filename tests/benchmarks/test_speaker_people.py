"""Whom the benchmark of speakers measures with: recordings found, cut and joined."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from speaker_people import LONGEST, SHORTEST, in_a_room, joined, recordings

RATE = 16_000


def test_recordings_are_found_by_labels_or_by_folders(tmp_path: Path) -> None:
    folders, labelled = tmp_path / "folders", tmp_path / "labelled"
    for name in ("women/anna/1.wav", "women/anna/2.flac", "men/bob/1.wav", "women/anna/notes.txt"):
        (folders / name).parent.mkdir(parents=True, exist_ok=True)
        (folders / name).touch()
    found = recordings(folders)
    assert {key: len(paths) for key, paths in found.items()} == {("anna", "women"): 2, ("bob", "men"): 1}

    (labelled / "audio").mkdir(parents=True)
    for name in "123":
        (labelled / "audio" / f"{name}.opus").touch()
    rows = [
        {"id": "1", "speaker": "a", "age": 7, "gender": "f"},
        {"id": "2", "speaker": "b", "age": 30, "gender": "f"},
        {"id": "3", "speaker": "c"},
        {"id": "4", "speaker": "c"},
    ]
    (labelled / "labels.json").write_text(json.dumps(rows))
    assert set(recordings(labelled)) == {("a", "child"), ("b", "adult f"), ("c", "adult")}


def test_short_sentences_are_joined_to_turns() -> None:
    sentences = [np.ones(RATE * 3 // 2, np.float32)] * 20
    turns = list(joined(sentences, random.Random(1)))
    assert len(turns) > 3
    assert all(SHORTEST <= len(turn) / RATE <= LONGEST for turn in turns)


def test_a_room_changes_the_sound_and_not_its_length() -> None:
    tone = np.sin(np.arange(RATE) / 10).astype(np.float32)
    heard = in_a_room(tone, random.Random(1))
    assert len(heard) == len(tone) and np.isfinite(heard).all()
    assert 0.1 < np.corrcoef(tone, heard)[0, 1] < 0.99
