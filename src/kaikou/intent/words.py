"""What was said, made ready for comparing: no case, no marks, no courtesies around it."""

from __future__ import annotations

import re
import unicodedata

_MARKS = re.compile(r"[^\w%\s\u4e00-\u9fff'-]+|_")
_BLANKS = re.compile(r"\s+")
_EN_BEFORE = re.compile(
    r"^(?:(?:hey|hi|hello|okay|ok|well|so|um|uh|please|excuse me|sorry|can you|could you|would you|will you"
    r"|do you know|do you happen to know|by the way|by any chance"
    r"|tell me|let me know|i want you to|i want to|i'd like you to|i'd like to|i would like to|i'd love to"
    r"|i need you to|i need to|would you mind telling me|know|go ahead and|help me|let's|just|now|kaikou"
    r"|assistant)\b[\s']*)+"
)
_EN_AFTER = re.compile(r"(?:\s*\b(?:please|now|right now|for me|thanks|thank you|then|again|will you))+$")
_ZH_BEFORE = re.compile(
    r"^(?:你好|喂|嗨|嘿|那|那么|好的|请问|请你|请|麻烦你|麻烦|帮我|帮忙|给我|替我|你能不能|能不能|可不可以|可以"
    r"|你能|你可以|你知道|知道|告诉我|说一下|看一下|看看|查一下|查查|一下|我想知道|我想要|我想|我要|小智|开口"
    r"|现在|你)+"
)
_ZH_AFTER = re.compile(r"(?:一下|给我听|来着|好吗|好不好|行吗|可以吗|谢谢|吧|吗|呢|呀|啊|啦|了|哦|嘛)+$")
_CLAUSE_END = re.compile(r"[,.!?;:，。！？；：、\n]+")
HAN = re.compile(r"[\u3400-\u9fff]")
_STOP = frozenset(
    "a an the is are was were be been am i you he she it we they me my your his her its our their to of in "
    "on at for and or but not no do does did have has had this that there here with what which who when "
    "where why how can could would will shall should let as so if than then too very just about into from "
    "by up out now get got go one some any all more most tell know think like want please say said want's "
    "it's i'm don't look looking going give let".split()
)
_ZH_STOP = frozenset("的了是我你他她它们在有不这那和就都也很吗呢吧啊个一什么怎")


def plain(text: str) -> str:
    """Lower case, no marks, one blank between words."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return _BLANKS.sub(" ", _MARKS.sub(" ", text)).strip()


def joined(text: str) -> str:
    """The plain text with no blanks between hanzi."""
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", plain(text))


def core(text: str) -> str:
    """The plain text without courtesies before and after it, and no blanks between hanzi."""
    said = joined(text)
    if HAN.search(said):
        inner = _ZH_AFTER.sub("", _ZH_BEFORE.sub("", said)).strip()
    else:
        inner = _EN_AFTER.sub("", _EN_BEFORE.sub("", said)).strip()
    return inner or said


def clauses(text: str) -> list[str]:
    """The whole, and its parts between marks: who asks for something often says why, too."""
    parts = [part for part in _CLAUSE_END.split(text) if part.strip()]
    return [text, *reversed(parts)] if len(parts) > 1 else [text]


def terms(text: str) -> set[str]:
    """What tells one text from another: words, and pairs of hanzi."""
    said = plain(text)
    found = {_stem(word) for word in re.findall(r"[a-z][a-z'-]+", said) if word not in _STOP}
    for run in re.findall(r"[\u3400-\u9fff]+", said):
        pairs = {run[at : at + 2] for at in range(len(run) - 1)}
        found |= {pair for pair in pairs if not all(letter in _ZH_STOP for letter in pair)}
    return found


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for end in ("ing", "ed", "es", "s"):
        if word.endswith(end) and len(word) - len(end) >= 3:
            return word.removesuffix(end)
    return word
