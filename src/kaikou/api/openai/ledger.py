"""The order of a conversation's items, as the client was told it."""

from __future__ import annotations

from collections.abc import Iterable


class Ledger:
    """Item ids in order; answers what ``previous_item_id`` an event must carry."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = list(ids)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._ids

    def append(self, item_id: str) -> None:
        self._ids.append(item_id)

    def insert(self, item_id: str, previous: str | None) -> None:
        """Place an item after ``previous`` (None: first). An item already known stays."""
        if item_id in self._ids:
            return
        if previous is None:
            self._ids.insert(0, item_id)
        elif previous in self._ids:
            self._ids.insert(self._ids.index(previous) + 1, item_id)
        else:
            self._ids.append(item_id)

    def remove(self, item_id: str) -> None:
        if item_id in self._ids:
            self._ids.remove(item_id)

    def previous(self, item_id: str) -> str | None:
        """The id before it; None for the first."""
        index = self._ids.index(item_id)
        return self._ids[index - 1] if index else None
