"""Mandarin to the phonemes that Kokoro was trained on, through misaki's tables."""

from __future__ import annotations

import logging
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

import jieba
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

# jieba greets on its logger whenever it reads its dictionary.
jieba.setLogLevel(logging.WARNING)

_COUNTER = re.compile("(?<=[一二三四五六七八九十百千万两几多])只(?![有是能要好会想不])")
"""只 behind a number counts (first tone); elsewhere it means "only" (third), which is what the
dictionary takes it for."""
_COUNTER_PINYIN = "zhi1"

_NON_SYLLABIC = chr(815)


@dataclass(frozen=True, slots=True)
class Segment:
    """A word of a run of hanzi: characters [start, end) of the run, and its phonemes."""

    start: int
    end: int
    phonemes: str


def load() -> None:
    """Read jieba's dictionary now rather than at the first sentence."""
    jieba.initialize()


def segments(run: str) -> Sequence[Segment]:
    """The words of ``run`` (hanzi, and ``，`` for a pause) with their phonemes."""
    counters = {match.start() for match in _COUNTER.finditer(run)}
    found: list[Segment] = []
    at = 0
    for word in jieba.lcut(run, cut_all=False):
        end = at + len(word)
        found.append(Segment(at, end, "," if word == "，" else _phonemes(word, at, counters)))
        at = end
    return found


def _phonemes(word: str, at: int, counters: Container[int]) -> str:
    syllables = lazy_pinyin(
        word, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True, errors="ignore"
    )
    if len(syllables) == len(word):  # else a character is unknown and places do not match
        syllables = [
            _COUNTER_PINYIN if place in counters else syllable for place, syllable in enumerate(syllables, at)
        ]
    return "".join(_syllable(syllable) for syllable in syllables)


def _syllable(pinyin: str) -> str:
    return str(ZHG2P.py2ipa(pinyin)).replace(_NON_SYLLABIC, "")
