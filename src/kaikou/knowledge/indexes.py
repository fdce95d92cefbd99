"""The indexes in memory: built when first searched, built anew when the base has changed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.knowledge.index import Collected, Index
from kaikou.store.passages import PassageRepository


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    index: Index | None = None
    version: tuple[int, str | None] = (-1, None)


class Indexes:
    """One index a base; those not searched for longest go when there are more than ``most`` passages."""

    def __init__(self, passages: PassageRepository, pool: Pool, most: int) -> None:
        self._passages = passages
        self._pool = pool
        self._most = most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def get(self, base_id: str, revision: int, embedder: str | None) -> Index:
        """The index of the base at this revision, with vectors of this embedder."""
        kept = self._kept.setdefault(base_id, _Kept())
        self._kept.move_to_end(base_id)
        version = (revision, embedder)
        if kept.index is not None and kept.version == version:
            return kept.index
        async with kept.lock:
            if kept.index is None or kept.version != version:
                collected = Collected()
                async for rows in self._passages.of_base(base_id, embedder):
                    collected.add(rows)
                kept.index = await self._pool.run("knowledge", Lane.INTERACTIVE, Index, collected)
                kept.version = version
                self._forget()
        return kept.index

    def _forget(self) -> None:
        held = sum(len(one.index) for one in self._kept.values() if one.index is not None)
        while held > self._most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            held -= len(oldest.index) if oldest.index is not None else 0
