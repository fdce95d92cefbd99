"""Recorded speech in, synthesised speech out, through the default models, and heard once more.

What the terminal says it replied must be what a listener of the reply's sound understands.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest
from pypinyin import lazy_pinyin

from kaikou.audio.decoding import decode

SPEECH = Path(__file__).parent / "data" / "speech"
pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]

STEADY = {"KAIKOU_LLM__TEMPERATURE": "0", "KAIKOU_LLM__MAX_TOKENS": "20"}
"""A sentence or two: a longer answer may come to quote another language, which is not recognised."""


def kaikou(folder: Path, *words: str) -> Any:
    """What a command prints as JSON, run as a user would, in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "kaikou", *words, "--json"],
        cwd=folder,
        env={**os.environ, "KAIKOU_DATA_DIR": str(folder), **STEADY},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def likeness(one: str, other: str) -> float:
    """0..1; letters only, and hanzi by their sound: a recogniser writes 晴天 and 情甜 for one another."""
    bare = [re.sub(r"[\W_]", "", "".join(lazy_pinyin(text.lower()))) for text in (one, other)]
    return SequenceMatcher(None, *bare, autojunk=False).ratio()


def test_a_recording_is_answered_aloud_and_the_answer_is_understood(tmp_path: Path) -> None:
    """In English; in Chinese a server is asked, in ``e2e/test_models.py``."""
    sound = tmp_path / "reply.wav"
    turn = kaikou(tmp_path, "talk", "--file", str(SPEECH / "en_agree_to_disagree.opus"), "--out", str(sound))
    said = "We'll have to agree to disagree"
    assert likeness(turn["transcript"], said) > 0.6, "nobody said which language it would be"
    assert {"transcript", "first_token", "first_audio"} <= set(turn["timings"])
    assert turn["audio"] == str(sound) and decode(sound.read_bytes(), 16_000).seconds > 0.5
    (heard,) = kaikou(tmp_path, "transcribe", str(sound), "--language", "en")
    assert likeness(heard["text"], turn["reply"]) > 0.75, (heard["text"], turn["reply"])
