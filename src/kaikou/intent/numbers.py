"""Whole numbers as people say them, in English and Chinese."""

from __future__ import annotations

import re

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_WORDS = {word: value for value, word in enumerate(_ONES)} | _TENS
_ENGLISH = "|".join((*_TENS, *reversed(_ONES)))
_SHARES = {
    "half": 50,
    "a half": 50,
    "一半": 50,
    "all the way up": 100,
    "all the way down": 0,
    "max": 100,
    "the max": 100,
    "maximum": 100,
    "full": 100,
    "最大": 100,
    "最高": 100,
    "minimum": 0,
    "最小": 0,
    "静音": 0,
}
PATTERN = (
    r"(?:百分之)?(?:\d{1,6}|[零〇一二两三四五六七八九十百千]+"
    rf"|(?:(?:{_ENGLISH}|a|one) hundred(?: and)?(?: (?:{_ENGLISH}))?(?:[ -](?:{_ENGLISH}))?)"
    rf"|(?:{_ENGLISH})(?:[ -](?:{_ENGLISH}))?)(?: ?%| ?percent| per cent)?"
)
"""A number in lower-case words, with what makes it a share of hundred."""
SHARE = rf"(?:{PATTERN}|{'|'.join(sorted(_SHARES, key=len, reverse=True))})"
"""A number, or a word for one of 0 to 100."""


A_LITTLE = re.compile(r"一[点下些会个首]|\b(?:a|one) (?:bit|little)\b")
"""Words that hold a number and count nothing."""


def number(text: str) -> int | None:
    """The number that ``text`` is, such as 30, thirty, 三十, 百分之三十, half; None where it is none."""
    text = text.strip().lower()
    if text in _SHARES:
        return _SHARES[text]
    text = re.sub(r"( ?%| ?percent| per cent)$", "", text.removeprefix("百分之"))
    if text.isascii() and text.isdigit():
        return int(text)
    if text and all(letter in _DIGITS or letter in _UNITS for letter in text):
        return _chinese(text)
    return _english(text)


def _chinese(text: str) -> int:
    if not any(letter in _UNITS for letter in text):
        return int("".join(str(_DIGITS[letter]) for letter in text))
    total, digit = 0, None
    for letter in text:
        if letter in _UNITS:
            total += (1 if digit is None else digit) * _UNITS[letter]
            digit = None
        else:
            digit = _DIGITS[letter]
    return total + (digit or 0)


def _english(text: str) -> int | None:
    total = 0
    for word in re.split(r"[ -]+", text.replace(" and ", " ")):
        if word == "hundred":
            total = max(1, total) * 100
        elif word == "a":
            total += 1
        elif word in _WORDS:
            total += _WORDS[word]
        else:
            return None
    return total
