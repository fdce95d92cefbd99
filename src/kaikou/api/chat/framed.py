"""``kaikou.chat.v1``: many conversations over one socket, none of which lives in it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kaikou.api.chat import frames
from kaikou.api.chat.thread import Thread, encode
from kaikou.api.outbox import Outbox, SlowClient
from kaikou.api.runtime import Runtime, live_service
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.errors import InvalidInput, KaikouError, LimitReached
from kaikou.memory.owners import checked_browser

if TYPE_CHECKING:
    from kaikou.dialogue.conversation import Conversation
    from kaikou.dialogue.items import Item

log = logging.getLogger(__name__)

GUARD_EVERY = 0.1
"""Seconds between looks at what a dropped client has left: a server that stops waits for one."""
TRY_LATER = 1013

CONFIG = SessionConfig(audio_replies=False, turn=TurnPolicy(mode="manual"))


class Gone(Exception):
    """The socket is closed, or must be (``slow``)."""


class FramedChat:
    """One socket of the framed protocol."""

    def __init__(self, websocket: WebSocket, runtime: Runtime) -> None:
        self._websocket = websocket
        self._runtime = runtime
        self._outbox: Outbox = Outbox.within(runtime.settings.limits)
        self._threads: dict[str, Thread] = {}
        self._all: dict[str, Thread] = runtime.extras.setdefault("chat.threads", {})

    async def serve(self) -> None:
        """Run until the client is gone and its conversations need nobody any more."""
        try:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._outbox.drain(self._websocket.send_text))
                    group.create_task(self._watch())
                    group.create_task(self._tidy())
                    await self._receive()
            except* (Gone, SlowClient, WebSocketDisconnect, RuntimeError) as ended:
                if ended.subgroup(RuntimeError) and self._websocket.client_state is WebSocketState.CONNECTED:
                    log.error("a chat socket failed", exc_info=ended)
            await self._close()
            for thread in self._threads.values():
                thread.listeners.discard(self._outbox)
            await self._guard()
        finally:
            for thread in self._threads.values():
                thread.listeners.discard(self._outbox)
                if not thread.listeners:
                    self._all.pop(thread.id, None)
                    if thread.conversation is not None:
                        await thread.conversation.close("client gone")

    # -- in

    async def _receive(self) -> None:
        limit = self._runtime.settings.limits.max_frame_bytes
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise Gone
            text: str | bytes = message.get("text") or message.get("bytes") or ""
            raw: dict[str, Any] = {}
            try:
                if len(text) > limit:
                    raise InvalidInput(
                        f"The frame has {len(text)} bytes; at most {limit} are taken.",
                        code="message_too_large",
                    )
                raw = frames.read(text)
                await self._handle(frames.parse(raw))
            except KaikouError as error:
                self._refuse(error, raw)
            except Exception as error:
                # One bad frame must not end the socket.
                log.error("a chat frame could not be handled", exc_info=error)
                self._refuse(KaikouError("The server failed on this frame."), raw)

    async def _handle(self, frame: frames.Frame) -> None:
        match frame:
            case frames.Open():
                await self._open(frame)
            case frames.UserMessage():
                await self._say(frame)
            case frames.Stop():
                thread = await self._thread(frame.conversation_id)
                if thread.live and thread.conversation is not None:
                    thread.conversation.interrupt()
            case frames.Regenerate():
                await self._regenerate(frame)
            case frames.Edit():
                await self._edit(frame)
            case frames.Delete():
                await self._delete(frame)
            case frames.Resume():
                thread = await self._thread(frame.conversation_id, listen=False)
                missed = thread.after(frame.seq)
                for text in missed if missed is not None else [await self._history(thread)]:
                    self._outbox.put(text)
                thread.listeners.add(self._outbox)

    async def _open(self, frame: frames.Open) -> None:
        if frame.conversation_id is not None:
            thread = await self._thread(frame.conversation_id, listen=False)
            self._outbox.put(await self._history(thread))
            thread.listeners.add(self._outbox)
            return
        thread = await self._begin(frame.agent)
        self._outbox.put(thread.history(()))
        assert thread.conversation is not None
        thread.conversation.start()

    async def _say(self, frame: frames.UserMessage) -> None:
        if frame.conversation_id is None:
            thread = await self._begin(frame.agent)
        else:
            thread = await self._thread(frame.conversation_id)
        conversation = await self._live(thread)
        known = next((item for item in conversation.items if item.id == frame.message_id), None)
        if known is not None:
            # Sent again after a reconnect: it was taken, and its answer is in the stream.
            self._outbox.put(encode("message", thread.id, known.id, thread.seq, role="user", text=known.text))
            return
        conversation.say(frame.text, item_id=frame.message_id)

    async def _regenerate(self, frame: frames.Regenerate) -> None:
        conversation = await self._live(await self._thread(frame.conversation_id))
        items = conversation.items
        if frame.message_id is None:
            # All that followed the user's last words; nothing, where their answer failed.
            cut = max((at for at, item in enumerate(items, 1) if item.role == "user"), default=0)
        else:
            answer = conversation.item(frame.message_id)
            if answer.role != "assistant":
                raise InvalidInput(
                    "Only an answer can be made anew.",
                    code="not_an_answer",
                    param="message_id",
                    hint="Use edit.",
                )
            cut = items.index(answer)
            while cut and items[cut - 1].kind != "message":
                cut -= 1  # the tools that were called for it
        if not any(item.role == "user" for item in items[:cut]):
            raise InvalidInput("There is nothing to answer.", code="nothing_to_answer")
        conversation.interrupt()
        _keep_only(conversation, items[:cut])
        conversation.respond()

    async def _edit(self, frame: frames.Edit) -> None:
        conversation = await self._live(await self._thread(frame.conversation_id))
        item = conversation.item(frame.message_id)
        if item.role != "user":
            raise InvalidInput(
                "Only the user's messages can be edited.", code="not_a_user_message", param="message_id"
            )
        # Before anything is removed: what cannot be said must not cost what was.
        conversation.check_text(frame.text)
        before = conversation.items[: conversation.items.index(item)]
        conversation.interrupt()
        _keep_only(conversation, before)
        conversation.say(frame.text, item_id=item.id)

    async def _delete(self, frame: frames.Delete) -> None:
        conversation = await self._live(await self._thread(frame.conversation_id))
        conversation.item(frame.message_id)
        current = conversation.replying.current
        if current is not None and current.item_id == frame.message_id:
            conversation.interrupt()
        conversation.delete_item(frame.message_id)

    # -- conversations

    async def _begin(self, agent: str | None) -> Thread:
        thread = Thread(self._runtime.settings.limits, agent)
        await self._live(thread)
        thread.listeners.add(self._outbox)
        return thread

    async def _thread(self, conversation_id: str, *, listen: bool = True) -> Thread:
        """The thread of a conversation that exists (NotFound), whose frames this socket gets."""
        thread = self._all.get(conversation_id)
        if thread is None:
            stored = await self._runtime.journal.load(conversation_id)
            thread = self._all.get(conversation_id) or Thread(
                self._runtime.settings.limits, stored.conversation.agent_id
            )
            thread.id = conversation_id
        self._know(thread)
        if listen:
            thread.listeners.add(self._outbox)
        return thread

    def _know(self, thread: Thread) -> None:
        most = self._runtime.settings.limits.chat_conversations
        if thread.id not in self._threads and len(self._threads) >= most:
            raise LimitReached(
                f"One socket may hold {most} conversations.",
                code="too_many_conversations",
                hint="Open another socket, or raise limits.chat_conversations.",
            )
        self._threads[thread.id] = thread
        self._all[thread.id] = thread

    async def _live(self, thread: Thread) -> Conversation:
        """The thread's conversation, opened (again) where it is not."""
        live = live_service(self._runtime)
        thread.used_at = time.monotonic()
        async with thread.opening:
            if thread.conversation is None or thread.conversation.closed:
                thread.conversation = await live.open(
                    CONFIG,
                    thread.sink,
                    agent_id=thread.agent,
                    conversation_id=thread.id or None,
                    surface="chat",
                    browser=checked_browser(self._websocket.query_params.get("browser")),
                )
                thread.id = thread.conversation.id
                self._know(thread)
            return thread.conversation

    async def _history(self, thread: Thread) -> str:
        conversation = thread.conversation
        if conversation is not None and not conversation.closed:
            return thread.history(conversation.items)
        from kaikou.dialogue.sessions.keeper import items_of

        return thread.history(tuple(items_of(await self._runtime.journal.load(thread.id))))

    # -- out

    def _refuse(self, error: KaikouError, raw: dict[str, Any]) -> None:
        """An ``error`` frame for this socket alone; ``seq`` 0, because it is not part of a stream."""
        named = {
            key: raw[key] if isinstance(raw.get(key), str) else None
            for key in ("conversation_id", "message_id")
        }
        self._outbox.put(encode("error", named["conversation_id"], named["message_id"], 0, **error.as_dict()))

    async def _watch(self) -> None:
        await self._outbox.overflowed.wait()
        raise SlowClient

    async def _tidy(self) -> None:
        """Give back the places of conversations that nobody uses just now."""
        linger = self._runtime.settings.live.chat_linger_seconds
        while True:
            await asyncio.sleep(linger / 3)
            for thread in list(self._threads.values()):
                idle = time.monotonic() - thread.used_at > linger
                if idle and thread.conversation is not None and not thread.replying:
                    await thread.conversation.close("idle")

    async def _close(self) -> None:
        if self._websocket.client_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(5):
                await self._websocket.close(TRY_LATER)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            log.debug("the socket could not be closed in order")

    async def _guard(self) -> None:
        """Let replies end and frames be fetched for a while after the client has dropped."""
        until = time.monotonic() + self._runtime.settings.live.resume_seconds
        while time.monotonic() < until and not self._runtime.draining:
            left = [thread for thread in self._threads.values() if not thread.listeners]
            if not left:
                return
            for thread in left:
                if thread.conversation is not None and not thread.replying:
                    await thread.conversation.close("client gone")
            await asyncio.sleep(GUARD_EVERY)


def _keep_only(conversation: Conversation, kept: Sequence[Item]) -> None:
    """Delete every other item, the last first."""
    ids = {item.id for item in kept}
    for later in reversed(conversation.items):
        if later.id not in ids:
            conversation.delete_item(later.id)
