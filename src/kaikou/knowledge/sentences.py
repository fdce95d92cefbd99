"""Where sentences end, in Chinese and in languages with spaces."""

from __future__ import annotations

import re

_END = re.compile(
    r"[。！？…；]+[”’」』）)\"']*"
    r"|[.!?]+[”’\"')\]]*(?=\s)"
    r"|\n+"
)
_NO_END = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|vs|fig|etc|e\.g|i\.e|cf|approx|vol|pp|ca)|\b[A-Z])\.$", re.IGNORECASE
)
_INITIAL = re.compile(r"\b[A-Z]\.$")


def sentences(text: str) -> list[tuple[int, int]]:
    """[start, end) of each sentence; spaces between belong to none."""
    found = []
    start = 0
    for match in _END.finditer(text):
        piece = text[start : match.end()]
        if match[0].startswith(".") and (_INITIAL.search(piece) or _abbreviated(piece)):
            continue
        found.append(_trimmed(text, start, match.end()))
        start = match.end()
    found.append(_trimmed(text, start, len(text)))
    return [span for span in found if span[0] < span[1]]


def _abbreviated(piece: str) -> bool:
    return bool(_NO_END.search(piece)) and not re.search(r"\b[a-z]\.$", piece)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
