"""When each word is spoken, for engines that do not tell: estimated from the text and the sound.

The text says how long each word takes at an ordinary pace, and where a speaker may pause; the sound says
how long the speech is and where it pauses. Pauses of the sound are matched with those of the text (a
shortest path over both in order), and between two of them words share the time by their length. While the
sound is still arriving, its pace is that of earlier speech with the same voice.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.engines.ports import Word
from kaikou.engines.tts.text.words import Spoken, spoken_words

# Seconds at an ordinary pace, fitted to what forced alignment found in synthetic speech.
_HANZI = 0.19
_PARTICLE, _PARTICLES = 0.10, frozenset("的了着过吗呢吧啊得地们")
_WORD, _SYLLABLE, _LETTER = -0.05, 0.10, 0.03
_LEAST = 0.07
_LAST = 0.05
"""Seconds by which the last word before a pause is drawn out."""

_HOP = 0.005
_QUIET = 10 ** (-35 / 10)
"""Power, against the loudest 20 ms, below which there is no speech."""
_SHORTEST_PAUSE = 0.08
_NO_PAUSE = 0.15
"""Cost (as seconds of misplacement) of a mark that the speaker passes over."""
_FARTHEST = 0.8
_USUAL = 2.0
"""Seconds of speech that the usual pace counts as, against the pace of this text so far."""
_VOICES = 200

_OTHER = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]|[^\W\d_\u3040-\u30ff\uac00-\ud7af]+|\d+")
_VOWELS = re.compile("[aeiouy]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A written word; ``seconds`` it takes at an ordinary pace; ``pause`` where a mark follows it."""

    text: str
    span: tuple[int, int]
    seconds: float
    pause: bool = False


def units(text: str, language: str | None = None) -> list[Unit]:
    """The words of ``text`` as written; hanzi and kana one by one."""
    found: list[Unit] = []
    for word in spoken_words(text, language):
        if word.language == "mark":
            if found and not found[-1].pause:
                found[-1] = replace(found[-1], seconds=found[-1].seconds + _LAST, pause=True)
        elif word.language == "zh" and text[word.start : word.end] == word.text:
            found += [
                Unit(hanzi, (at, at + 1), _spoken_seconds(hanzi))
                for at, hanzi in enumerate(word.text, word.start)
            ]
        else:
            found.append(Unit(text[word.start : word.end], (word.start, word.end), _length(word)))
    if not found:  # a script that our own rules do not read
        found = [
            Unit(word.group(), word.span(), _other_seconds(word.group())) for word in _OTHER.finditer(text)
        ]
    if found and not found[-1].pause:
        found[-1] = replace(found[-1], seconds=found[-1].seconds + _LAST, pause=True)
    return found


def _length(word: Spoken) -> float:
    if word.language == "zh":
        return sum(map(_spoken_seconds, word.text))
    return sum(map(_english_seconds, re.findall(r"[^\W_]+", word.text.replace("'", "")))) or _SYLLABLE


def _spoken_seconds(hanzi: str) -> float:
    return _PARTICLE if hanzi in _PARTICLES else _HANZI


def _english_seconds(word: str) -> float:
    plain = word.lower()
    syllables = len(_VOWELS.findall(re.sub("(?<=[a-z][^aeiouyl])e$|(?<=[^td])ed$", "", plain)))
    if word.isupper() and len(word) > 1:
        syllables = len(word)  # spelled out
    return max(_LEAST, _WORD + _SYLLABLE * max(1, syllables) + _LETTER * len(plain))


def _other_seconds(word: str) -> float:
    return _HANZI if len(word) == 1 else _english_seconds(word)


class Paces:
    """Seconds of speech per second of :class:`Unit`, of each voice that was heard."""

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, float] = OrderedDict()

    def of(self, voice: Hashable) -> float:
        return self._known.get(voice, 1.0)

    def learn(self, voice: Hashable, pace: float) -> None:
        """Speech of ``voice`` had this pace; what was known before counts as much."""
        before = self._known.get(voice, pace)
        self._known[voice] = min(max((before + pace) / 2, 0.3), 3.0)
        self._known.move_to_end(voice)
        while len(self._known) > _VOICES:
            self._known.popitem(last=False)


class WordTimer:
    """Times of the words ``said``, while their sound arrives. ``pace`` is the voice's (see ``Paces``)."""

    def __init__(self, said: Sequence[Unit], pace: float = 1.0) -> None:
        self._units = said
        self._pace = pace
        self._power: list[float] = []
        self._rest: Samples = np.zeros(0, np.float32)
        self._whole = False
        self._words: tuple[Word, ...] | None = None

    def hear(self, pcm: Pcm) -> None:
        """More of the sound."""
        hop = max(1, round(_HOP * pcm.rate))
        samples = np.concatenate((self._rest, pcm.samples))
        count = len(samples) // hop
        self._rest = samples[count * hop :]
        self._power += np.square(samples[: count * hop].reshape(count, hop)).mean(axis=1).tolist()
        self._words = None

    def finish(self) -> float | None:
        """That was all. Gives the pace; None where nothing was said."""
        self._whole, self._words = True, None
        runs = _runs(self._power)
        total = sum(unit.seconds for unit in self._units)
        return sum(end - start for start, end in runs) / total if runs and total else None

    @property
    def words(self) -> tuple[Word, ...]:
        """All words, with times in seconds from the first sound given, as far as is known by now."""
        if self._words is None:
            heard = None if self._whole else len(self._power) * _HOP
            self._words = tuple(_placed(self._units, _runs(self._power), heard, self._pace))
        return self._words


def estimated(said: Sequence[Unit], pcm: Pcm) -> tuple[Word, ...]:
    """The words ``said`` with their times in ``pcm``, which speaks all of them."""
    timer = WordTimer(said)
    timer.hear(pcm)
    timer.finish()
    return timer.words


def _runs(power: Sequence[float]) -> list[tuple[float, float]]:
    """[start, end) seconds of speech between pauses."""
    if not power:
        return []
    smooth = np.convolve(np.asarray(power), np.full(4, 0.25), mode="same")
    loud = np.flatnonzero(smooth > max(float(smooth.max()) * _QUIET, 1e-9))
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) * _HOP >= _SHORTEST_PAUSE)
    firsts = [int(loud[0]), *(int(loud[at + 1]) for at in breaks)]
    lasts = [*(int(loud[at]) for at in breaks), int(loud[-1])]
    return [(first * _HOP, (last + 1) * _HOP) for first, last in zip(firsts, lasts, strict=True)]


def _placed(
    said: Sequence[Unit], runs: Sequence[tuple[float, float]], heard: float | None, pace: float
) -> list[Word]:
    """``heard`` seconds of sound are there; None if that is all."""
    if not said or not runs:
        return []
    # Positions in seconds of speech, pauses left out: of each run's end, of each word by its length.
    spoken = np.cumsum([0.0, *(end - start for start, end in runs)])
    lengths = np.cumsum([0.0, *(unit.seconds for unit in said)])
    total = float(spoken[-1]) if heard is None else max(pace * float(lengths[-1]), float(spoken[-1]))
    expected = lengths * (total / lengths[-1])
    marks = [at for at, unit in enumerate(said[:-1], 1) if unit.pause]
    pairs = _matched([float(expected[mark]) for mark in marks], [float(at) for at in spoken[1:-1]])
    known = [(0.0, 0.0), *((float(expected[marks[mark]]), float(spoken[gap + 1])) for mark, gap in pairs)]
    if heard is None:
        known.append((total, total))
    else:
        at, found = known[-1]
        known.append((total, found + (total - at) * (found + _USUAL) / (at + _USUAL)))
    places = np.interp(expected, [one for one, _ in known], [one for _, one in known])
    starts = [run[0] for run in runs]

    def time(place: float, side: str) -> float:
        if heard is not None and place > spoken[-1]:
            return heard + place - float(spoken[-1])  # not before what was silent up to now
        run = int(np.searchsorted(spoken[1:-1], place + (1e-6 if side == "start" else -1e-6)))
        return starts[run] + place - float(spoken[run])

    return [
        Word(
            unit.text, time(float(places[at]), "start"), time(float(places[at + 1]), "end"),
            measured=False, span=unit.span,
        )
        for at, unit in enumerate(said)
    ]  # fmt: skip


def _matched(marks: Sequence[float], gaps: Sequence[float]) -> list[tuple[int, int]]:
    """Pairs (mark, gap) in order with the least misplacement, where a mark or a gap may stay alone."""
    cost = np.full((len(marks) + 1, len(gaps) + 1), np.inf)
    cost[0, 0] = 0.0
    for mark in range(len(marks) + 1):
        for gap in range(len(gaps) + 1):
            if mark:
                cost[mark, gap] = min(cost[mark, gap], cost[mark - 1, gap] + _NO_PAUSE)
            if gap:
                cost[mark, gap] = min(cost[mark, gap], cost[mark, gap - 1] + _NO_PAUSE)
            if mark and gap and (apart := abs(marks[mark - 1] - gaps[gap - 1])) < _FARTHEST:
                cost[mark, gap] = min(cost[mark, gap], cost[mark - 1, gap - 1] + apart)
    pairs: list[tuple[int, int]] = []
    mark, gap = len(marks), len(gaps)
    while mark and gap:
        apart = abs(marks[mark - 1] - gaps[gap - 1])
        if apart < _FARTHEST and cost[mark, gap] == cost[mark - 1, gap - 1] + apart:
            mark, gap = mark - 1, gap - 1
            pairs.append((mark, gap))
        elif cost[mark, gap] == cost[mark - 1, gap] + _NO_PAUSE:
            mark -= 1
        else:
            gap -= 1
    return pairs[::-1]
