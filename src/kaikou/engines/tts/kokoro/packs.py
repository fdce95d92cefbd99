"""Kokoro's voices: the 54 packs, and blends of them.

A pack holds one style vector for each length of input: float32 [510, 1, 256]. A weighted mean of packs
is again a voice. Ids: a pack's name (``af_heart``), or names joined by ``+`` with weights after ``:``
(``zf_xiaobei:0.6+af_heart:0.4``; without a weight 1; weights are scaled to sum 1).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kaikou.engines.ports import Voice
from kaikou.engines.tts.kokoro.lexicon import Accent
from kaikou.errors import InvalidInput, ModelUnavailable

MOST_PARTS = 8
_SHAPE = (510, 1, 256)
_PART = re.compile(r"(?P<name>[a-z]{2}_[a-z]+)(?::(?P<weight>\d+(?:\.\d+)?))?")

Gender = Literal["female", "male"]

PACKS: dict[str, tuple[str, ...]] = {
    "af": ("alloy", "aoede", "bella", "heart", "jessica", "kore", "nicole", "nova", "river", "sarah", "sky"),
    "am": ("adam", "echo", "eric", "fenrir", "liam", "michael", "onyx", "puck", "santa"),
    "bf": ("alice", "emma", "isabella", "lily"),
    "bm": ("daniel", "fable", "george", "lewis"),
    "zf": ("xiaobei", "xiaoni", "xiaoxiao", "xiaoyi"),
    "zm": ("yunjian", "yunxi", "yunxia", "yunyang"),
    "ef": ("dora",),
    "em": ("alex", "santa"),
    "ff": ("siwis",),
    "hf": ("alpha", "beta"),
    "hm": ("omega", "psi"),
    "if": ("sara",),
    "im": ("nicola",),
    "jf": ("alpha", "gongitsune", "nezumi", "tebukuro"),
    "jm": ("kumo",),
    "pf": ("dora",),
    "pm": ("alex", "santa"),
}
_ORIGINS = {
    "a": "American English", "b": "British English", "z": "Mandarin", "e": "Spanish", "f": "French",
    "h": "Hindi",
    "i": "Italian", "j": "Japanese", "p": "Portuguese",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Blend:
    """A voice as parts with weights that sum to 1, heaviest first (so that equal blends are equal)."""

    parts: tuple[tuple[str, float], ...]

    @property
    def id(self) -> str:
        """The canonical id: a bare name for one pack."""
        if len(self.parts) == 1:
            return self.parts[0][0]
        return "+".join(f"{name}:{weight:g}" for name, weight in self.parts)

    @property
    def speaks_mandarin(self) -> bool:
        """At least half of it comes from Mandarin packs: others garble the tones."""
        return sum(weight for name, weight in self.parts if name.startswith("z")) >= 0.5 - 1e-6

    @property
    def accent(self) -> Accent:
        """Of its English: that of the heaviest part."""
        return "gb" if self.parts[0][0].startswith("b") else "us"

    @property
    def gender(self) -> Gender:
        """Of the heavier half."""
        female = sum(weight for name, weight in self.parts if name[1] == "f")
        return "female" if female >= 0.5 - 1e-6 else "male"


def names() -> tuple[str, ...]:
    """All packs."""
    return tuple(f"{prefix}_{name}" for prefix, members in PACKS.items() for name in members)


_NAMES = frozenset(names())


def parse(voice: str) -> Blend:
    """The blend an id names. InvalidInput ``unknown_voice``."""
    weights: dict[str, float] = {}
    for text in re.split(r"\s*\+\s*", voice.strip()):
        match = _PART.fullmatch(text)
        if match is None or match["name"] not in _NAMES:
            raise _unknown(text or voice)
        weight = float(match["weight"] or 1.0)
        weights[match["name"]] = weights.get(match["name"], 0.0) + weight
    return blend(weights)


def blend(weights: Mapping[str, float]) -> Blend:
    """The blend of weights by name. InvalidInput ``unknown_voice``."""
    for name in weights:
        if name not in _NAMES:
            raise _unknown(name)
    total = math.fsum(weights.values())  # exact, hence the same in any order
    kept = {name: weight for name, weight in weights.items() if weight > 0}
    if not 0 < len(kept) <= MOST_PARTS or not np.isfinite(total) or min(weights.values()) < 0:
        raise InvalidInput(
            f"A blend takes 1 to {MOST_PARTS} voices with weights above 0.",
            code="unknown_voice",
            param="voice",
        )
    shares = [(name, round(weight / total, 4)) for name, weight in kept.items()]
    return Blend(tuple(sorted(shares, key=lambda part: (-part[1], part[0]))))


def blended_voice(blend: Blend) -> Voice:
    """A blend as a voice to show."""
    if blend.speaks_mandarin:
        languages: tuple[str, ...] = ("zh", "en")
    else:
        languages = ("en-GB",) if blend.accent == "gb" else ("en-US",)
    title = " + ".join(name.partition("_")[2].capitalize() for name, _ in blend.parts)
    return Voice(blend.id, title, languages, blend.gender, f"A blend of {blend.id}.")


def catalogue() -> Sequence[Voice]:
    """All packs as voices, with the languages they can speak here."""
    return tuple(_voice(prefix, name) for prefix, members in PACKS.items() for name in members)


def _voice(prefix: str, name: str) -> Voice:
    origin = _ORIGINS[prefix[0]]
    gender: Gender = "female" if prefix[1] == "f" else "male"
    languages, note = {
        "a": (("en-US",), ""),
        "b": (("en-GB",), ""),
        "z": (("zh", "en"), " Mixes Mandarin and English in one sentence."),
    }.get(prefix[0], (("en",), f" A {origin} timbre that speaks English."))
    return Voice(f"{prefix}_{name}", name.capitalize(), languages, gender, f"{origin}, {gender}.{note}")


class Packs:
    """The style vectors in a folder of ``<name>.bin`` files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blended = lru_cache(maxsize=64)(self._blend)

    def styles(self, blend: Blend) -> NDArray[np.float32]:
        """[510, 1, 256]: one style for each number of phonemes. Blocking (reads files)."""
        return self._blended(blend)

    def _blend(self, blend: Blend) -> NDArray[np.float32]:
        mixed = np.zeros(_SHAPE, np.float32)
        for name, weight in blend.parts:
            mixed += np.float32(weight) * self._read(name)
        return mixed

    def _read(self, name: str) -> NDArray[np.float32]:
        try:
            return np.fromfile(self._folder / f"{name}.bin", "<f4").reshape(_SHAPE)
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The voice file {name}.bin is missing or damaged.",
                hint="Run `kaikou models pull kokoro-82m`.",
            ) from error


def _unknown(name: str) -> InvalidInput:
    return InvalidInput(
        f"There is no voice {name[:60]!r}.",
        code="unknown_voice",
        hint="`kaikou voices` lists them; join names with + for a blend, e.g. af_heart:0.6+am_adam:0.4.",
        param="voice",
    )
