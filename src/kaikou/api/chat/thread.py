"""One conversation of the framed chat: its frames in order, remembered for those who come back."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from kaikou.api.chat.frames import VERSION
from kaikou.api.outbox import Outbox
from kaikou.dialogue.events import (
    EmotionShown,
    Event,
    Failed,
    ItemAdded,
    ItemDeleted,
    Left,
    ReplyDone,
    ReplyStarted,
    ReplyText,
    ToolCalled,
    ToolReturned,
)
from kaikou.dialogue.items import Item
from kaikou.settings.tree import LimitSettings

if TYPE_CHECKING:
    from kaikou.dialogue.conversation import Conversation

_STATUS = {"cancelled": "stopped"}


class Thread:
    """Numbers every frame (``seq``, from 1), sends it to all who listen, and keeps the last ones.

    Its live conversation comes and goes (it holds a place only while it is used); the thread and
    its numbers stay as long as somebody listens or may come back.
    """

    def __init__(self, limits: LimitSettings, agent: str | None = None) -> None:
        self._limits = limits
        self.id = ""
        self.agent = agent
        self.conversation: Conversation | None = None
        self.listeners: set[Outbox] = set()
        self.opening = asyncio.Lock()
        self.used_at = time.monotonic()
        self.seq = 0
        self._frames: deque[tuple[int, str]] = deque()
        self._chars = 0
        self._writing: dict[str, list[str]] = {}
        """Text so far of the replies under way, by item id."""

    @property
    def live(self) -> bool:
        return self.conversation is not None and not self.conversation.closed

    @property
    def replying(self) -> bool:
        return self.live and self.conversation is not None and self.conversation.replying.active

    # -- out

    def sink(self, event: Event) -> None:
        """Receives the conversation's events."""
        self.used_at = time.monotonic()
        match event:
            case ItemAdded(item, previous) if item.kind == "message" and item.role == "user":
                self._send("message", item.id, role="user", text=item.text, previous_id=previous)
            case ItemDeleted(item_id):
                self._send("removed", item_id)
            case ReplyStarted():
                self._writing[event.item_id] = []
                self._send("reply_started", event.item_id, role="assistant")
            case ReplyText():
                self._writing.setdefault(event.item_id, []).append(event.delta)
                self._send("delta", event.item_id, text=event.delta)
            case EmotionShown():
                self._send("emotion", None, emotion=event.emotion, emoji=event.emoji)
            case ToolCalled(server=True):
                self._send(
                    "tool_called",
                    self._writing_now,
                    call_id=event.call.id,
                    name=event.call.name,
                    title=event.title,
                    arguments=event.call.arguments,
                )
            case ToolReturned():
                self._send(
                    "tool_returned",
                    self._writing_now,
                    call_id=event.call_id,
                    name=event.name,
                    output=event.item.output or "",
                    failed=event.failed,
                    seconds=round(event.seconds, 3),
                )
            case ReplyDone():
                self._done(event)
            case Left():
                self._send("left", None)
            case Failed() if not event.fatal and event.reply_id is None:
                self._send("error", None, code=event.code, message=event.message, hint=event.hint)
            case _:
                return  # sound, metrics, and a session that ended by its age: it is opened again

    @property
    def _writing_now(self) -> str | None:
        """The message that is being written, which a tool is called for."""
        return next(reversed(self._writing), None)

    def _done(self, event: ReplyDone) -> None:
        item_id = event.item.id if event.item is not None else next(iter(self._writing), None)
        if item_id is not None:
            self._writing.pop(item_id, None)
        fields: dict[str, Any] = {
            "text": event.item.text if event.item is not None else event.text,
            "status": _STATUS.get(event.status, event.status),
        }
        if event.status == "failed":
            fields["error"] = {"code": event.error_code, "message": event.error_message}
        self._send("reply_done", item_id, **fields)

    def _send(self, kind: str, message_id: str | None, **fields: Any) -> None:
        self.seq += 1
        text = encode(kind, self.id, message_id, self.seq, **fields)
        self._frames.append((self.seq, text))
        self._chars += len(text)
        most = self._limits
        while len(self._frames) > most.chat_frames or self._chars > most.chat_chars:
            self._chars -= len(self._frames.popleft()[1])
        for outbox in self.listeners:
            outbox.put(text)

    # -- for those who come back

    def after(self, seq: int) -> list[str] | None:
        """The frames that followed ``seq``; None where some of them are forgotten or never were."""
        oldest = self._frames[0][0] if self._frames else self.seq + 1
        if seq > self.seq or seq < oldest - 1:
            return None
        return [text for number, text in self._frames if number > seq]

    def history(self, items: Iterable[Item]) -> str:
        """The ``history`` frame: the whole conversation as it stands at the current ``seq``."""
        messages: list[dict[str, Any]] = []
        tools: list[dict[str, Any]] = []
        for item in items:
            if item.kind == "function_call":
                tools.append(
                    {"call_id": item.call_id, "name": item.name, "arguments": item.arguments, "output": None}
                )
            elif item.kind == "function_call_output":
                for one in tools:
                    if one["call_id"] == item.call_id:
                        one["output"] = item.output
            elif item.role in ("user", "assistant"):
                text = "".join(self._writing[item.id]) if item.id in self._writing else item.text
                message: dict[str, Any] = {
                    "message_id": item.id,
                    "role": item.role,
                    "text": text,
                    "status": item.status,
                }
                if item.role == "assistant" and tools:
                    message["tools"] = tools
                messages.append(message)
                tools = []
        return encode("history", self.id, None, self.seq, agent=self.agent, messages=messages)


def encode(kind: str, conversation_id: str | None, message_id: str | None, seq: int, **fields: Any) -> str:
    """A server frame as text."""
    frame = {
        "v": VERSION,
        "type": kind,
        "conversation_id": conversation_id or None,
        "message_id": message_id,
        "seq": seq,
        **fields,
    }
    return orjson.dumps(frame).decode()
