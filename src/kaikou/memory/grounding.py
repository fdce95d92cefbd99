"""Did the user say so? A check that needs no model: what is to be remembered must be made of their words.

Latin words are compared by their beginning (``lives``, ``living``), hanzi one by one. Names and numbers
must all have been said; of the other words most. Words that every statement about a person has are free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_\u3040-\u9fff\uac00-\ud7a3]+|[\u3040-\u9fff\uac00-\ud7a3]")
_HANZI = re.compile(r"[\u3040-\u9fff\uac00-\ud7a3]")
_FREE = frozenset(
    """a about after again all also am an and any are as at be been being but by can could currently did do
    does doing for from had has have having he her hers him his how i if in into is it its just like likes
    live lives me mine most my myself name named called of on or our ours person really s she so some speaker
    t than that the their theirs them they this to too us user users very was we were what when where which
    who whose will with would you your yours m re ve ll d""".split()
)
_FREE_HANZI = frozenset(
    "我你他她它们用户的地得了是在有叫名字姓吗呢吧啊很也都就和与跟对于这那个一位只人说话者喜欢住"
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|none|nothing|without|hardly)\b|n['’]t\b|[不没别无未勿]", re.IGNORECASE
)
_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        (
            ("zero", "零", "〇"),
            ("one", "一"),
            ("two", "二", "两"),
            ("three", "三"),
            ("four", "四"),
            ("five", "五"),
            ("six", "六"),
            ("seven", "七"),
            ("eight", "八"),
            ("nine", "九"),
            ("ten", "十"),
        )
    )
    for word in words
}
MOST = 0.6
"""The part of the other words that must have been said."""
_STEM = 4


def words(text: str) -> list[str]:
    """The words of a text, folded; each hanzi is one. Numbers up to ten are digits."""
    found = (match.group() for match in _WORD.finditer(text))
    return [_NUMBERS.get(one.casefold(), one.casefold()) for one in found]


def content(text: str) -> set[str]:
    """The words that tell one statement about a person from another, without numbers."""
    return {one for one in words(text) if one not in _FREE and one not in _FREE_HANZI and not one.isdigit()}


def negated(text: str) -> bool:
    return _NEGATED.search(text) is not None


def grounded(statement: str, said: str) -> bool:
    """Whether ``statement`` adds nothing to the sentence that was ``said``: it is made of its words, and
    denies something only where that did."""
    return negated(statement) == negated(said) and made_of(statement, said)


def made_of(statement: str, said: str) -> bool:
    """Whether every name and number of ``statement`` was said, and most of its other words."""
    heard = words(said)
    stems = {one[:_STEM] for one in heard}
    whole = set(heard)
    for name in _names(statement):
        if name not in whole and name[:_STEM] not in stems:
            return False
    if any(number not in whole for number in words(statement) if number.isdigit()):
        return False
    own = content(statement)
    known = sum(one in whole or (len(one) >= _STEM and one[:_STEM] in stems) for one in own)
    return known >= MOST * len(own)


def _names(statement: str) -> Iterable[str]:
    """Latin words written with a capital, but for the first of a sentence."""
    for match in re.finditer(r"(?<=[^\W_])[^\w.!?。！？]+([A-Z][\w'’-]*)", statement):
        word = match.group(1).casefold()
        if (bare := re.split(r"['’]", word)[0]) not in _FREE:
            yield bare


def alike(one: str, other: str) -> float:
    """The share of content words that two statements have in common, 0..1; numbers don't count, so that
    a newer number is no other statement."""
    first, second = content(one), content(other)
    if not first or not second:
        return 1.0 if first == second else 0.0
    return len(first & second) / len(first | second)


def same_script(statement: str, said: str) -> bool:
    """Whether a statement about what was said in hanzi brings no Latin words of its own: a small model
    mixes the two."""
    if not is_chinese(said):
        return not is_chinese(statement)
    known = set(words(said))
    return all(not one.isascii() or one.isdigit() or one in known for one in words(statement))


def is_chinese(text: str) -> bool:
    return _HANZI.search(text) is not None
