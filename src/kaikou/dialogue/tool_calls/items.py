"""Calls of the server's tools in the history: before the words that follow from them."""

from __future__ import annotations

from collections.abc import Callable

from kaikou.dialogue.events import Event, ItemAdded, ItemDone, ToolCalled, ToolReturned
from kaikou.dialogue.history import History
from kaikou.dialogue.items import Item, new_id
from kaikou.dialogue.speaking.reply import Reply
from kaikou.engines.ports import ToolCall


class ToolItems:
    """Writes one reply's calls into ``history``, and tells ``emit``.

    The reply is one message, which may be there already with what was said before the first call. Calls
    and results stand before it: a model reads them in the order in which they led to the answer.
    """

    def __init__(self, history: History, emit: Callable[[Event], None], reply: Reply) -> None:
        self._history = history
        self._emit = emit
        self._reply = reply
        self._last: str | None = None
        """The item placed last."""

    def called(self, call: ToolCall, title: str) -> Item:
        """A call begins."""
        item = Item(
            new_id("item"), "function_call", call_id=call.id, name=call.name, arguments=call.arguments
        )
        previous = self._place(item)
        self._emit(ItemAdded(item, previous))
        self._emit(ToolCalled(self._reply.id, item, call, server=True, title=title))
        self._emit(ItemDone(item, previous))
        return item

    def returned(self, call: ToolCall, output: str, seconds: float, *, failed: bool) -> None:
        """A call is over."""
        item = Item(new_id("item"), "function_call_output", call_id=call.id, output=output)
        previous = self._place(item)
        self._emit(ItemAdded(item, previous))
        self._emit(ToolReturned(self._reply.id, item, call.id, call.name, seconds, failed))
        self._emit(ItemDone(item, previous))

    def _place(self, item: Item) -> str | None:
        history, reply = self._history, self._reply.item_id
        after: str | None = "last"
        if self._last is not None and self._last in history:
            after = self._last
        elif reply in history:
            after = history.previous_id(reply)
        previous = history.add(item, after, own=True)
        self._last = item.id
        return previous
