"""A live conversation's items in order, and the prompt made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kaikou.dialogue.items import AudioPart, ImagePart, Item
from kaikou.dialogue.units import count_units
from kaikou.engines.ports import Message, ToolCall
from kaikou.errors import InvalidInput, LimitReached, NotFound

NO_RESULT = "There is no result yet."
"""What a model reads of a client's function that has not answered."""


class History:
    """Ordered items. ``limit`` bounds those that a client adds; what answers them is the agent's ``own``."""

    def __init__(self, items: Iterable[Item] = (), limit: int = 2000) -> None:
        self._items: dict[str, Item] = {item.id: item for item in items}
        self._limit = limit

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item_id: str) -> bool:
        return item_id in self._items

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(self._items.values())

    @property
    def last_id(self) -> str | None:
        return next(reversed(self._items), None)

    def get(self, item_id: str) -> Item:
        try:
            return self._items[item_id]
        except KeyError:
            raise NotFound(
                f"The conversation has no item {item_id!r}.", code="item_not_found", param="item_id"
            ) from None

    def previous_id(self, item_id: str) -> str | None:
        previous = None
        for known in self._items:
            if known == item_id:
                return previous
            previous = known
        return previous

    def check_room(self) -> None:
        """LimitReached ``items_limit`` where nothing more can be asked of the conversation."""
        if len(self._items) >= self._limit:
            raise LimitReached(
                f"The conversation holds {self._limit} items and takes no more.",
                code="items_limit",
                hint="Delete items, or start a new conversation (setting limits.max_items).",
            )

    def add(self, item: Item, after: str | None = "last", *, own: bool = False) -> str | None:
        """Insert after an item id, at the end ("last"), or first (None). Returns the id before it.
        ``own``: it follows from what was taken in, and there is room for it."""
        if item.id in self._items:
            raise InvalidInput(
                f"The conversation already has an item {item.id!r}.", code="item_exists", param="item.id"
            )
        if not own:
            self.check_room()
        if after == "last" or (after is not None and after == self.last_id):
            previous = self.last_id
            self._items[item.id] = item
            return previous
        if after is not None and after not in self._items:
            raise NotFound(
                f"The conversation has no item {after!r} to insert after.",
                code="item_not_found",
                param="previous_item_id",
            )
        ordered: dict[str, Item] = {} if after is not None else {item.id: item}
        for known, value in self._items.items():
            ordered[known] = value
            if known == after:
                ordered[item.id] = item
        self._items = ordered
        return after

    def put(self, item: Item) -> None:
        """Replace an item that is already there."""
        self.get(item.id)
        self._items[item.id] = item

    def delete(self, item_id: str) -> Item:
        item = self.get(item_id)
        del self._items[item_id]
        return item

    def forget_audio(self, keep: int) -> None:
        """Drop the recordings of all but the newest ``keep`` spoken items (memory stays bounded)."""
        spoken = [item for item in self._items.values() if any(_has_audio(part) for part in item.parts)]
        for item in spoken[: max(0, len(spoken) - keep)]:
            parts = tuple(
                AudioPart(part.transcript) if isinstance(part, AudioPart) else part for part in item.parts
            )
            self._items[item.id] = replace(item, parts=parts)


def _has_audio(part: object) -> bool:
    return isinstance(part, AudioPart) and part.audio is not None


def estimate_tokens(text: str) -> int:
    """A rough upper count for budgets: hanzi and words weigh 1.4 tokens, plus 4 a message."""
    return int(count_units(text) * 1.4) + 4


class PromptWindow:
    """Chooses the part of the history that fits the budget, and keeps the choice stable.

    Dropping one old turn at each new one would change the prompt's prefix every time and empty
    the model's prompt cache; so when the budget is passed, half of it is freed at once.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._dropped: set[str] = set()

    def messages(self, instructions: str, items: Sequence[Item]) -> list[Message]:
        kept = [item for item in items if item.id not in self._dropped]
        costs = [estimate_tokens(item.text or item.output or item.arguments or "") for item in kept]
        total = sum(costs)
        if total > self._budget:
            while kept and total > self._budget // 2 and len(kept) > 1:
                self._dropped.add(kept[0].id)
                total -= costs[0]
                kept, costs = kept[1:], costs[1:]
            # A function's result without its call is refused by most models.
            called = {item.call_id for item in kept if item.kind == "function_call"}
            lost = [one for one in kept if one.kind == "function_call_output" and one.call_id not in called]
            self._dropped.update(one.id for one in lost)
            kept = [item for item in kept if item.id not in self._dropped]
        return to_messages(instructions, kept)


def to_messages(instructions: str, items: Iterable[Item]) -> list[Message]:
    """Items as a model's prompt. Function calls in a row share one assistant message with the words right
    before them: so the model gave them. Their results follow at once, whenever they came: most models
    refuse a call without, or with anything in between."""
    items = list(items)
    results = {item.call_id: item for item in items if item.kind == "function_call_output"}
    messages = [Message("system", instructions)] if instructions else []
    calls: list[ToolCall] = []

    def flush() -> None:
        if not calls:
            return
        last = messages[-1] if messages else None
        if last is not None and last.role == "assistant" and not last.tool_calls:
            messages[-1] = replace(last, tool_calls=tuple(calls))
        else:
            messages.append(Message("assistant", "", tool_calls=tuple(calls)))
        for call in calls:
            result = results.pop(call.id, None)
            output = NO_RESULT if result is None else result.output or ""
            messages.append(Message("tool", output, tool_call_id=call.id))
        calls.clear()

    for item in items:
        if item.kind == "function_call":
            calls.append(ToolCall(item.call_id or item.id, item.name or "", item.arguments or "{}"))
            continue
        flush()
        if item.kind == "function_call_output":
            if item.call_id in results:
                messages.append(Message("tool", item.output or "", tool_call_id=item.call_id))
            continue
        images = tuple(part.url for part in item.parts if isinstance(part, ImagePart))
        text = item.text
        if item.role == "assistant" and item.status == "incomplete" and text:
            text += " …"  # so that the model sees it was cut off there
        if text or images:
            messages.append(Message(item.role or "user", text, images=images))
    flush()
    return messages
