"""Remembering nothing."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.memory.ports import Kit, Turn, Whose


class Memory:
    """Every conversation begins anew."""

    title = "Nothing"
    description = "Every conversation begins anew."

    def __init__(self, kit: Kit) -> None:
        """Needs nothing."""

    async def recall(self, whose: Whose, query: str) -> str:
        return ""

    async def learn(self, whose: Whose, turns: Sequence[Turn]) -> None:
        """Nothing is kept."""
