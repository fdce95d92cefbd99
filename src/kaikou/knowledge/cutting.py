"""A document as passages: by its headings first, then at sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise, takewhile

from kaikou.documents.document import Document
from kaikou.knowledge.sentences import sentences

_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_OVERLAP = 4
"""A sentence of at most this part of a passage is said again at the beginning of the next."""
_TINY = 30
_SHORT = 6
"""Sections below this part of a passage go together with what follows."""


@dataclass(frozen=True, slots=True)
class Cut:
    """``document.text[start:end]``; the headings above it, outermost first; its page."""

    start: int
    end: int
    headings: tuple[str, ...]
    page: int | None


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    weight: int
    page: int | None


def weight(text: str) -> int:
    """Length in letters; a Chinese, Japanese or Korean character says as much as three."""
    return len(text) + 2 * len(_WIDE.findall(text))


def passages(document: Document, size: int) -> list[Cut]:
    """Passages of at most ``size`` (``weight``), in order. One never runs over a heading, unless its
    section is very short; a sentence that is longer by itself is cut at a comma or a space."""
    found: list[Cut] = []
    for headings, pieces in _joined(document, size):
        found += _packed(headings, pieces, size)
    return found


def windows(text: str) -> list[str]:
    """A passage by every two sentences that follow one another; very short ones count with the next."""
    spans: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if spans and weight(text[spans[-1][0] : spans[-1][1]]) < _TINY:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    pairs = [(one[0], two[1]) for one, two in pairwise(spans)] or spans
    return [text[start:end] for start, end in pairs] or [text]


def _sections(document: Document, size: int) -> Iterator[tuple[tuple[str, ...], list[_Piece]]]:
    """Running text by section, each with the headings above it."""
    path: list[tuple[int, str]] = []
    held: list[_Piece] = []
    for block in document.blocks:
        if block.kind == "heading":
            if held:
                yield tuple(name for _, name in path), held
                held = []
            path = [one for one in path if one[0] < block.level]
            path.append((block.level, " ".join(document.of(block).split())[:200]))
            continue
        for start, end in sentences(document.of(block)):
            held += _bounded(document.text, block.start + start, block.start + end, size, block.page)
    if held:
        yield tuple(name for _, name in path), held


def _joined(document: Document, size: int) -> Iterator[tuple[tuple[str, ...], list[_Piece]]]:
    """Sections; a very short one is put with the next of the same parent, whose heading both then have."""
    before: tuple[tuple[str, ...], list[_Piece]] | None = None
    for headings, pieces in _sections(document, size):
        if before is not None:
            together = sum(piece.weight for piece in (*before[1], *pieces))
            short = sum(piece.weight for piece in before[1]) * _SHORT < size
            if short and together <= size and before[0][:-1] == headings[:-1]:
                names = " / ".join((*before[0][-1:], *headings[-1:]))[:200]
                before = ((*headings[:-1], names) if headings else (), [*before[1], *pieces])
                continue
            yield before
        before = (headings, pieces)
    if before is not None:
        yield before


def _packed(headings: tuple[str, ...], pieces: list[_Piece], size: int) -> Iterator[Cut]:
    """Sentences filled into passages of about the same length."""
    total = sum(piece.weight for piece in pieces)
    count = -(-total // size)
    aim = min(size, total // count + size // 8)
    held: list[_Piece] = []
    for piece in pieces:
        if held and sum(one.weight for one in held) + piece.weight > aim:
            yield _cut(headings, held)
            last = held[-1]
            held = [last] if last.weight * _OVERLAP <= size and last.weight + piece.weight <= aim else []
        held.append(piece)
    if held:
        yield _cut(headings, held)


def _cut(headings: tuple[str, ...], held: list[_Piece]) -> Cut:
    return Cut(held[0].start, held[-1].end, headings, held[0].page)


def _bounded(text: str, start: int, end: int, size: int, page: int | None) -> Iterator[_Piece]:
    """One sentence as pieces of at most ``size``."""
    while start < end:
        stop = end
        if weight(text[start:end]) > size:
            stop = start + _fitting(text[start:end], size)
        yield _Piece(start, stop, weight(text[start:stop]), page)
        start = stop


def _fitting(text: str, size: int) -> int:
    """How many characters of ``text`` weigh at most ``size``, up to the last comma or space among them."""
    weights = accumulate(3 if _WIDE.match(character) else 1 for character in text)
    count = sum(1 for _ in takewhile(lambda total: total <= size, weights))
    head = text[:count]
    for marks in ("，、,;:：", " \n"):
        at = max(head.rfind(mark) for mark in marks)
        if at > count // 2:
            return at + 1
    return max(1, count)
