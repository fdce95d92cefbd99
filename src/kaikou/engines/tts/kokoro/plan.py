"""From a text to pieces of phonemes that Kokoro can speak in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaikou.engines.tts.kokoro import english, mandarin
from kaikou.engines.tts.kokoro.lexicon import Accent, lexicon
from kaikou.engines.tts.text.words import Spoken, spoken_words

MOST_PHONEMES = 400
"""In one piece. The model takes 510 tokens, but hurries and mumbles long before that."""
FEWEST_PHONEMES = 8
"""A shorter sentence is spoken together with the next one: alone, the model makes it odd."""

_ENDS = frozenset(".!?…")
_PAUSES = frozenset(",;:—()")


@dataclass(frozen=True, slots=True)
class Part:
    """A written word with its phonemes; ``mark`` where it is a pause."""

    phonemes: str
    start: int
    end: int
    mark: bool = False


@dataclass(frozen=True, slots=True)
class PieceWord:
    """A written word of a piece: ``span`` [start, end) of the original text, and [first, end) its
    phonemes in the piece's."""

    text: str
    span: tuple[int, int]
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What is synthesised in one go.

    ``phonemes`` the model's alphabet; ``words`` in order; ``span`` [start, end) of the original text.
    """

    phonemes: str
    words: tuple[PieceWord, ...]
    span: tuple[int, int]


def plan(text: str, accent: Accent, language: str | None = None) -> list[Piece]:
    """The pieces of ``text`` in order: sentences, long ones cut at pauses or between words. Text
    with nothing to say gives none."""
    parts = list(_parts(text, spoken_words(text, language), accent))
    if all(part.mark for part in parts):
        return []
    groups = [group for sentence in _sentences(parts) for group in _bounded(sentence)]
    pieces = [_piece(text, group) for group in groups if any(not part.mark for part in group)]
    return _with_whole_text(pieces, len(text))


def _parts(text: str, words: Sequence[Spoken], accent: Accent) -> Iterator[Part]:
    at = 0
    while at < len(words):
        run = at
        while run < len(words) and words[run].language == words[at].language:
            run += 1
        match words[at].language:
            case "mark":
                for word in words[at:run]:
                    yield Part(word.text, word.start, word.end, mark=True)
            case "zh":
                yield from _mandarin(text, words[at:run])
            case "en":
                # English looks beyond a pause: what comes after decides how "the" sounds.
                said = english.phonemes([*(word.text for word in words[at:run]), ""], lexicon(accent))
                for word, sound in zip(words[at:run], said, strict=False):
                    if sound:
                        yield Part(sound, word.start, word.end)
        at = run


def _mandarin(text: str, words: Sequence[Spoken]) -> Iterator[Part]:
    """Words as jieba cuts them over written hanzi and spelled-out numbers together (so that 5只 is
    read like 五只); those of one spelled-out number are one part again."""
    places: list[tuple[int, int]] = []
    for word in words:
        if text[word.start : word.end] == word.text:
            places.extend((at, at + 1) for at in range(word.start, word.end))
        else:
            places.extend((word.start, word.end) for _ in word.text)
    open_part: Part | None = None
    for segment in mandarin.segments("".join(word.text for word in words)):
        start, end = places[segment.start][0], places[segment.end - 1][1]
        if open_part is not None and start < open_part.end:
            joined = f"{open_part.phonemes}{'' if segment.phonemes == ',' else ' '}{segment.phonemes}"
            open_part = Part(joined.strip(), open_part.start, max(end, open_part.end))
            continue
        if open_part is not None:
            yield open_part
        open_part = Part(segment.phonemes, start, end)
    if open_part is not None:
        yield open_part


def _sentences(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Sentences; one too short to stand alone goes with the next."""
    current: list[Part] = []
    for part in parts:
        current.append(part)
        if part.mark and part.phonemes in _ENDS and _length(current) >= FEWEST_PHONEMES:
            yield current
            current = []
    if current:
        yield current


def _bounded(parts: list[Part]) -> Iterator[list[Part]]:
    """``parts`` cut into even pieces within the model's limit, at pauses where there are any."""
    while (total := _length(parts)) > MOST_PHONEMES:
        target = total / -(-total // MOST_PHONEMES)
        best, least = 1, float("inf")
        length = 0
        for at, part in enumerate(parts[:-1], 1):
            length += len(part.phonemes) + 1
            if length > MOST_PHONEMES:
                break
            cost = abs(length - target) * (1.0 if part.mark and part.phonemes in _PAUSES else 3.0)
            if cost < least:
                best, least = at, cost
        if len(parts[0].phonemes) > MOST_PHONEMES:
            yield from _halved(parts[0])
            parts = parts[1:]
        else:
            yield parts[:best]
            parts = parts[best:]
    if parts:
        yield parts


def _halved(part: Part) -> Iterator[list[Part]]:
    """A single "word" beyond the limit (a number of a thousand digits) in pieces."""
    for at in range(0, len(part.phonemes), MOST_PHONEMES):
        yield [Part(part.phonemes[at : at + MOST_PHONEMES], part.start, part.end)]


def _length(parts: Sequence[Part]) -> int:
    return sum(len(part.phonemes) + 1 for part in parts)


def _piece(text: str, parts: Sequence[Part]) -> Piece:
    phonemes = ""
    words: list[PieceWord] = []
    for part in parts:
        if phonemes and not (part.mark and part.phonemes != "(") and not phonemes.endswith("("):
            phonemes += " "
        first = len(phonemes)
        phonemes += part.phonemes
        if not part.mark and part.phonemes:
            span = part.start, part.end
            words.append(PieceWord(text[part.start : part.end], span, first, len(phonemes)))
    if not parts[-1].mark or phonemes[-1] in "(—":
        # Without any mark the model may swallow the last sound; a comma leaves it open whether the
        # sentence goes on.
        phonemes += ","
    return Piece(phonemes, tuple(words), (parts[0].start, parts[-1].end))


def _with_whole_text(pieces: list[Piece], length: int) -> list[Piece]:
    """Spans that touch: what is not spoken between two pieces belongs to the first."""
    edges = [0, *(piece.span[0] for piece in pieces[1:]), length]
    return [Piece(piece.phonemes, piece.words, (edges[at], edges[at + 1])) for at, piece in enumerate(pieces)]
