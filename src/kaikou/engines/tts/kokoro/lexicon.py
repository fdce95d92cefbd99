"""Pronunciations of English words: misaki's lexicons, inflections of their words, and letters.

The lexicons (``misaki.data``, Apache-2.0) write phonemes as Kokoro learned them: ``A I O W Y`` (US) and
``Q`` (GB) are diphthongs, ``ˈ`` and ``ˌ`` stress the next vowel. ``gold`` is checked by hand, ``silver``
is not. What inflections sound like follows English phonology: -s and -ed agree in voice with the sound
before them and take a vowel after a sibilant, or after t and d.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Literal

from kaikou.engines.tts.kokoro.letters import letter_sounds, to_british

Accent = Literal["us", "gb"]
Part = Literal["NOUN", "VERB", "ADJ", "ADV", "VBD", "VBN", "None"]
"""Part of speech, as far as pronunciation asks for it; ``None`` is "last before a pause"."""

Entry = str | dict[str, str | None]

_SMALL_WORDS = frozenset(
    "a all an and any are as at be but by can did do for get go had has he her him his how if in is its "
    "let me my new no not now of off old on one or our out own see she so than that the them then they "
    "this to too two up use was way we well what when who why will with yes you your stop".split()
)
_LETTER_WORDS = frozenset(
    "ai am it us tv pc id hr pr ip os eq iq un eu uk usa ok pm ui ux ad io vs ar vr er ed".split()
)
_STRESSABLE = re.compile("[AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ]")
_COMPOUND_LEAST = 3


class Lexicon:
    """One accent's words."""

    def __init__(self, accent: Accent) -> None:
        self.british = accent == "gb"
        self._gold: dict[str, Entry] = _read(f"{accent}_gold")
        self._silver: dict[str, Entry] = _read(f"{accent}_silver")
        self._made: dict[str, str] = {}

    def phones(self, word: str, part: Part | None = None) -> str:
        """Phonemes of one word of letters and apostrophes; never empty for at least one letter a-z."""
        found = self._known(word, part)
        if found is None:
            if word not in self._made:
                if len(self._made) > 20_000:
                    self._made.clear()
                self._made[word] = self._guess(word)
            found = self._made[word]
        return found

    def spelled(self, letters: str) -> str:
        """Letters by their names, the last one stressed most."""
        names = [str(self._gold[letter]) for letter in letters.upper() if letter.upper() in self._gold]
        joined = "".join(name.replace("ˈ", "ˌ") for name in names[:-1])
        return joined + (names[-1] if names else "")

    def is_word(self, word: str) -> bool:
        """Known as it is, or as a lower-case word."""
        return word in self._gold or word in self._silver or word.lower() in self._gold

    # -- what the lexicon knows, in any spelling and inflection

    def _known(self, word: str, part: Part | None) -> str | None:
        if (as_letters := self._acronym(word)) is not None:
            return as_letters
        for spelling in dict.fromkeys((word, word.lower(), word.capitalize())):
            entry = self._gold.get(spelling) or self._silver.get(spelling)
            if entry is not None and (sound := _choose(entry, part)) is not None:
                return sound
        return self._inflected(word.lower(), part)

    def _acronym(self, word: str) -> str | None:
        """Names of the letters where capitals mean letters."""
        if len(word) == 1:
            return self._letter(word)
        stem = word[:-2] if word.endswith("'s") else word[:-1] if re.fullmatch("[A-Z]{2,}s", word) else word
        if not (stem.isalpha() and stem.isupper()) or len(stem) > 6:
            return None
        lower = stem.lower()
        if isinstance(self._gold.get(stem), str) and len(stem) > 2:
            return None  # a word written in capitals: NASA
        shouted = lower in _SMALL_WORDS or (len(stem) > 3 and lower in self._gold)
        if shouted and lower not in _LETTER_WORDS:
            return None
        spelled = self.spelled(stem)
        return self._with_s(spelled) if stem != word else spelled

    def _letter(self, letter: str) -> str | None:
        entry = self._gold.get(letter.upper())
        return entry if isinstance(entry, str) and letter not in {"a"} else None

    def _inflected(self, word: str, part: Part | None) -> str | None:
        for ending, stems, join in (
            ("'s", ("",), self._with_s),
            ("s'", ("s", ""), self._plural_owner),
            ("s", ("", "-es", "y-ies"), self._with_s),
            ("ed", ("", "e", "double", "y-ied"), self._with_ed),
            ("ing", ("", "e", "double"), self._with_ing),
            ("in'", ("g",), lambda sound: sound[:-1] + "n"),
            ("ly", ("",), lambda sound: sound + ("li")),
            ("er", ("", "e"), lambda sound: sound + ("ə" if self.british else "əɹ")),
            ("ness", ("",), lambda sound: sound + "nəs"),
            ("less", ("",), lambda sound: sound + "ləs"),
        ):
            if not word.endswith(ending) or len(word) < len(ending) + 2:
                continue
            for change in stems:
                stem = _stem(word, ending, change)
                entry = (
                    (self._gold.get(stem) or self._silver.get(stem) or self._gold.get(stem.capitalize()))
                    if stem
                    else None
                )
                if entry is not None and (sound := _choose(entry, part)):
                    return join(sound)
        return None

    def _plural_owner(self, sound: str) -> str:
        return sound if sound[-1] in "sz" else self._with_s(sound)

    def _with_s(self, sound: str) -> str:
        if sound[-1] in "ptkfθ":
            return f"{sound}s"
        if sound[-1] in "szʃʒʧʤ":
            return f"{sound}{'ɪ' if self.british else 'ᵻ'}z"
        return f"{sound}z"

    def _with_ed(self, sound: str) -> str:
        if sound[-1] in "pkfθʃsʧ":
            return f"{sound}t"
        if sound[-1] not in "td":
            return f"{sound}d"
        return f"{self._flapped(sound)}{'ɪ' if self.british else 'ᵻ'}d"

    def _with_ing(self, sound: str) -> str:
        if self.british and sound[-1] in "əː":
            return f"{sound}ɹɪŋ"
        return f"{self._flapped(sound)}ɪŋ"

    def _flapped(self, sound: str) -> str:
        """A US t between vowels is a tap."""
        if not self.british and sound[-1] == "t" and len(sound) > 1 and sound[-2] in "AIOWYiuæɑəɛɪɹʊʌ":
            return f"{sound[:-1]}ɾ"
        return sound

    # -- what it does not know

    def _guess(self, word: str) -> str:
        parts = re.findall(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z']+|[A-Z]+", word)
        if len(parts) > 1:  # GitHub, iPhone, ChatGPT
            return "".join(self._lighter(self.phones(part), at == 0) for at, part in enumerate(parts))
        lower = re.sub("[^a-z]", "", word.lower())
        if not lower:
            return ""
        if word.lower().endswith("'s") and len(lower) > 2:
            return self._with_s(self.phones(word[:-2]))
        if (compound := self._compound(lower)) is not None:
            return compound
        if not re.search("[aeiouy]", lower):
            return self.spelled(lower)
        sound = letter_sounds().phones(lower) or self.spelled(lower)
        return to_british(sound) if self.british else sound

    def _compound(self, word: str) -> str | None:
        """Two known words in one, the longest first one that fits: smart + watch."""
        for cut in range(len(word) - _COMPOUND_LEAST, _COMPOUND_LEAST - 1, -1):
            first, second = self._gold.get(word[:cut]), self._gold.get(word[cut:])
            if first and second:
                left, right = _choose(first, None), _choose(second, None)
                if left and right:
                    return left + self._lighter(right, False)
        return None

    @staticmethod
    def _lighter(sound: str, first: bool) -> str:
        return sound if first else sound.replace("ˈ", "ˌ")


def stressed(sound: str, mark: str = "ˌ") -> str:
    """``sound`` with ``mark`` before its first vowel where it has no stress at all."""
    if "ˈ" in sound or "ˌ" in sound or not (vowel := _STRESSABLE.search(sound)):
        return sound
    return f"{sound[: vowel.start()]}{mark}{sound[vowel.start() :]}"


@cache
def lexicon(accent: Accent) -> Lexicon:
    """The lexicon of an accent, read once (about 0.2 s and 40 MB)."""
    return Lexicon(accent)


def _read(name: str) -> dict[str, Entry]:
    found: dict[str, Entry] = json.loads((files("misaki.data") / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _choose(entry: Entry, part: Part | None) -> str | None:
    if isinstance(entry, str):
        return entry
    if part in entry:
        return entry[part]
    if part in {"VBD", "VBN"} and "VERB" in entry:
        return entry["VERB"]
    return entry["DEFAULT"]


def _stem(word: str, ending: str, change: str) -> str | None:
    base = word[: -len(ending)]
    match change:
        case "double":
            return base[:-1] if len(base) > 2 and base[-1] == base[-2] else None
        case "-es":
            return base[:-1] if base.endswith("e") else None
        case "y-ies":
            return f"{base[:-2]}y" if base.endswith("ie") else None
        case "y-ied":
            return f"{base[:-1]}y" if base.endswith("i") else None
        case _:
            return base + change
