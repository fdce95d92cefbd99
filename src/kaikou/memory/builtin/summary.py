"""One short summary of everything, carried on after each conversation.

The model writes only what is new, and what says the same as before takes its place: writing everything anew
takes a small model long, and loses something each time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kaikou.engines.ports import Message
from kaikou.memory.certain import certain
from kaikou.memory.grounding import alike, as_true, covers, is_chinese, made_of, neutral, same_script
from kaikou.memory.lines import candidates, is_question, split, topics
from kaikou.memory.ports import Kit, Turn, Whose

MAX_CHARS = 900
_MOST_SAID = 2_000
"""Characters of a conversation that are looked at."""
_SAME = 0.6
"""Share of words in common from which a newer sentence takes an older one's place."""
_QUOTED = 3
"""Sentences of the user's that are kept as they were said, where the model's are not theirs."""

_CLAUSE = re.compile(r"[,，;；]")
_ABOUT = re.compile(r"(?:the )?users?\b|they\b|their\b|.{0,12}用户", re.IGNORECASE)
"""How a sentence about the user begins; others are answers, and whose "she" is nobody knows."""

_TASK = (
    "From lines that a user said to an assistant, write one to three short sentences about the user: who "
    "they are, what they told of themselves, what they wanted. Third person, the language of the lines, "
    "nothing added, no answers, no small talk."
)
_SHOWN = {
    False: (
        "Hi, I'm Tom.\nIs it warm in Rome?\nMy wife and I are going there in May.\nThanks, bye.",
        "The user is Tom. The user and their wife are going to Rome in May and asked if it is warm there.",
    ),
    True: (
        "你好，我叫王芳。\n罗马热不热？\n我和先生五月要去。\n好的，再见。",
        "用户叫王芳。用户和先生五月要去罗马，问那里热不热。",
    ),
}


class Memory:
    """A rolling summary per person."""

    title = "Short summary"
    description = "One short summary of what was talked about, carried on after each conversation."

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def recall(self, whose: Whose, query: str) -> str:
        if query:
            return ""
        notes = await self._kit.notes(whose)
        return "\n".join(note.text for note in reversed(notes))

    async def learn(self, whose: Whose, turns: Sequence[Turn]) -> None:
        notes = await self._kit.notes(whose)
        # What a person wrote stays as it is, beside the summary.
        before = next((note for note in notes if not note.edited), None)
        new = await self._new(whose, turns)
        if not new:
            return
        text = shortened(carried_on(list(split(before.text)) if before is not None else [], new))
        if before is None:
            await self._kit.add(whose, text, conversation_id=turns[-1].conversation_id)
        else:
            await self._kit.change(before.id, text)

    async def _new(self, whose: Whose, turns: Sequence[Turn]) -> list[str]:
        """Sentences about what the user said in these turns."""
        lines = candidates(turns)
        if not lines:
            return []  # nothing about the user: no model's time for small talk
        talk = "\n".join(topics(turns))[-_MOST_SAID:]
        shown = _SHOWN[is_chinese(talk)]
        answer = await self._kit.ask(
            whose,
            [
                Message("system", _TASK),
                Message("user", shown[0]),
                Message("assistant", shown[1]),
                Message("user", talk),
            ],
            max_tokens=160,
        )
        said = talk.splitlines()
        told = [neutral(one, talk) for one in split(answer)]
        kept = list(dict.fromkeys(one for one in told if _was_said(one, said, talk)))
        # What is certain, or all there is, is not lost to a model that said it in words of its own.
        missing = [line.whole for line in lines if not covers(kept, line.said)]
        sure = [one for one in missing if certain(one) or not kept]
        return kept + [f"“{one}”" for one in sure[:_QUOTED]]


def carried_on(before: Sequence[str], new: Sequence[str]) -> list[str]:
    """The sentences of a summary and new ones; a newer one takes the place of what says the same."""
    kept = [one for one in before if all(alike(one, other) < _SAME for other in new)]
    return [*kept, *new]


def _was_said(sentence: str, said: Sequence[str], talk: str) -> bool:
    """Whether it is made of what was said, and denies what the sentence nearest to it denied."""
    if not made_of(sentence, talk) or not same_script(sentence, talk) or not _ABOUT.match(sentence):
        return False
    if is_question(sentence):
        return False
    # Clause by clause: what one denies, or tells of the past, another need not.
    heard = [one for sentence in said for one in _CLAUSE.split(sentence)]
    return all(
        as_true(one, max(heard, key=lambda other: alike(one, other))) for one in _CLAUSE.split(sentence)
    )


def shortened(sentences: Sequence[str]) -> str:
    """As many of the last sentences as fit."""
    kept: list[str] = []
    length = 0
    for one in reversed(sentences):
        length += len(one) * (3 if is_chinese(one) else 1)
        if length > MAX_CHARS:
            break
        kept.append(one)
    return " ".join(reversed(kept))
