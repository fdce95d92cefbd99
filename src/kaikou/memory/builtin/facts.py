"""Lasting facts about a person, each a note of its own.

The language model only chooses among the user's own sentences and may put one in the third person. What
it adds is refused (``grounding.py``), and then the sentence stands as it was said: nothing is invented.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from kaikou.engines.ports import Lane, Message
from kaikou.errors import EngineFailed
from kaikou.memory.certain import certain
from kaikou.memory.changes import borne_out, changed, in_place_of, shared
from kaikou.memory.grounding import grounded, is_chinese, neutral, same_script, words
from kaikou.memory.kit import as_json
from kaikou.memory.likeness import Scale, measured
from kaikou.memory.lines import Line, about_others, candidates, relation
from kaikou.memory.ports import Kit, Turn, Whose
from kaikou.store.memories import MemoryRow

log = logging.getLogger(__name__)

TOPICS = (
    *("name", "age", "birthday", "home", "origin", "work", "study", "family", "pets", "likes", "dislikes"),
    *("health", "habits", "plans", "belongings", "wish", "other"),
)
ONE_OF = frozenset({"name", "age", "birthday", "home"})
"""Of these a person has one: a newer one takes the older one's place."""
OPENING = 12
"""Facts that are told from the start: all of most people's."""
RECALLED = 3
"""Further ones that the user's words recall at a time."""
_FIRST = ("name", "age", "home", "work", "family")
_LINES_AT_ONCE = 12
_FEWEST = 3
"""Words of a fact."""
_TOKENS = 40
"""Of an answer, beside the facts: a model that runs on is cut off."""
_SCHEMA: dict[str, Any] = {
    "type": "object",
    # Lines of text and not objects: names of fields would be half of what a slow model has to write.
    "properties": {"facts": {"type": "array", "items": {"type": "string", "maxLength": 240}}},
    "required": ["facts"],
    "additionalProperties": False,
}

_TASK = (
    "From numbered lines that a user said, choose those that tell a lasting fact about the user or somebody "
    "near to them. Skip requests, small talk and moods. Write each as: number, topic, colon, the fact in the "
    "third person, in the language of the line, with nothing added. Topics: " + ", ".join(TOPICS) + ". Where "
    "no line tells a fact, give an empty list."
)
_SHOWN = (
    "1. I'm called Tom.\n2. I'll think about it.\n3. 我养了一只叫豆豆的猫。\n4. I used to play chess.",
    '{"facts": ["1 name: The user is called Tom.", "3 pets: 用户养了一只叫豆豆的猫。", '
    '"4 other: The user used to play chess."]}',
)
_PICK = re.compile(r"\s*(\d+)\W*([a-z]*)\s*[:：]?\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Pick:
    line: int
    topic: str
    fact: str = ""


class _Answer(BaseModel):
    facts: list[str] = []


class Memory:
    """Facts per person, recalled by meaning."""

    title = "Lasting facts"
    description = "What people tell of themselves: name, family, likes, plans. Each fact can be changed."

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._scale: Scale | None = None

    # -- recalling

    async def recall(self, whose: Whose, query: str) -> str:
        notes = await self._kit.notes(whose)
        first = opening(notes)
        if not query:
            return "\n".join(note.text for note in first)
        told = {note.id for note in first}
        rest = [note for note in notes if note.id not in told]
        if not rest:
            return ""
        vectors = await self._kit.vectors(rest, lane=Lane.LIVE)
        asked = await self._kit.embed([query], role="query", lane=Lane.LIVE)
        near = vectors @ asked[0]
        # The scale differs from model to model: what stands out of the others is meant.
        enough = float(near.mean() + near.std()) if len(rest) > RECALLED else -1.0
        best = np.argsort(near)[::-1][:RECALLED].tolist()
        return "\n".join(rest[at].text for at in best if near[at] >= enough)

    # -- learning

    async def learn(self, whose: Whose, turns: Sequence[Turn]) -> None:
        lines = candidates(turns)
        for start in range(0, len(lines), _LINES_AT_ONCE):
            some = lines[start : start + _LINES_AT_ONCE]
            for pick in await self._picked(whose, some):
                await self._keep(whose, some[pick.line - 1], pick)

    async def _picked(self, whose: Whose, lines: Sequence[Line]) -> list[_Pick]:
        numbered = "\n".join(f"{number}. {line.whole}" for number, line in enumerate(lines, 1))
        messages = [
            Message("system", _TASK),
            Message("user", _SHOWN[0]),
            Message("assistant", _SHOWN[1]),
            Message("user", numbered),
        ]
        most = _TOKENS + sum(2 * len(line.whole.encode()) // 3 for line in lines)
        answer = await self._kit.ask(whose, messages, schema=_SCHEMA, max_tokens=most)
        try:
            picks = [_read(one) for one in _Answer.model_validate(as_json(answer)).facts]
        except (ValueError, ValidationError) as error:
            raise EngineFailed(
                "The language model's choice of facts can't be read.",
                code="facts_unreadable",
                hint="A larger model follows the form better.",
            ) from error
        # One fact a line, and only of lines there are.
        by_line = {pick.line: pick for pick in reversed(picks) if pick and 1 <= pick.line <= len(lines)}
        for number, line in enumerate(lines, 1):
            if number not in by_line and (topic := certain(line.said)):
                by_line[number] = _Pick(line=number, topic=topic)
        return [by_line[number] for number in sorted(by_line)]

    async def _keep(self, whose: Whose, line: Line, pick: _Pick) -> None:
        text = statement(line, pick.fact)
        topic = pick.topic if pick.topic in TOPICS else "other"
        if not borne_out(topic, line.said):
            topic = certain(line.said) or "other"
        notes = await self._kit.notes(whose)
        same = await self._same(notes, text)
        if same is None and changed(line.said):
            same = _ended(notes, line.said, topic)
            text = in_place_of(text, same.text) if same is not None else text
        if same is None and topic in ONE_OF and not about_others(line.said):
            same = next((one for one in notes if one.topic == topic and not about_others(one.text)), None)
        if same is None:
            await self._kit.add(whose, text, topic=topic, conversation_id=line.conversation_id)
        elif not same.edited:
            await self._kit.change(same.id, text, topic=topic)

    async def _same(self, notes: Sequence[MemoryRow], text: str) -> MemoryRow | None:
        """The note that says the same, or an older version of it."""
        if not notes:
            return None
        embedder = await self._kit.embedder
        if self._scale is None or self._scale.identity != embedder.identity:
            self._scale = await measured(embedder)
        vectors = await self._kit.vectors(notes)
        vector = (await self._kit.embed([text], role="passage"))[0]
        near = vectors @ vector
        order: list[int] = np.argsort(near)[::-1].tolist()
        scale = self._scale
        return next((notes[at] for at in order if scale.same(notes[at].text, text, float(near[at]))), None)


def statement(line: Line, fact: str) -> str:
    """The model's wording where it adds nothing to what was said, else the user's own words."""
    fact = neutral(" ".join(fact.split()), line.whole)
    if is_chinese(fact) and fact.endswith("."):
        fact = fact[:-1] + "。"
    fits = len(fact) <= 2 * len(line.whole) + 40 and same_script(fact, line.whole)
    # "Anna." or "Lucy turns six" say little without what was left out.
    fits &= len(words(fact)) >= _FEWEST and relation(line.said).casefold() in fact.casefold()
    if fact and fits and grounded(fact, line.whole):
        return fact
    return f"“{line.whole}”"


def _ended(notes: Sequence[MemoryRow], said: str, topic: str) -> MemoryRow | None:
    """The note that is no longer so after ``said``, which tells of a change: the one that names most of the
    same, else the one home or the one work."""
    among = max(notes, key=lambda one: shared(one.text, said), default=None)
    if among is not None and shared(among.text, said):
        return among
    if topic not in ("home", "work") or about_others(said):
        return None
    return next((one for one in notes if one.topic == topic and not about_others(one.text)), None)


def opening(notes: Sequence[MemoryRow]) -> list[MemoryRow]:
    """The facts told from the start, in an order that stays: who the person is, what people wrote in by
    hand, then the newest."""

    def rank(one: MemoryRow) -> tuple[int, int]:
        known = _FIRST.index(one.topic) if one.topic in _FIRST else len(_FIRST)
        return (known, 0 if one.edited else 1)

    chosen = sorted(notes, key=rank)[:OPENING]
    return sorted(chosen, key=lambda one: (rank(one), one.created_at, one.id))


def _read(written: str) -> _Pick | None:
    found = _PICK.match(written)
    return _Pick(int(found[1]), found[2].lower(), found[3]) if found else None
