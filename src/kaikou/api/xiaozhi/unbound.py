"""A connected device that nobody has bound yet: it shows and speaks its code, and hears nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kaikou.api.xiaozhi import phrases
from kaikou.api.xiaozhi.hello import ClientHello, read_hello, server_hello
from kaikou.api.xiaozhi.speaker import Packing, Speaker
from kaikou.api.xiaozhi.voice import Voice
from kaikou.dialogue import events as ev
from kaikou.errors import KaikouError
from kaikou.settings.services import XiaozhiSettings

if TYPE_CHECKING:
    from kaikou.dialogue.conversation import Conversation

log = logging.getLogger(__name__)

REPEAT_SECONDS = 60.0


class UnboundSession:
    """``code`` gives the device's code as it is now; ``leave`` ends the connection with a reason."""

    def __init__(
        self,
        conversation: Conversation,
        settings: XiaozhiSettings,
        framing: Packing,
        hello: ClientHello,
        *,
        code: Callable[[], str],
        language: str | None,
        transport: str,
        more_hello: Mapping[str, Any] | None = None,
        send: Callable[[str | bytes], None],
        leave: Callable[[str], None],
    ) -> None:
        self.conversation = conversation
        self._settings = settings
        self._hello = hello
        self._code = code
        self._language = language
        self._transport = transport
        self._more_hello = more_hello
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self.speaker = Speaker(framing, send, settings, hello.format)
        self.voice = Voice(self.speaker, conversation.id, lambda _speaking: None)
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at = self._loop.time() + settings.code_minutes * 60

    def open(self) -> None:
        self._answer_hello()
        self._tell()

    def close(self) -> None:
        self.voice.close()
        if self._timer is not None:
            self._timer.cancel()

    def hear(self, packet: bytes) -> None:
        """Nobody listens yet."""

    def receive(self, message: dict[str, Any]) -> None:
        """Answer what keeps a connection alive; leave the rest."""
        match message.get("type"):
            case "hello":
                self._hello = read_hello(message)
                self.speaker.format = self._hello.format
                self._answer_hello()
            case "ping":
                self._send(type="pong", timestamp=datetime.now(UTC).isoformat())
            case "goodbye":
                self._leave("the device said goodbye")

    def sink(self, event: ev.Event) -> None:
        self.voice.take(event)
        if isinstance(event, ev.Failed) and event.fatal:
            self._leave(event.code)

    def _tell(self) -> None:
        if self._loop.time() >= self._ends_at:
            self._leave("the device was not bound in time")
            return
        try:
            code = self._code()
            status, message = phrases.show_code(code, self._language)
            self._send(type="alert", status=status, message=message, emotion="neutral")
            self.conversation.speak(phrases.say_code(code, self._language))
        except KaikouError as error:  # too many wait, or the voice has not come this far
            log.warning("a device was not told its code", extra={"code": error.code})
            self._leave(error.code)
            return
        self._timer = self._loop.call_later(REPEAT_SECONDS, self._tell)

    def _answer_hello(self) -> None:
        rate = self._settings.output_rate
        more = self._more_hello
        self.speaker.say(server_hello(self.conversation.id, self._transport, self._hello, rate, more))

    def _send(self, **body: Any) -> None:
        self.speaker.say({"session_id": self.conversation.id, **body})
