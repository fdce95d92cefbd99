"""Sounds of words that no lexicon knows, from their letters.

``letter_sounds.json.gz`` is learned by ``scripts/train_letter_sounds.py``: what a letter sounds like
between the letters around it. The longest context with a rule decides.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

CONTEXTS = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4))
"""Letters looked at (before, after), shortest first. A word's edges count as letters."""

_VOWEL = re.compile("[AIOWYiuæɑəɛɜɪɔʊʌᵊᵻ]")


def context(word: str, at: int, size: int) -> str:
    """The letter at ``at`` with the letters around it that ``CONTEXTS[size]`` looks at, as a key."""
    before, after = CONTEXTS[size]
    padded = f"    {word}    "
    middle = at + 4
    return f"{padded[middle - before : middle]}<{padded[middle]}>{padded[middle + 1 : middle + 1 + after]}"


class LetterSounds:
    """Rules by context key."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        self._rules = rules

    def look_up(self, key: str, size: int) -> str:
        """What the rules say for ``key`` cut down to contexts of at most ``size``."""
        before, letter, after = key[: key.index("<")], key[key.index("<") + 1], key[key.index(">") + 1 :]
        while size >= 0:
            left, right = CONTEXTS[size]
            shorter = f"{before[len(before) - left :]}<{letter}>{after[:right]}"
            if shorter in self._rules:
                return self._rules[shorter]
            size -= 1
        return ""

    def phones(self, word: str) -> str:
        """US phones of a lower-case word of letters a-z, with exactly one main stress."""
        longest = len(CONTEXTS) - 1
        return _one_stress(
            "".join(self.look_up(context(word, at, longest), longest) for at in range(len(word)))
        )


def _one_stress(phones: str) -> str:
    first = phones.find("ˈ")
    if first >= 0:
        return phones[: first + 1] + phones[first + 1 :].replace("ˈ", "ˌ")
    if "ˌ" in phones:
        return phones.replace("ˌ", "ˈ", 1)
    vowel = _VOWEL.search(phones)
    return phones if vowel is None else f"{phones[: vowel.start()]}ˈ{phones[vowel.start() :]}"


@cache
def letter_sounds() -> LetterSounds:
    """The rules shipped with the engine; read once."""
    packed = files(__package__).joinpath("letter_sounds.json.gz").read_bytes()
    return LetterSounds(json.loads(gzip.decompress(packed)))


_BRITISH = (
    ("ɜɹ", "ɜː"), ("ɔɹ", "ɔː"), ("ɑɹ", "ɑː"), ("ɛɹ", "ɛː"), ("ɪɹ", "ɪə"), ("ʊɹ", "ʊə"), ("əɹ", "ə"),
)  # fmt: skip
_BRITISH_SINGLE = str.maketrans({"æ": "a", "O": "Q", "ɑ": "ɒ", "ɾ": "t", "ᵻ": "ɪ", "i": "iː", "u": "uː"})


def to_british(phones: str) -> str:
    """US phones as a British voice says them: no r before consonants, long vowels, a short o."""
    for american, british in _BRITISH:
        phones = re.sub(f"{american}(?![AIOWYiuæɑəɛɜɪɔʊʌᵊᵻˈˌ])", british, phones)
    phones = re.sub("i$", "I#", phones)  # the happy vowel stays short
    return re.sub("ɒː", "ɑː", phones.translate(_BRITISH_SINGLE)).replace("I#", "i")
