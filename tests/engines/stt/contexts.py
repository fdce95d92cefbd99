"""What the recognisers are made with, and the recordings they are given."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

SPEECH = Path(__file__).parents[2] / "data" / "speech"


@dataclass(frozen=True)
class Recording:
    file: str
    language: str
    text: str

    @property
    def audio(self) -> Pcm:
        return decode((SPEECH / self.file).read_bytes())


RECORDINGS = [Recording(**entry) for entry in json.loads((SPEECH / "transcripts.json").read_text("utf-8"))]


class NoWeights:
    """For engines that must not ask for any."""

    async def fetch(self, model: str, progress: Progress) -> Path:
        raise AssertionError(f"{model} was asked for")

    def installed(self, model: str) -> Path | None:
        return None


def context(name: str, pool: Pool, *, weights: bool = False, **stt: Any) -> EngineContext:
    settings = Settings.model_validate({"stt": {"engine": name, **stt}})
    store = WeightStore(settings.models) if weights else NoWeights()
    return EngineContext(name, settings.stt, settings, pool, store)


def units(text: str) -> list[str]:
    """Hanzi one by one and words of other scripts, without case and punctuation."""
    return re.findall(r"[\u4e00-\u9fff]|[a-z0-9']+", text.lower())


def errors(wanted: str, heard: str) -> int:
    """Fewest insertions, deletions and substitutions of units (Levenshtein 1966)."""
    left, right = units(wanted), units(heard)
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        last, row[0] = row[0], i
        for j, two in enumerate(right, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != two))
    return row[-1]
