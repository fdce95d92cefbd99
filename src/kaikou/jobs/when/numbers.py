"""Small numbers in Chinese and English words."""

from __future__ import annotations

import re

_CHINESE = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2, "俩": 2}
_CHINESE_UNITS = {"十": 10, "百": 100}
CHINESE = r"(?:\d{1,4}|[零〇一二两兩三四五六七八九十百]{1,7})"

_ENGLISH = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
        "sixteen seventeen eighteen nineteen".split()
    )
} | {"a": 1, "an": 1}
_TENS = {
    word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_UNITS = [word for word in _ENGLISH if word not in {"a", "an", "zero"}]
WORDS = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(sorted(_UNITS, key=len, reverse=True))}))?"
    rf"|{'|'.join(sorted(_UNITS, key=len, reverse=True))})"
)
ENGLISH = rf"(?:\d{{1,4}}|{WORDS})"

_ORDINALS = {
    word: number
    for number, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
        "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {f"twenty-{word}": 20 + n for n, word in enumerate(
    "first second third fourth fifth sixth seventh eighth ninth".split(), 1
)} | {"thirtieth": 30, "thirty-first": 31}  # fmt: skip
ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})"


def chinese(text: str) -> int:
    """``"二十五"``, ``"两"``, ``"一百零五"``, ``"二零二六"``, ``"15"``. ValueError for anything else."""
    if text.isdecimal():
        return int(text)
    if len(text) > 1 and not set(text) & set(_CHINESE_UNITS):
        return int("".join(str(_CHINESE[character]) for character in text))
    total, digit = 0, None
    for character in text:
        if character in _CHINESE_UNITS:
            total += (1 if digit is None else digit) * _CHINESE_UNITS[character]
            digit = None
        elif character in _CHINESE:
            digit = _CHINESE[character]
            if digit == 0:
                digit = None
        else:
            raise ValueError(text)
    if digit is None and not total and text not in {"零", "〇"}:
        raise ValueError(text)
    return total + (digit or 0)


def english(text: str) -> int:
    """``"twenty-five"``, ``"a"``, ``"15"``. ValueError for anything else."""
    if text.isdecimal():
        return int(text)
    total = 0
    for word in re.split(r"[ -]+", text):
        if word in _TENS:
            total += _TENS[word]
        elif word in _ENGLISH:
            total += _ENGLISH[word]
        else:
            raise ValueError(text)
    return total


def ordinal(text: str) -> int:
    """``"5th"``, ``"twenty-first"``."""
    return _ORDINALS[text] if text in _ORDINALS else int(re.sub(r"\D", "", text))
