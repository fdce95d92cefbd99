"""Which of a user's sentences may tell something lasting about them; most do not, and need no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaikou.memory.certain import certain
from kaikou.memory.ports import Turn

_END = re.compile(r"[^.!?。！？…\n]+[.!?。！？…]*")
_QUESTION = re.compile(r"[?？]\s*$|[吗么呢]\s*[。.!！]?\s*$")
_SELF = re.compile(
    r"\b(?:i|i['’]?m|i['’]?ve|i['’]?d|me|my|mine|myself|we|our|ours|us|call me|remember)\b"
    r"|^(?:hi|hello|hey)\W+\w+ here\b"
    r"|[我咱俺]|记住|记得|记下",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\bmy (?:\w+ ){0,2}(mother|mom|mum|father|dad|parents?|sister|brother|wife|husband|partner|son"
    r"|daughter|kids?|child|children|friend|girlfriend|boyfriend|boss|uncle|aunt|cousin|grand\w+|cat|dog|pet|neighbou?r"
    r"|teacher|colleague)\b"
    r"|我(?:的|们|家)?的?(妈|母亲|爸|父亲|姐|妹|哥|弟|老婆|太太|妻子|老公|丈夫|爱人|儿子|女儿|孩子|朋友|爷爷|奶奶|外公|外婆|猫|狗|同事|老师|邻居)",
    re.IGNORECASE,
)
_MOMENT = re.compile(
    r"\b(?:today|tonight|right now|at the moment|just now|this morning|this evening)\b"
    r"|今天|今晚|现在|刚才|这会儿",
    re.IGNORECASE,
)
_MOOD = re.compile(
    r"\b(?:i(?:['’]?m| am| feel| got| was)|i['’]?m getting|i am getting) (?:\w+ ){0,2}?"
    r"(?:tired|sleepy|hungry|thirsty|bored|busy|fine|good|okay|ok|sorry|glad|back|done|ready|sure)"
    r"(?= (?:now|again|already)\b|\W*$|[,.!])"
    r"|\b(?:last|all|(?:bad|terrible|awful|rough|sleepless)) night\b"
    r"|(?:有点|好|很|太|真|快)?(?:困|累|饿|渴|无聊|忙|烦)(?:了|死了|啊)*[。！!，,]?$|昨晚|昨夜|我(?:回来|到家|来|走|要睡)了",
    re.IGNORECASE,
)
"""What will have passed when the next conversation begins."""
_ASKS = re.compile(
    r"(?:(?:please|and|so|ok|okay|now|then)[, ]+)*(?:tell|give|show|play|sing|read|set|wake|remind|help|let"
    r"|turn|send|find|explain|teach|write|make|order|book|look|bring|say|start|stop|ask|get)\b"
    r"|i(?: need|['’]d like| would like) (?:a|an|some|the|you)\b"
    r"|(?:请|麻烦|那|再|你|您|快)*(?:给|帮|为|替|跟|陪|教|告诉|让|提醒)我",
    re.IGNORECASE,
)
"""How a request begins."""
_GREETS = re.compile(
    r"(?:(?:hi|hello|hey|there|good|morning|afternoon|evening|night|thanks?|you|bye|goodbye|ok|okay|yes|no|great|well"
    r"|please|that['’]?s|all|ha|haha|nice|cool|right|sure)\W*)+"
    r"|(?:你好|您好|早上好|晚上好|早|晚安|谢谢|多谢|再见|拜拜|好的|好|嗯|哈哈|是的|对|不用|没有|了|啊|吧|\W)+",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"(?:(?:yes|no|well|oh|so|but|and|actually|also)[, ]+)*(?:i|i['’](?:m|ve|d)|my|we|our)\b|[^我]{0,2}我",
    re.IGNORECASE,
)
"""How a statement about oneself begins; what asks, or only supposes, begins otherwise."""
_COMPOUND = re.compile(
    r",? and (?=i(?:['’](?:m|ve))?\b)|[，,；;](?=我|住在|家住|今年|和\w{1,8}住)", re.IGNORECASE
)
_WIDE = re.compile(r"[\u3040-\u9fff\uac00-\ud7a3]")
_LAST_CLAUSE = re.compile(r"[,，;；][^,，;；]*$")
_LONGEST = 300
_FEW_WORDS, _FEW_HANZI = 5, 8
"""A reply to a question is taken as an answer up to so much."""


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
            own = [one for one in statements(sentence) if certain(one) or not _passing(one)]
            if own:
                found += [Line(one, turn.conversation_id) for one in own]
            elif _QUESTION.search(sentence) or _SELF.search(sentence):
                continue
            elif asked and len(sentences) == 1 and _short(sentence) and not _GREETS.fullmatch(sentence):
                found.append(Line(sentence, turn.conversation_id, asked))
        asked = _asked(turn)
    return found


def topics(turns: Sequence[Turn]) -> Iterator[str]:
    """What the user said and asked, without greetings, requests and what holds for the moment; an answer of
    few words with what was asked."""
    asked = ""
    for turn in turns:
        sentences = list(split(turn.said))
        for said in sentences:
            if certain(said) or not (_passing(said) or _ASKS.match(said) or _GREETS.fullmatch(said)):
                answers = asked and len(sentences) == 1 and _short(said) and not is_question(said)
                yield f"{asked} – {said}" if answers else said
        asked = _asked(turn)


def _short(answer: str) -> bool:
    return len(answer.split()) <= _FEW_WORDS and len(_WIDE.findall(answer)) <= _FEW_HANZI


def _asked(turn: Turn) -> str:
    """The question that the agent's answer ended with."""
    last = list(split(turn.answered))[-1:]
    return last[0] if last and _QUESTION.search(last[0]) else ""


def statements(sentence: str) -> Iterator[str]:
    """What a sentence states of the user, each thing by itself, so that each is remembered, and replaced,
    by itself: ``I'm Anna and I live in Leeds``. Of a question only what stands before it: ``I never drink
    coffee, what else is there?``."""
    if _QUESTION.search(sentence):
        sentence, clauses = _LAST_CLAUSE.subn("", sentence)
        if not clauses or not _OWN.match(sentence):
            return
    if not _SELF.search(sentence) or (_ASKS.match(sentence) and not certain(sentence)):
        return
    for number, part in enumerate(_COMPOUND.split(sentence)):
        # What follows a split tells of the user even where it leaves them out.
        if number or _SELF.search(part):
            yield part


def _passing(statement: str) -> bool:
    return bool(_MOMENT.search(statement) or _MOOD.search(statement))


def split(text: str) -> Iterator[str]:
    """Sentences, with their marks."""
    for match in _END.finditer(text):
        sentence = " ".join(match.group().split())[:_LONGEST]
        if any(one.isalnum() for one in sentence):
            yield sentence


def relation(sentence: str) -> str:
    """The person near to the user that a sentence tells of (``daughter``, ``女儿``); empty where it tells of
    the user."""
    found = _OTHERS.search(sentence)
    return (found[1] or found[2]) if found else ""


def is_question(sentence: str) -> bool:
    return _QUESTION.search(sentence) is not None


def about_others(sentence: str) -> bool:
    """Whether it tells of somebody near to the user rather than of the user."""
    return _OTHERS.search(sentence) is not None
