"""Did the user say so? A check that needs no model: what is to be remembered must be made of their words.

Latin words are compared by their beginning (``lives``, ``living``), hanzi one by one. Names and numbers
must all have been said; of the other words most. Words that every statement about a person has are free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_\u3040-\u9fff\uac00-\ud7a3]+|[\u3040-\u9fff\uac00-\ud7a3]")
_HANZI = re.compile(r"[\u3040-\u9fff\uac00-\ud7a3]")
_FREE = frozenset(
    """a about after again all also am an and any are as at be been being but by can could currently did do
    does doing for from had has have having he her hers him his how i if in into is it its just like likes
    live lives me mine most my myself name named called now of on or our ours person really s she so some
    speaker t than that the their theirs them they this to too us user users very was we were what when
    where which who whose will with would you your yours m re ve ll d""".split()
)
_FREE_HANZI = frozenset(
    "我你他她它们用户的地得了是在有叫名字姓吗呢吧啊很也都就和与跟对于这那个一位只人说话者喜欢住"
)
_NEGATED = re.compile(
    r"\b(?:not|no|never|none|nothing|without|hardly)\b|n['’]t\b|[不没别无未勿]", re.IGNORECASE
)
_FOND = re.compile(
    r"\b(?:dis)?(?:likes?|loves?|enjoys?|prefers?|hates?|fond|favou?rites?)\b|喜欢|爱|讨厌", re.IGNORECASE
)
"""Liking has to have been said: of what somebody asked for a model says that they like it."""
_PAST = re.compile(r"\b(?:used to|formerly|former|ex|once|was|were)\b|以前|曾|过去|当年", re.IGNORECASE)
_SEX = re.compile(r"\b(?:he|she|his|hers?|him)\b", re.IGNORECASE)
_IS = re.compile(r"\b(?:he|she|him|her(?!\s+\w))\b", re.IGNORECASE)
_OWNS = re.compile(r"\b(?:his|hers?)\b", re.IGNORECASE)
_HE = re.compile(r"[他她]")
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
    fond = _FOND.search(statement) is None or _FOND.search(said) is not None
    return fond and as_true(statement, said) and made_of(statement, said)


def as_true(statement: str, said: str) -> bool:
    """Whether it denies where ``said`` did, and is past where that was."""
    past = _PAST.search(said) is None or _PAST.search(statement) is not None
    return past and negated(statement) == negated(said)


def covers(statements: Sequence[str], said: str) -> bool:
    """Whether ``statements`` tell most of what was said."""
    told = {one[:_STEM] for one in words(" ".join(statements))}
    own = content(said)
    return sum(one[:_STEM] in told for one in own) >= MOST * len(own)


def neutral(statement: str, said: str) -> str:
    """``statement`` without a sex for the user that nobody told: models guess one."""
    if not _SEX.search(said):
        statement = _OWNS.sub("their", _IS.sub("the user", statement))
        statement = statement[:1].upper() + statement[1:]
    return statement if _HE.search(said) else _HE.sub("用户", statement)


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
    """Latin words written with a capital, of the first of a sentence all."""
    for first in re.findall(r"(?:^|[.!?]\s)\W*([^\W\d_\u3040-\u9fff\uac00-\ud7a3]+)", statement):
        if first.casefold() not in _FREE:
            yield first.casefold()
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
