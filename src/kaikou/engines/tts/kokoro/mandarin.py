"""Mandarin to the phonemes that Kokoro was trained on, through misaki's tables."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import jieba
from misaki.zh import ZHG2P
from pypinyin import Style, lazy_pinyin

# jieba greets on its logger whenever it reads its dictionary.
jieba.setLogLevel(logging.WARNING)

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
    found: list[Segment] = []
    at = 0
    for word in jieba.lcut(run, cut_all=False):
        end = at + len(word)
        found.append(Segment(at, end, "," if word == "，" else _phonemes(word)))
        at = end
    return found


def _phonemes(word: str) -> str:
    syllables = lazy_pinyin(
        word, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=True, errors="ignore"
    )
    return "".join(_syllable(syllable) for syllable in syllables)


def _syllable(pinyin: str) -> str:
    return str(ZHG2P.py2ipa(pinyin)).replace(_NON_SYLLABIC, "")
