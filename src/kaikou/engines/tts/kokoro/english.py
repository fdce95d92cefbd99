"""English words in context to the phonemes that Kokoro was trained on.

Words whose sound depends on their neighbours (the, a, to, used to) and words written alike but spoken
differently (a record, to record) are settled by the word before and the word after: a light rule that is
right mostly, not always.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from kaikou.engines.tts.kokoro.lexicon import Lexicon, Part, stressed
from kaikou.engines.tts.text.numbers import code

_VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌɐᵻᵊ")
_VERB_BEFORE = frozenset(
    "to will would can could should shall may might must do does did don't doesn't didn't won't "
    "wouldn't can't couldn't shouldn't let's i you we they who please not never always often also 'll "
    "i'll you'll we'll they'll".split()
)
_NOUN_BEFORE = frozenset(
    "the a an my your his her its our their this that these those some any no each every another of on "
    "in for with by new old good great own first last next live".split()
)
_PERFECT = frozenset(
    "have has had haven't hasn't hadn't i've you've we've they've be been being was were is are".split()
)
_PAST = frozenset("yesterday ago last then already just".split())
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?|\d+|[-&]")


def phonemes(words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Phonemes of each of ``words`` in a row; an empty string stands for a pause between them.

    An item may hold several words ("twenty four"); its phonemes then hold spaces.
    """
    flat: list[tuple[int, str]] = []
    for index, item in enumerate(words):
        if not item:
            flat.append((index, ""))
        flat.extend((index, part) for part in _parts(item))
    sounds = [""] * len(flat)
    for at in range(len(flat) - 1, -1, -1):  # backwards: a word's sound may depend on the next one's
        after = sounds[at + 1] if at + 1 < len(flat) else ""
        sounds[at] = _sound(flat, at, after, lexicon)
    result: list[list[str]] = [[] for _ in words]
    for (index, _), sound in zip(flat, sounds, strict=True):
        if sound:
            result[index].append(sound)
    return [" ".join(parts) for parts in result]


def _parts(item: str) -> list[str]:
    """Single words of an item; digits inside names are said as numbers."""
    folded = unicodedata.normalize("NFKD", item.replace("ß", "ss").replace("ø", "o").replace("æ", "ae"))
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    found: list[str] = []
    for part in _WORD.findall(plain):
        if part.isdecimal():
            found.extend(code(part).split())
        elif part == "&":
            found.append("and")
        elif part != "-":
            found.append(part)
    return found


def _sound(flat: Sequence[tuple[int, str]], at: int, after: str, lexicon: Lexicon) -> str:
    word = flat[at][1]
    if not word:
        return ""
    lower = word.lower()
    before = flat[at - 1][1].lower() if at else ""
    following = flat[at + 1][1].lower() if at + 1 < len(flat) else ""
    vowel = after.lstrip("ˈˌ")[:1] in _VOWELS if after else None
    match lower:
        case "a" if word == "a" or (
            vowel is not None and before not in {"vitamin", "plan", "class", "hepatitis"}
        ):
            return "ɐ" if vowel is not None else "ˈA"
        case "an" if vowel is not None:
            return "ɐn"
        case "the":
            return "ði" if vowel else "ðə"
        case "to" if vowel is not None:
            return "tʊ" if vowel else "tə"
        case "i":
            return "ˌI"
        case "used" if following == "to":
            return lexicon.phones("used", "VBD")
    sound = lexicon.phones(word, _part(lower, before, following, after))
    if word[:1].isupper() and at and len(word) > 1:
        return stressed(sound)
    return sound


def _part(word: str, before: str, following: str, after: str) -> Part | None:
    if word in {"read", "reread"}:
        return "VBN" if before in _PERFECT or following in _PAST else None
    if word in {"live", "lives"}:
        # A live show, they live here: an article or preposition says which.
        return (
            "VERB"
            if before in _VERB_BEFORE or following in {"in", "at", "on", "with", "here", "there", "by"}
            else None
        )
    if before in _VERB_BEFORE:
        return "VERB"
    if before in _NOUN_BEFORE:
        return "NOUN"
    return None if after else "None"
