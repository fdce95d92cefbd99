"""Comparing vectors in PostgreSQL with pgvector: a server holds none of a large base."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Literal

from kaikou.engines.ports import Lane, Vectors
from kaikou.errors import KaikouError, SettingsError
from kaikou.knowledge.nearness import InMemory
from kaikou.knowledge.places import Key
from kaikou.knowledge.vector_index import MEAN, unpacked
from kaikou.store.database import Database
from kaikou.store.windows import NoVectors, Windows

_AT_ONCE = 16
"""Passages between two commits: a few milliseconds of the event loop."""
_TRY_AGAIN = 30.0
"""Seconds after which what could not be filled is tried again."""

log = logging.getLogger(__name__)


class InDatabase:
    """Where the extension came later than the passages, they are filled in by a background task, which
    ``start`` begins and ``stop`` ends; bases that are not complete meanwhile are compared in memory, as are
    those of at most ``small`` passages, which takes half as long there."""

    def __init__(self, windows: Windows, memory: InMemory, small: int) -> None:
        self._windows = windows
        self._memory = memory
        self._least = small + 1
        self._complete: dict[str, tuple[int, str]] = {}
        """Of each large base the revision and the embedder that it was last seen complete at."""
        self._small: dict[str, tuple[int, str]] = {}
        """Of each small base those that it was last seen small at."""
        self._filling: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._filling = asyncio.create_task(self._fill_all(), name="fill pgvector")

    async def stop(self) -> None:
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait({self._filling})
            self._filling = None

    @property
    def holds(self) -> frozenset[str]:
        """The bases that the database was last seen to compare."""
        return frozenset(self._complete)

    async def filled(self) -> None:
        """Wait until the background task has nothing left to fill."""
        if self._filling is not None:
            await asyncio.shield(self._filling)

    async def nearest(
        self, bases: Mapping[str, int], embedder: str, query: Vectors, count: int, lane: Lane
    ) -> dict[Key, float]:
        """See ``Nearness.nearest``."""
        here = [one for one in bases if await self._is_here(one, bases[one], embedder)]
        found: dict[Key, float] = {}
        if here:
            rows = await self._windows.nearest(here, embedder, query, count, MEAN)
            found = {(row.base_id, (row.document_id, row.position)): row.score for row in rows}
        if rest := {one: revision for one, revision in bases.items() if one not in here}:
            found |= await self._memory.nearest(rest, embedder, query, count, lane)
            found = dict(sorted(found.items(), key=lambda one: -one[1])[:count])
        return found

    async def take(self, document_id: str) -> None:
        """See ``Nearness.take``."""
        await self._fill(document_id)

    async def _is_here(self, base_id: str, revision: int, embedder: str) -> bool:
        version = revision, embedder
        if self._complete.get(base_id) == version:
            return True
        if self._small.get(base_id) == version:
            return False
        if not await self._windows.has(base_id, embedder, self._least):
            self._small[base_id] = version
            self._complete.pop(base_id, None)
            return False
        complete = await self._windows.complete(base_id, embedder)
        if complete:
            self._complete[base_id] = version
            self._memory.drop(base_id)
        return complete

    async def _fill(self, document_id: str | None = None) -> int:
        """Returns how many batches there were to fill."""
        place: tuple[str, int] | None = ("", -1)
        batches = -1
        while place is not None:
            batches += 1
            place = await self._windows.fill(unpacked, place, _AT_ONCE, document_id)
        return batches

    async def _fill_all(self) -> None:
        while True:
            try:
                if await self._fill():
                    log.info("the vectors of all passages are in pgvector now")
                return
            except KaikouError as error:
                log.warning("pgvector could not be filled yet: %s", error)
            await asyncio.sleep(_TRY_AGAIN)


async def windows_of(database: Database, wanted: Literal["auto", "memory", "pgvector"]) -> Windows | None:
    """Where the database compares vectors, if ``wanted``, the setting ``knowledge.vectors``, says so; None:
    memory does. SettingsError ``pgvector_unavailable`` where it must and cannot."""
    if wanted == "memory" or (wanted == "auto" and database.sqlite):
        return None
    try:
        return await Windows.open(database)
    except NoVectors as error:
        if wanted == "pgvector":
            raise SettingsError(
                f"knowledge.vectors is pgvector, which is not to be had: {error.message}",
                code=error.code,
                hint=f"{error.hint} Or set KAIKOU_KNOWLEDGE__VECTORS=auto: then memory does.",
                param="knowledge.vectors",
            ) from error
        log.info("vectors are compared in memory: %s", error)
        return None
