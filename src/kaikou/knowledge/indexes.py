"""The indexes in memory: built when first searched, built anew when the base has changed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sized
from dataclasses import dataclass, field
from typing import Generic, TypeVar

One = TypeVar("One", bound=Sized)


@dataclass(slots=True)
class _Kept(Generic[One]):
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    index: One | None = None
    version: Hashable = None


class Indexes(Generic[One]):
    """One index a base; those not searched for longest go when there are more than ``most`` passages."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, _Kept[One]] = OrderedDict()

    async def get(self, base_id: str, version: Hashable, build: Callable[[], Awaitable[One]]) -> One:
        """The index of the base in this version; ``build`` makes it where it is another or none."""
        kept = self._kept.setdefault(base_id, _Kept())
        self._kept.move_to_end(base_id)
        if kept.index is not None and kept.version == version:
            return kept.index
        async with kept.lock:
            if kept.index is None or kept.version != version:
                kept.index = await build()
                kept.version = version
                self._forget()
        return kept.index

    def drop(self, base_id: str) -> None:
        """It is not needed any more."""
        self._kept.pop(base_id, None)

    def _forget(self) -> None:
        held = sum(len(one.index) for one in self._kept.values() if one.index is not None)
        while held > self._most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            held -= len(oldest.index) if oldest.index is not None else 0
