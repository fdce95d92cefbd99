"""From what a recogniser wrote to what a person would write: loops dropped, script and marks of Chinese."""

from __future__ import annotations

import re
from functools import lru_cache

import opencc

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_LOOP = re.compile(r"(\S.{0,23}?)\1{2,}")
_WORD_LOOP = re.compile(r"(?<!\S)(\S+(?: \S+){0,7}?)(?: \1){2,}(?!\S)", re.IGNORECASE)
_FASTEST_HAN, _FASTEST_WORDS = 8.0, 5.0
"""Syllables of Chinese and words of other languages that a fast speaker says in a second."""
_GRACE = 0.4
"""Seconds by which the measured length may be short."""
_HAN_SIGN = re.compile(f"[{_HAN}]")
_MARKS = str.maketrans({",": "，", "?": "？", "!": "！", ":": "：", ";": "；"})
_MARK_AFTER_HAN = re.compile(rf"(?<=[{_HAN}])\s*([,?!:;])\s*")
_STOP_AFTER_HAN = re.compile(rf"(?<=[{_HAN}])\s*\.(?=\s|$|[{_HAN}])")
_GAP_IN_HAN = re.compile(rf"(?<=[{_HAN}]) +(?=[{_HAN}])")

_SCRIPTS = {"zh": "t2s", "zh-cn": "t2s", "zh-sg": "t2s", "zh-hans": "t2s", "zh-tw": "s2tw", "zh-hk": "s2hk"}
_SCRIPTS |= {"zh-hant": "s2t", "zh-mo": "s2hk"}

PUNCTUATION = re.compile(r"[\W_]+")


@lru_cache(maxsize=8)
def _converter(conversion: str) -> opencc.OpenCC:
    return opencc.OpenCC(conversion)


def without_loops(text: str, seconds: float) -> str:
    """``text``, but where it is more than anybody says in ``seconds``, each run of three or more equal
    words or phrases becomes one: a decoder caught in a loop writes as much as it may, a person who
    repeats a word takes the time to say it."""
    han = len(_HAN_SIGN.findall(text))
    words = len(_HAN_SIGN.sub(" ", text).split())
    if han / _FASTEST_HAN + words / _FASTEST_WORDS <= seconds + _GRACE:
        return text
    return _LOOP.sub(r"\1", _WORD_LOOP.sub(r"\1", text))


def in_script(text: str, language: str) -> str:
    """Chinese in the script of ``language`` (zh and zh-CN simplified, zh-TW and zh-HK traditional); any
    other language as it is. Conversion tables: OpenCC."""
    conversion = _SCRIPTS.get(language.lower())
    if conversion is None:
        return text
    converted: str = _converter(conversion).convert(text.replace("\0", ""))  # OpenCC stops at a NUL
    return converted


def tidy(text: str, language: str) -> str:
    """``text`` as it is shown and given to the language model."""
    text = " ".join(text.split())
    if not language.lower().startswith("zh"):
        return text
    text = _GAP_IN_HAN.sub("", in_script(text, language))
    text = _MARK_AFTER_HAN.sub(lambda mark: mark[1].translate(_MARKS), text)
    return _STOP_AFTER_HAN.sub("。", text)
