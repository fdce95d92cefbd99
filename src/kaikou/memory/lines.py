"""Which of a user's sentences may tell something lasting about them; most do not, and need no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaikou.memory.ports import Turn

_END = re.compile(r"[^.!?。！？…\n]+[.!?。！？…]*")
_QUESTION = re.compile(r"[?？]\s*$|[吗么呢]\s*[。.!！]?\s*$")
_SELF = re.compile(
    r"\b(?:i|i['’]?m|i['’]?ve|i['’]?d|me|my|mine|myself|we|our|ours|us|call me|remember)\b"
    r"|[我咱俺]|记住|记得|记下",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\bmy (?:\w+ ){0,2}(?:mother|mom|mum|father|dad|parents?|sister|brother|wife|husband|partner|son"
    r"|daughter|kids?|child|children|friend|girlfriend|boyfriend|boss|uncle|aunt|cousin|grand\w+|cat|dog|pet|neighbou?r"
    r"|teacher|colleague)\b"
    r"|我(?:的|们|家)?的?(?:妈|母亲|爸|父亲|姐|妹|哥|弟|老婆|太太|妻子|老公|丈夫|爱人|儿子|女儿|孩子|朋友|爷爷|奶奶|外公|外婆|猫|狗|同事|老师|邻居)",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"\b(?:today|tonight|right now|at the moment|just now|this morning|this evening)\b"
    r"|今天|今晚|现在|刚才|这会儿",
    re.IGNORECASE,
)
_SURE = {
    "name": re.compile(
        r"\bmy (?:first |full )?name(?:['’]s| is)\b|\b(?:please )?call me \w|我(?:的名字)?(?:叫|是叫)", re.I
    ),
    "health": re.compile(r"\bi(?:['’]m| am) (?:\w+ )?allergic\b|我?(?:对.{1,12})?过敏", re.I),
    "wish": re.compile(
        r"^(?:please |and )*remember\b(?! (?:when|how|what|if))|请?(?:帮我)?记(?:住|下|得)", re.I
    ),
}
_LONGEST = 300
_ANSWER_WORDS = 12
"""A reply to a question is taken as an answer up to this many words."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the user; ``question`` is what it answers, where it says little by itself."""

    said: str
    conversation_id: str
    question: str = ""

    @property
    def whole(self) -> str:
        """The sentence, with what it answers."""
        return f"{self.question} – {self.said}" if self.question else self.said


def candidates(turns: Sequence[Turn]) -> list[Line]:
    """The sentences that may tell a lasting fact: they speak of the user, or answer the agent's question.
    Questions of the user do not."""
    found: list[Line] = []
    asked = ""
    for turn in turns:
        sentences = list(split(turn.said))
        for sentence in sentences:
            if _QUESTION.search(sentence) or (_MOMENT.search(sentence) and not certain(sentence)):
                continue
            if _SELF.search(sentence):
                found.append(Line(sentence, turn.conversation_id))
            elif asked and len(sentences) == 1 and len(sentence.split()) <= _ANSWER_WORDS:
                found.append(Line(sentence, turn.conversation_id, asked))
        last = list(split(turn.answered))[-1:]
        asked = last[0] if last and _QUESTION.search(last[0]) else ""
    return found


def certain(sentence: str) -> str:
    """The topic of a sentence that tells a fact whatever a model thinks of it: a name, an allergy, a wish to
    have it remembered. Empty: a model decides."""
    return next((topic for topic, pattern in _SURE.items() if pattern.search(sentence)), "")


def split(text: str) -> Iterator[str]:
    """Sentences, with their marks."""
    for match in _END.finditer(text):
        sentence = " ".join(match.group().split())[:_LONGEST]
        if any(one.isalnum() for one in sentence):
            yield sentence


def about_others(sentence: str) -> bool:
    """Whether it tells of somebody near to the user rather than of the user."""
    return _OTHERS.search(sentence) is not None
