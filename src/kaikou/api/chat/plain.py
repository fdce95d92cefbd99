"""The plain protocol: text in, raw chunks of the reply out; history lives with the connection."""

from __future__ import annotations

import asyncio
import logging

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kaikou.api.outbox import Outbox, SlowClient
from kaikou.api.runtime import Runtime, live_service
from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.events import Event, Failed, Left, ReplyDone, ReplyText
from kaikou.dialogue.session import SessionConfig, TurnPolicy
from kaikou.errors import KaikouError
from kaikou.memory.owners import checked_browser

log = logging.getLogger(__name__)

NORMAL, FAILED, TRY_LATER = 1000, 1011, 1013


class Gone(Exception):
    """The client left, or the conversation ended (``code`` closes the socket)."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__()
        self.code = code


class PlainChat:
    """One socket: messages are answered one after the other, in order."""

    def __init__(self, websocket: WebSocket, runtime: Runtime) -> None:
        self._websocket = websocket
        self._runtime = runtime
        limits = runtime.settings.limits
        self._outbox: Outbox = Outbox.within(limits)
        self._messages: asyncio.Queue[str] = asyncio.Queue(limits.chat_waiting)
        self._answered = asyncio.Event()
        self._ended = asyncio.Event()

    async def serve(self) -> None:
        """Run until the client is gone."""
        conversation: Conversation | None = None
        code: int | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._outbox.drain(self._websocket.send_text))
                conversation = await self._open()
                group.create_task(self._answer(conversation))
                group.create_task(self._watch())
                await self._receive()
        except* Gone as ends:
            code = next((end.code for end in ends.exceptions if isinstance(end, Gone)), None)
        except* (SlowClient, WebSocketDisconnect, RuntimeError) as lost:
            code = TRY_LATER
            if lost.subgroup(RuntimeError) and self._websocket.client_state is WebSocketState.CONNECTED:
                log.error("a chat socket failed", exc_info=lost)
        finally:
            if conversation is not None:
                await conversation.close("client gone")
        if code is not None and self._websocket.client_state is WebSocketState.CONNECTED:
            try:
                async with asyncio.timeout(5):
                    await self._websocket.close(code)
            except (TimeoutError, RuntimeError, WebSocketDisconnect):
                log.debug("the socket could not be closed in order")

    async def _open(self) -> Conversation:
        try:
            return await live_service(self._runtime).open(
                SessionConfig(audio_replies=False, turn=TurnPolicy(mode="manual")),
                self._sink,
                agent_id=self._websocket.query_params.get("agent"),
                surface="chat",
                browser=checked_browser(self._websocket.query_params.get("browser")),
            )
        except KaikouError as error:
            self._outbox.put(str(error))
            await self._outbox.flushed()
            raise Gone(TRY_LATER) from None

    async def _receive(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise Gone
            data = message.get("text")
            text = data if data is not None else (message.get("bytes") or b"").decode(errors="replace")
            try:
                self._messages.put_nowait(text)
            except asyncio.QueueFull:
                self._outbox.put(f"At most {self._messages.maxsize} messages may wait for an answer.")

    async def _answer(self, conversation: Conversation) -> None:
        while True:
            text = await self._messages.get()
            self._answered.clear()
            try:
                conversation.say(text)
            except KaikouError as error:
                self._outbox.put(str(error))
                continue
            # The conversation bounds a reply itself, and always reports its end.
            await self._answered.wait()

    def _sink(self, event: Event) -> None:
        match event:
            case ReplyText():
                self._outbox.put(event.delta)
            case ReplyDone():
                if event.status == "failed":
                    self._outbox.put(event.error_message)
                self._answered.set()
            case Failed() if event.fatal:
                self._ended.set()
            case Left():
                self._ended.set()

    async def _watch(self) -> None:
        waits = [asyncio.ensure_future(one.wait()) for one in (self._ended, self._outbox.overflowed)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._outbox.overflowed.is_set():
            raise SlowClient
        raise Gone(NORMAL)
