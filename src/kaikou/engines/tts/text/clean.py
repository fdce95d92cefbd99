"""Take out of a text what is seen but not said: Markdown, emoji, addresses behind links.

Every function keeps the length: what goes becomes spaces, so that positions in the result are
positions in the original.
"""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"!?\[([^\]\n]*)\]\(([^)\s]*)(?:\s+\"[^\"]*\")?\)")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)
_LINE_MARK = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•‣▪●][ \t]+|\|?[ \t]*:?-{3,}[-:| \t]*$)", re.MULTILINE
)
_EMPHASIS = re.compile(r"\*+|(?<![A-Za-z0-9])_+(?=\S)|(?<=\S)_+(?![A-Za-z0-9])|~~|`+")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>|<!--.*?-->", re.DOTALL)
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0e\ufe0f\u00ad")
_SAME = {
    "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "′": "'",
    "–": "–", "—": "—", "―": "—", "⸺": "—", "−": "−",
    "\u00a0": " ", "\u3000": " ", "\t": " ", "\r": " ",
}  # fmt: skip
_SPOKEN_SYMBOLS = frozenset("+<=>|~^$¢£¤¥€₹₩№°±×÷−≈≠≤≥→←½¼¾⅓⅔⅛%‰℃℉&@#©®™§")


def clean(text: str) -> str:
    """``text`` without markup and pictures, full-width letters made plain; the same length."""
    text = _LINK.sub(_keep_label, text)
    for pattern in (_FENCE, _TAG, _KEYCAP, _LINE_MARK, _EMPHASIS):
        text = pattern.sub(_blank, text)
    return "".join(map(_plain, text))


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def _keep_label(match: re.Match[str]) -> str:
    before = match.start(1) - match.start()
    after = match.end() - match.end(1)
    return " " * before + match.group(1) + " " * after


def _plain(char: str) -> str:
    if char.isascii():
        return _SAME.get(char, char)
    if char in _SAME:
        return _SAME[char]
    if char in _INVISIBLE:
        return " "
    if char in _SPOKEN_SYMBOLS:
        return char
    category = unicodedata.category(char)
    if category in {"So", "Sk", "Cs", "Co", "Cn"}:
        return " "
    if unicodedata.east_asian_width(char) == "F" and (char.isalnum() or char in "％＄＋＝＃＆＠／－～"):
        return unicodedata.normalize("NFKC", char)
    return char
