"""What somebody gave up, left or replaced: a statement that takes the place of an older one about the same.

Such a pair is not alike to an embedder ("I gave up coffee" and "The user likes coffee in the morning"), and a
small model that is told both answers with either. Both name the thing, which tells what the newer is about.
"""

from __future__ import annotations

import re

from kaikou.memory.grounding import content, is_chinese, words

_CHANGED = re.compile(
    r"\b(?:g(?:a|i)ve(?:n|s)?\ up|no\ longer|any\ ?more|stopped\ (?!to\b)|quit|(?:have|['’]ve|has)"
    r"\ (?:sold|lost|left)|don['’]t\b.*\bnow|moved|switched|changed|new\ (?:job|home|house|flat|name)"
    r"|these\ days|instead)\b"
    r"|戒|不再|再也不|不\w{1,8}了|[换搬改]|现在(?:只|不|改|在|住|是|养)|送(?:给|人|走)|卖(?:了|掉)",
    re.IGNORECASE | re.VERBOSE,
)
_RUN = re.compile(r"[\u3400-\u9fff]+")
_KIN = re.compile(
    r"\b(?:wife|husband|partner|girlfriend|boyfriend|son|daughter|child|children|kids?|mother|father|parents?|sister"
    r"|brother|friend)\b|老婆|妻子|太太|老公|丈夫|爱人|儿子|女儿|孩子|[妈爸姐妹哥弟]|父母|朋友",
    re.IGNORECASE,
)
_BORNE_OUT = {
    "name": r"\bname|\bcall(?:ed|\ me)\b|\bi(?:['’]?m|\ am)\b|\bhere\b|叫|名|姓|我是",
    "age": r"\d|\byears?\b|\bold\b|\bturn|\bage\b|岁|年|[一二三四五六七八九十]",
    "birthday": r"\bborn\b|\bbirthday\b|生日|出生|生的",
    "home": r"\bliv(?:e|es|ing)\b|\bhome\b|\bmov(?:ed|ing)\b|\baddress\b|\bfrom\b|\bhouse\b|\bflat\b"
    "|住|家|搬",
}


def changed(statement: str) -> bool:
    """Whether it tells that something is no longer so."""
    return _CHANGED.search(statement) is not None


def shared(one: str, other: str) -> int:
    """How many things two statements both name: words, and pairs of hanzi."""
    return len(_things(one) & _things(other))


def borne_out(topic: str, said: str) -> bool:
    """Whether the words may be about a topic of which a person has one: a small model's word for it would put
    a game of chess in the place of a home."""
    pattern = _BORNE_OUT.get(topic)
    return pattern is None or re.search(pattern, said, re.IGNORECASE | re.VERBOSE) is not None


def in_place_of(new: str, old: str) -> str:
    """``new``, with what ``old`` told of people near to the user: they don't go with a home that was left."""
    if not _KIN.search(old) or _KIN.search(new):
        return new
    return f"{new}（以前：{old}）" if is_chinese(new) else f"{new} (before that: {old})"


def _things(text: str) -> set[str]:
    latin = (word for word in content(text) if not is_chinese(word) and len(word) > 2)
    found = {word[:_STEM] for word in latin if word not in _PLAIN}
    for run in _RUN.findall(text):
        pairs = (run[at : at + 2] for at in range(len(run) - 1))
        found |= {pair for pair in pairs if not _SAYS_LITTLE.search(pair)}
    return found


_STEM = 4
_PLAIN = frozenset(
    words(
        "gave given give up no longer any more anymore stopped quit moved switched changed new these days "
        "instead drink drinks eat eats favourite favorite name called have last week month year not don "
        "prefer prefers love loves"
    )
)
_SAYS_LITTLE = re.compile(
    r"[我你他她的了是在不也很都就只和与叫一没有这那个上下去来用户]|喜欢|现在|以前|最爱|每周|早上"
)
