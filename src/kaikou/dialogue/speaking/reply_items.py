"""A reply's item in the history: there with its first words, final at its end, cut where it was
interrupted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from kaikou.dialogue.events import (
    Event,
    ItemAdded,
    ItemDone,
    ItemTruncated,
    ReplyDone,
    ReplyReason,
    ReplyStatus,
    ReplyText,
    ToolCalled,
)
from kaikou.dialogue.history import History
from kaikou.dialogue.items import AudioPart, Item, TextPart, new_id
from kaikou.dialogue.speaking.playback import Alignment
from kaikou.dialogue.speaking.reply import Reply
from kaikou.errors import InvalidInput, KaikouError

_ALIGNMENTS = 16


class ReplyItems:
    """Writes a session's replies into ``history``, and tells ``emit``."""

    def __init__(
        self, history: History, emit: Callable[[Event], None], engines: tuple[tuple[str, str], ...]
    ) -> None:
        self._history = history
        self._emit = emit
        self._engines = engines
        self._alignments: OrderedDict[str, Alignment] = OrderedDict()

    def keep(self, reply: Reply) -> None:
        """Remember which words of it are heard by when, for a client that truncates."""
        if reply.plan.audio:
            self._alignments[reply.item_id] = reply.track.alignment
            while len(self._alignments) > _ALIGNMENTS:
                self._alignments.popitem(last=False)

    def heard(self, item_id: str, audio_end_ms: int) -> str:
        """The words of an item heard by ``audio_end_ms``. InvalidInput ``invalid_truncate`` where that
        cannot be."""
        alignment = self._alignments.get(item_id)
        if alignment is None:
            raise InvalidInput(
                f"Item {item_id!r} has no reply audio that could be truncated.",
                code="invalid_truncate",
                hint="Only the latest spoken replies of the assistant can be truncated.",
                param="item_id",
            )
        # Packets are rounded to whole milliseconds, and clients count what they received.
        if audio_end_ms < 0 or audio_end_ms > alignment.total_ms + 50:
            raise InvalidInput(
                f"audio_end_ms is {audio_end_ms}, but the item has {alignment.total_ms:.0f} ms of audio.",
                code="invalid_truncate",
                param="audio_end_ms",
            )
        return alignment.heard(audio_end_ms)

    def report(self, event: Event, reply: Reply | None) -> None:
        """Pass on an event; with its first words the current reply enters the history."""
        ours = isinstance(event, ReplyText) and reply is not None and event.reply_id == reply.id
        if ours and reply is not None and reply.item_id not in self._history:
            item = Item(reply.item_id, role="assistant", status="in_progress")
            self._emit(ItemAdded(item, self._history.add(item, own=True)))
        self._emit(event)

    def shorten(self, item_id: str, heard: str, heard_ms: int) -> None:
        """Keep only what was heard."""
        if item_id not in self._history:
            return
        item = self._history.get(item_id)
        status = item.status if heard == item.text else "incomplete"
        self._history.put(replace(item, parts=(AudioPart(heard),), status=status))
        self._emit(ItemTruncated(item_id, heard_ms, heard))

    def finish(
        self,
        reply: Reply,
        status: ReplyStatus,
        *,
        reason: ReplyReason = "",
        heard: str | None = None,
        error: KaikouError | None = None,
    ) -> None:
        """Make the item final and tell how the reply ended. ``heard``: its text where it was cut."""
        text = (reply.text if heard is None else heard).strip()
        part = AudioPart(text) if reply.plan.audio else TextPart(text)
        whole = status == "completed"
        item: Item | None = Item(
            reply.item_id, role="assistant", parts=(part,), status="completed" if whole else "incomplete"
        )
        assert item is not None
        if reply.item_id in self._history:
            self._history.put(item)
            self._emit(ItemDone(item, self._history.previous_id(item.id)))
        elif not (reply.text and not reply.plan.in_conversation):
            item = None
        if whole:
            self._call_tools(reply)
        self._emit(
            ReplyDone(
                reply.id,
                item,
                reply.text.strip(),
                status,
                reason,
                error.code if error else "",
                str(error) if error else "",
                reply.outcome.usage,
            )
        )
        if reply.waterfall.speech_end and reply.waterfall.spans:
            self._emit(reply.waterfall.metrics(reply.id, self._engines))

    def _call_tools(self, reply: Reply) -> None:
        for call in reply.outcome.calls:
            item = Item(
                new_id("item"), "function_call", call_id=call.id, name=call.name, arguments=call.arguments
            )
            if reply.plan.in_conversation:
                self._emit(ItemAdded(item, self._history.add(item, own=True)))
            self._emit(ToolCalled(reply.id, item, call))
            if reply.plan.in_conversation:
                self._emit(ItemDone(item, self._history.previous_id(item.id)))
