"""What one way to remember works with: its own notes, a language model, an embedder."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

import numpy as np

from kaikou.engines.ports import Embedder, Generation, Lane, Message, Vectors
from kaikou.errors import EngineFailed
from kaikou.memory.ports import EmbedderSource, ModelSource, Whose
from kaikou.settings.services import MemorySettings
from kaikou.store.memories import MemoryRepository, MemoryRow
from kaikou.store.records import now

EMBEDDER_PATIENCE = 0.05
"""Seconds a recall waits for the embedder to be there: somebody is in a call. Loading goes on."""
LEARNER_PATIENCE = 120.0


class ModuleKit:
    """The kit of the module ``name``; see :class:`~kaikou.memory.ports.Kit`."""

    def __init__(
        self,
        name: str,
        repository: MemoryRepository,
        model: ModelSource,
        embedder: EmbedderSource,
        settings: MemorySettings,
    ) -> None:
        self.name = name
        self.settings = settings
        self._repository = repository
        self._model = model
        self._embedder = embedder

    # -- notes

    async def notes(self, whose: Whose) -> tuple[MemoryRow, ...]:
        return await self._repository.of(whose.agent_id, whose.who, self.name)

    async def add(
        self, whose: Whose, text: str, *, topic: str = "", conversation_id: str | None = None
    ) -> MemoryRow | None:
        text = text.strip()[: self.settings.max_chars]
        if not text:
            return None
        moment = now()
        row = MemoryRow(
            id=new_id(),
            agent_id=whose.agent_id,
            who=whose.who,
            module=self.name,
            topic=topic[:40],
            text=text,
            conversation_id=conversation_id,
            edited=False,
            created_at=moment,
            updated_at=moment,
        )
        await self._repository.add(row)
        notes = await self.notes(whose)
        spare = [note.id for note in reversed(notes) if not note.edited and note.id != row.id]
        await self.drop(spare[: max(0, len(notes) - self.settings.max_notes)])
        return row

    async def change(self, note_id: str, text: str, *, topic: str | None = None) -> bool:
        text = text.strip()[: self.settings.max_chars]
        before = await self._repository.get(note_id)
        if before is None or before.edited or before.module != self.name or not text:
            return False
        values: dict[str, Any] = {"text": text, "updated_at": now()}
        if text != before.text:
            values |= {"embedder": None, "vector": None}
        if topic is not None:
            values["topic"] = topic[:40]
        return await self._repository.change(note_id, **values)

    async def drop(self, ids: Sequence[str]) -> None:
        if ids:
            await self._repository.mark(ids, deleted=True)

    # -- models

    async def ask(
        self,
        whose: Whose,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 300,
    ) -> str:
        model = await self._model(whose.agent_id)
        generation = Generation(max_tokens=max_tokens, temperature=0, schema=schema)
        said: list[str] = []
        try:
            async with asyncio.timeout(self.settings.learn_timeout):
                async with aclosing(model.stream(messages, generation, lane=Lane.BATCH)) as deltas:
                    async for delta in deltas:
                        said.append(delta.text)
        except TimeoutError:
            raise EngineFailed(
                f"The language model took longer than {self.settings.learn_timeout:g} s to learn.",
                code="learning_timeout",
                hint="It is tried again later; see memory.learn_timeout.",
            ) from None
        return "".join(said).strip()

    @property
    async def embedder(self) -> Embedder:
        return await self._embedder(LEARNER_PATIENCE)

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.BATCH
    ) -> Vectors:
        embedder = await self._embedder(EMBEDDER_PATIENCE if lane is Lane.LIVE else LEARNER_PATIENCE)
        return await embedder.embed(texts, role=role, lane=lane)

    async def vectors(self, notes: Sequence[MemoryRow], *, lane: Lane = Lane.BATCH) -> Vectors:
        embedder = await self._embedder(EMBEDDER_PATIENCE if lane is Lane.LIVE else LEARNER_PATIENCE)
        return await note_vectors(self._repository, embedder, notes, lane)


async def note_vectors(
    repository: MemoryRepository, embedder: Embedder, notes: Sequence[MemoryRow], lane: Lane
) -> Vectors:
    """[notes, dimensions]; what this embedder has not seen is embedded and kept."""
    missing = [note for note in notes if note.embedder != embedder.identity or note.vector is None]
    made: dict[str, Vectors] = {}
    if missing:
        new = await embedder.embed([note.text for note in missing], role="passage", lane=lane)
        made = {note.id: vector for note, vector in zip(missing, new, strict=True)}
        kept = [(one, vector.astype("<f4").tobytes()) for one, vector in made.items()]
        await repository.set_vectors(embedder.identity, kept)
    rows = [
        made[note.id] if note.id in made else np.frombuffer(note.vector or b"", "<f4").astype(np.float32)
        for note in notes
    ]
    return np.stack(rows) if rows else np.zeros((0, 0), np.float32)


def new_id() -> str:
    return f"mem_{secrets.token_hex(8)}"


def as_json(answer: str) -> Any:
    """The JSON value of a model's answer, which may stand in a code fence or between other words.
    ValueError where there is none."""
    start = min((at for at in (answer.find("{"), answer.find("[")) if at >= 0), default=-1)
    if start < 0:
        raise ValueError("there is no JSON in the answer")
    value, _ = json.JSONDecoder().raw_decode(answer[start:])
    return value
