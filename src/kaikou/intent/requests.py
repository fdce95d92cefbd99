"""Whether words have the form of a request: only then is it worth asking what they want."""

from __future__ import annotations

import re

from kaikou.intent.words import clauses, plain

_COURTESY = r"(?:(?:hey|hi|hello|okay|ok|well|so|and|now|excuse me|sorry|please|could|can|would|will|you) )*"
_VERBS = (
    "make set turn put play start stop open close switch change show find give look check call remind add "
    "cancel wake read search say go"
).split()
_OPENINGS = (
    "tell me|let me|let's|do i|is it|will it|will there|are there|what's|what is|what are|which|i want|i need"
    "|i'd like|i'd love|i would like|how is|how are|how hot|how cold|how warm|how late|how loud"
)
_ENGLISH = re.compile(
    rf"^{_COURTESY}(?:{'|'.join(_VERBS)}|{_OPENINGS})\b"
    r"|\b(?:please|can you|could you|would you|will you|i want|i'd like|i'd rather|should)\b"
)
_CHINESE = re.compile(
    r"^(?:那么?|好的|现在|今天|明天|后天|你)*(?:请|帮|给我|替我|麻烦|我想[听看要]|我想知道|我要|来[点个一首段]"
    r"|打开|关|开|调|播|放|查|看看|看一下|提醒|切|换|让|去|把|将|设|唱|停|暂停|告诉我|能不能|可以)"
    r"|要不要|会不会|冷不冷|热不热|好吗|行吗|可以吗|帮我|给我|一下|一点|多少|几[点号月度]|[星礼][期拜]几|周几"
    r"|怎么样|如何"
)
_GENERAL = re.compile(
    r"^(?:why|who|where|explain|how (?:do|does|did|can)|when (?:do|did|does|was|is)) "
    r"|^what (?:do|does|did|was|were) "
    r"|\b(?:explain|usually|in general|difference|meaning of|do you (?:like|think|remember|prefer))\b"
    r"|为什么|为何|什么是|是什么意思|有什么区别|一般|通常|怎么回事|你觉得|你喜欢|是谁|原理|小时候|昨天|上个"
)


def asks(words: str) -> bool:
    """True for a request in form; a general question or a plain statement is none."""
    for clause in clauses(words):
        said = plain(clause)
        if not _GENERAL.search(said) and (_ENGLISH.search(said) or _CHINESE.search(said.replace(" ", ""))):
            return True
    return False


def general(words: str) -> bool:
    """True for a general question, or for what was: no request, whatever it is about."""
    return bool(_GENERAL.search(plain(words))) and not asks(words)
