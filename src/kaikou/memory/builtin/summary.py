"""One short summary of everything, written anew after each conversation."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.engines.ports import Message
from kaikou.memory.grounding import alike, is_chinese, made_of, negated
from kaikou.memory.lines import split
from kaikou.memory.ports import Kit, Turn, Whose

MAX_WORDS = 120
MAX_CHARS = 900
_MOST_SAID = 4_000
"""Characters of a conversation that are looked at."""

_TASK = (
    "You keep a short summary of what a user told an assistant over many conversations. Write it anew: at "
    "most {words} words, plain sentences about the user in the third person, in the language the user "
    "speaks. Keep what still holds, add what is new and lasting, leave out small talk. Write only what the "
    "user said. Answer with the summary alone."
)


class Memory:
    """A rolling summary per person."""

    title = "Short summary"
    description = "One short summary of what was talked about, written anew after each conversation."

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
        talk = "\n".join(f"User: {turn.said}\nAssistant: {turn.answered}" for turn in turns)[-_MOST_SAID:]
        old = before.text if before is not None else "(nothing yet)"
        answer = await self._kit.ask(
            whose,
            [
                Message("system", _TASK.format(words=MAX_WORDS)),
                Message("user", f"The summary so far:\n{old}\n\nThe newest conversation:\n{talk}"),
            ],
            max_tokens=300,
        )
        said = [*split(" ".join(turn.said for turn in turns)), *split(old if before else "")]
        text = shortened([one for one in split(answer) if _was_said(one, said)])
        if not text:
            return
        if before is None:
            await self._kit.add(whose, text, conversation_id=turns[-1].conversation_id)
        else:
            await self._kit.change(before.id, text)


def _was_said(sentence: str, said: Sequence[str]) -> bool:
    """Whether it is made of what was said, and denies what the sentence nearest to it denied."""
    if not said or not made_of(sentence, " ".join(said)):
        return False
    nearest = max(said, key=lambda one: alike(sentence, one))
    return negated(sentence) == negated(nearest)


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
