"""What is remembered, as a person handles it: seen, searched, written, corrected, erased, taken along."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kaikou.engines.ports import Lane
from kaikou.errors import InvalidInput, KaikouError, LimitReached, NotFound
from kaikou.memory.kit import new_id, note_vectors
from kaikou.memory.owners import checked_owner
from kaikou.memory.ports import EmbedderSource, OnChange
from kaikou.settings.services import MemorySettings
from kaikou.store.memories import MemoryRepository, MemoryRow, PersonRow
from kaikou.store.records import now

PATIENCE = 10.0
MOST_SEARCHED = 2_000
BY_HAND = "facts"
"""The module that what a person writes belongs to."""


@dataclass(frozen=True, slots=True)
class Found:
    """A memory, and how near to what was searched (None: nothing was, or words alone decided)."""

    memory: MemoryRow
    score: float | None = None


class MemoryLibrary:
    """All memories of all agents."""

    def __init__(
        self,
        repository: MemoryRepository,
        embedder: EmbedderSource,
        settings: MemorySettings,
        on_change: OnChange,
        abandon: Callable[[str | None, str | None], Awaitable[None]],
    ) -> None:
        """``abandon(agent, who)`` gives up what is being learned about them."""
        self._repository = repository
        self._abandon = abandon
        self._embedder = embedder
        self._settings = settings
        self._on_change = on_change

    async def get(self, memory_id: str) -> MemoryRow:
        """NotFound ``memory_not_found``."""
        found = await self._repository.get(memory_id)
        if found is None:
            raise NotFound(f"There is no memory {memory_id[:60]!r}.", code="memory_not_found", param="id")
        return found

    async def page(
        self, agent_id: str | None, who: str | None, offset: int, limit: int
    ) -> tuple[list[Found], int]:
        """Newest first, and how many there are."""
        rows, total = await self._repository.page(agent_id, who, offset, limit)
        return [Found(row) for row in rows], total

    async def search(self, query: str, agent_id: str | None, who: str | None, limit: int) -> list[Found]:
        """Best first: what holds the words themselves, then by meaning where the embedder is there."""
        if not query.strip():
            raise InvalidInput("There is nothing to search for.", code="empty_search", param="q")
        rows, _ = await self._repository.page(agent_id, who, 0, MOST_SEARCHED)
        folded = query.casefold().strip()
        literal = [row for row in rows if folded in row.text.casefold()]
        try:
            embedder = await self._embedder(PATIENCE)
            vectors = await note_vectors(self._repository, embedder, rows, Lane.INTERACTIVE)
            asked = await embedder.embed([query], role="query", lane=Lane.INTERACTIVE)
        except KaikouError:
            return [Found(row) for row in literal[:limit]]
        if not rows:
            return []
        near = vectors @ asked[0]
        by_id = {row.id: float(score) for row, score in zip(rows, near, strict=True)}
        ranked = [rows[at] for at in np.argsort(near)[::-1]]
        first = dict.fromkeys([row.id for row in literal] + [row.id for row in ranked])
        rows_by_id = {row.id: row for row in rows}
        return [Found(rows_by_id[one], by_id[one]) for one in list(first)[:limit]]

    async def people(self) -> tuple[PersonRow, ...]:
        return await self._repository.people()

    async def all(self, agent_id: str | None, who: str | None) -> tuple[MemoryRow, ...]:
        """For taking along."""
        rows, total = await self._repository.page(agent_id, who, 0, MOST_SEARCHED)
        while len(rows) < total:
            more, total = await self._repository.page(agent_id, who, len(rows), MOST_SEARCHED)
            if not more:
                break
            rows += more
        return rows

    async def add(self, agent_id: str, who: str, text: str) -> MemoryRow:
        """Write something in by hand. Errors: ``invalid_memory``, ``invalid_browser``, ``memory_full``."""
        text = self._checked(text)
        here = await self._repository.of(agent_id, checked_owner(who), BY_HAND)
        if sum(row.edited for row in here) >= self._settings.max_notes:
            raise LimitReached(
                f"{self._settings.max_notes} memories were written by hand already.",
                code="memory_full",
                hint="Delete some, or raise KAIKOU_MEMORY__MAX_NOTES.",
            )
        moment = now()
        row = MemoryRow(new_id(), agent_id, who, BY_HAND, "other", text, None, True, moment, moment)
        await self._repository.add(row)
        self._tell("added", [row])
        return row

    async def change(self, memory_id: str, text: str) -> MemoryRow:
        """Correct it; from then on only a person changes it. Errors: ``memory_not_found``,
        ``invalid_memory``."""
        text = self._checked(text)
        await self.get(memory_id)
        moment = now()
        await self._repository.change(
            memory_id, text=text, edited=True, embedder=None, vector=None, updated_at=moment
        )
        found = await self.get(memory_id)
        self._tell("changed", [found])
        return found

    async def delete(self, memory_id: str) -> None:
        """Throw one away; ``restore`` brings it back for a while."""
        await self.get(memory_id)
        self._tell("deleted", await self._repository.mark([memory_id], deleted=True))

    async def erase(
        self, ids: Sequence[str] | None, agent_id: str | None, who: str | None
    ) -> tuple[str, ...]:
        """Throw away many: those of ``ids``, else all that fits, with what waits to be learned."""
        if ids is None:
            await self._abandon(agent_id, who)
            ids = await self._repository.ids(agent_id, who)
        gone = await self._repository.mark(ids, deleted=True)
        self._tell("deleted", gone)
        return tuple(row.id for row in gone)

    async def restore(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Bring back what was thrown away a moment ago."""
        back = await self._repository.mark(ids, deleted=False)
        self._tell("restored", back)
        return tuple(row.id for row in back)

    async def move(
        self, ids: Sequence[str] | None, agent_id: str | None, who: str | None, to: str
    ) -> tuple[str, ...]:
        """Those of ``ids``, else all that fits, are ``to``'s: what somebody told in a browser that forgot who
        it is, or before browsers were told apart. Gives those that were not yet. Errors as of :meth:`add`."""
        to = checked_owner(to)
        if ids is None:
            ids = await self._repository.ids(agent_id, who)
        rows = await self._repository.move(ids, to)
        self._tell("moved", rows)
        return tuple(row.id for row in rows)

    def _tell(self, change: str, rows: Sequence[MemoryRow]) -> None:
        told: dict[tuple[str, str], list[str]] = {}
        for row in rows:
            told.setdefault((row.agent_id, row.who), []).append(row.id)
        for (agent, who), ids in told.items():
            self._on_change(agent=agent, who=who, change=change, ids=ids)

    def _checked(self, text: str) -> str:
        text = " ".join(text.split())
        most = self._settings.max_chars
        if not 0 < len(text) <= most:
            raise InvalidInput(f"A memory has 1 to {most} characters.", code="invalid_memory", param="text")
        return text
