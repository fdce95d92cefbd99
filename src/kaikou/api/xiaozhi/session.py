"""One device's session: its messages become commands of a conversation, and what comes of them
goes back. Whose turn it is, the conversation decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kaikou.api.xiaozhi import phrases
from kaikou.api.xiaozhi.device_mcp import DeviceMcp
from kaikou.api.xiaozhi.ears import Ears
from kaikou.api.xiaozhi.hello import ClientHello, read_hello, server_hello
from kaikou.api.xiaozhi.iot import Things
from kaikou.api.xiaozhi.own_messages import checked
from kaikou.api.xiaozhi.speaker import Packing, Speaker
from kaikou.api.xiaozhi.status import battery_among, tells_status
from kaikou.api.xiaozhi.voice import Voice
from kaikou.audio.pcm import Pcm
from kaikou.devices.battery import Battery, battery_in
from kaikou.devices.device import short
from kaikou.devices.ports import DeviceAnswer
from kaikou.dialogue import events as ev
from kaikou.dialogue.session import TurnPolicy
from kaikou.engines.ports import Tool
from kaikou.errors import InvalidInput, KaikouError
from kaikou.settings.services import XiaozhiSettings

if TYPE_CHECKING:
    from kaikou.dialogue.conversation import Conversation

log = logging.getLogger(__name__)

AUTO = TurnPolicy()
"""The server ends the turn; the device closes its microphone while it speaks."""
MANUAL = TurnPolicy(mode="manual", create_response=False, interrupt_response=False)
"""Push to talk."""
_MODES = {"auto": AUTO, "realtime": AUTO, "manual": MANUAL}

IN_FLIGHT_SECONDS = 0.4
"""What a device sent before it knew that the agent speaks."""
_CALL = "[device_call]"

Body = dict[str, Any]


class DeviceSession:
    """``send`` takes a message for the socket, ``drop`` counts what cannot be used, ``leave`` ends the
    connection with a reason. All methods run on the event loop and none of them waits."""

    def __init__(
        self,
        conversation: Conversation,
        settings: XiaozhiSettings,
        framing: Packing,
        hello: ClientHello,
        *,
        greeting: str,
        language: str | None,
        transport: str,
        send: Callable[[str | bytes], None],
        drop: Callable[[str], None],
        leave: Callable[[str], None],
        on_state: Callable[[], None] = lambda: None,
        on_battery: Callable[[Battery], None] = lambda _: None,
        vision: tuple[str, str] = ("", ""),
        more_hello: Mapping[str, Any] | None = None,
    ) -> None:
        self.conversation = conversation
        self.transport = transport
        self._more_hello = more_hello
        self._settings = settings
        self._greeting = greeting or phrases.woken(language)
        self._language = language
        self._hello = hello
        self._drop = drop
        self._leave = leave
        self._on_state = on_state
        self._on_battery = on_battery
        self._loop = asyncio.get_running_loop()
        self.speaker = Speaker(framing, send, settings, hello.format)
        self.voice = Voice(self.speaker, conversation.id, self._speaking)
        self.ears = Ears(hello, self._hear, drop)
        self.mcp = DeviceMcp(
            self._send_mcp,
            timeout=settings.tool_timeout,
            limits=settings.tools,
            vision_url=vision[0],
            vision_token=vision[1],
            on_tools=self._tools_listed,
        )
        self.things = Things(self._send, settings.tools)
        self._mode = "auto"
        self._leaving = False
        self._awaited: set[str] = set()
        """Turns ended by hand whose words are still to come."""
        self._exit = {phrases.plain(word) for word in settings.exit_words}
        self._wake = {phrases.plain(word) for word in settings.wake_words}
        self._voice_at = self._loop.time()
        self._timers: list[asyncio.TimerHandle] = []
        self._idle: asyncio.TimerHandle | None = None
        self._asking: asyncio.Task[DeviceAnswer] | None = None
        """How the device is: asked once a connection."""

    def open(self) -> None:
        """Answer the hello; the device may talk."""
        self._answer_hello()
        if self._hello.mcp:
            self.mcp.start()
        if self._settings.idle_seconds:
            self._idle = self._loop.call_later(self._settings.idle_seconds, self._look_for_idle)
        self.conversation.start()

    def hear(self, packet: bytes) -> None:
        """An audio packet of the device."""
        self.ears.take(packet)

    def close(self) -> None:
        """The connection is gone."""
        for timer in [*self._timers, *([self._idle] if self._idle else [])]:
            timer.cancel()
        if self._asking is not None:
            self._asking.cancel()
        self.voice.close()
        self.mcp.close()

    @property
    def state(self) -> str:
        if self.voice.speaking:
            return "speaking"
        return "listening" if self.ears.open else "idle"

    @property
    def tools(self) -> Sequence[Tool]:
        return (*self.mcp.tools, *self.things.tools)

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> DeviceAnswer:
        """Never raises."""
        done = self.things.call(name, arguments)
        if done is not None:
            return done
        answer = await self.mcp.call(name, arguments)
        if not answer.failed and tells_status(name) and (battery := battery_in(answer.text)) is not None:
            self._on_battery(battery)
        return answer

    def _tools_listed(self) -> None:
        self._on_state()
        status = next((one.name for one in self.mcp.tools if tells_status(one.name)), None)
        if status is not None and self._asking is None:
            # Its battery is wanted once it sleeps, when it can't be asked.
            self._asking = self._loop.create_task(self.call_tool(status, {}))

    # -- from the device

    def receive(self, message: Body) -> None:
        """A JSON message. Raises KaikouError where the conversation cannot do it."""
        match message.get("type"):
            case "listen":
                self._listen(message)
            case "abort":
                self._abort()
            case "mcp":
                if not self.mcp.receive(message.get("payload")):
                    self._drop("unknown_mcp")
            case "iot":
                if self.things.receive(message):
                    self._on_state()
                    if (battery := battery_among(message.get("states"))) is not None:
                        self._on_battery(battery)
            case "hello":
                self._renegotiate(read_hello(message))
            case "ping":
                self.conversation.stay()
                self._send({"type": "pong", "timestamp": datetime.now(UTC).isoformat()})
            case "goodbye":
                self._leave("the device said goodbye")
            case "server":
                content = short(message.get("action"), 40)
                refusal = {"status": "error", "message": "Not supported.", "content": {"action": content}}
                self._send({"type": "server", **refusal})
            case _:
                self._drop("unknown_type")

    def _abort(self) -> None:
        """Be quiet at once; a device waits for ``tts stop`` even where nothing was said."""
        speaking = self.voice.speaking
        self.conversation.interrupt()
        if self.voice.speaking or not speaking:
            self.speaker.drop()
            self.voice.stop()

    def _listen(self, message: Body) -> None:
        match message.get("state"):
            case "start":
                mode = message.get("mode")
                self._start_listening(mode if isinstance(mode, str) else "auto")
            case "stop":
                self._stop_listening()
            case "detect":
                text = message.get("text") or ""
                if isinstance(text, str):
                    self._detect(text.strip())
                else:
                    self._drop("wrong_type")
            case _:
                self._drop("unknown_state")

    def _start_listening(self, mode: str) -> None:
        policy = _MODES.get(mode, AUTO)
        self._mode = mode if mode in _MODES else "auto"
        self.ears.listen()
        if self._mode == "manual":
            self._voice_at = self._loop.time()  # a button: somebody is there, who may speak for long
            self.ears.unmute()
        self.conversation.clear()
        # In the other modes the microphone is closed while the agent speaks.
        hears_itself = self._mode == "realtime" and not self._hello.aec
        config = replace(self.conversation.config, turn=policy, hears_itself=hears_itself)
        if config != self.conversation.config:
            self.conversation.update(config)
        self._on_state()

    def _stop_listening(self) -> None:
        if not self.ears.open:
            return
        conversation = self.conversation
        if self._mode == "manual":
            self.ears.shut()
            try:
                conversation.commit()
            except InvalidInput:
                self._drop("empty_turn")  # a button touched, nothing said
        elif conversation.listening.state.user != "silent":
            conversation.commit()
        self._on_state()

    def _detect(self, text: str) -> None:
        """Woken, or written to: the same message."""
        self._voice_at = self._loop.time()
        self.conversation.clear()
        if text.startswith(_CALL):
            self.conversation.speak(text.removeprefix(_CALL).strip(), interrupt=True)
        elif phrases.plain(text) in self._wake or not phrases.plain(text):
            self.ears.mute(self._settings.wake_mute_ms / 1000)
            self.conversation.interrupt()
            if text:
                self.voice.heard(text)
            if self._settings.wake_greeting:
                self.conversation.speak(self._greeting)
        elif phrases.plain(text) in self._exit:
            self.voice.heard(text)
            self.take_leave("exit word")
        else:
            text = self.conversation.check_text(text)
            self.conversation.interrupt()
            self.voice.heard(text)
            self.conversation.say(text)

    def _renegotiate(self, hello: ClientHello) -> None:
        self._hello = hello
        self.ears.adopt(hello)
        self.speaker.format = hello.format
        self._answer_hello()
        if hello.mcp:
            self.mcp.start()

    def _hear(self, pcm: Pcm) -> None:
        try:
            self.conversation.hear(pcm)
        except KaikouError as error:  # closed meanwhile, or more than a turn may hold
            self._drop(error.code)

    # -- from the conversation

    def sink(self, event: ev.Event) -> None:
        """Receives the conversation's events, in order."""
        self.voice.take(event)
        match event:
            case ev.SpeechStarted() | ev.PlaybackEnded():
                self._voice_at = self._loop.time()
            case ev.TurnCommitted(item_id=item_id) if self._mode == "manual":
                self._awaited.add(item_id)
            case ev.TranscriptFinal(item_id=item_id, transcript=transcript):
                self._understood(item_id, transcript.text)
            case ev.TranscriptFailed(item_id=item_id, message=message):
                self._awaited.discard(item_id)
                self.alert(phrases.failed(self._language), message, "sad")
            case ev.ReplyDone(status="failed", error_message=message):
                self.alert(phrases.failed(self._language), message, "sad")
            case ev.Left():
                self._go()
            case ev.Failed(fatal=True, code=code):
                self._leave(code)

    def _understood(self, item_id: str, text: str) -> None:
        self._voice_at = self._loop.time()
        awaited = item_id in self._awaited
        self._awaited.discard(item_id)
        if phrases.plain(text) in self._exit:
            # The turn is being committed: what it begins can be ended once that is done.
            self._loop.call_soon(self.take_leave, "exit word")
        elif awaited and text.strip():
            self._loop.call_soon(self._respond)

    def _respond(self) -> None:
        if not self.conversation.closed:
            self.conversation.interrupt()
            self.conversation.respond()

    def _speaking(self, speaking: bool) -> None:
        if speaking and self._mode == "auto":
            self.ears.mute(IN_FLIGHT_SECONDS)
        elif not speaking:
            self._voice_at = self._loop.time()
            if self._leaving:
                self._leave("the agent took leave")
        self._on_state()

    # -- leaving

    def take_leave(self, why: str) -> None:
        """Say goodbye, then end the connection."""
        if self._leaving or self.conversation.closed:
            return
        self._leaving = True
        self.ears.shut()
        log.info("a device is let go", extra={"conversation": self.conversation.id, "why": why})
        self._timers.append(self._loop.call_later(self._settings.leave_seconds, self._leave, why))
        words = self._settings.farewell or phrases.farewell(self._language)
        self.conversation.speak(words, interrupt=True)

    def _go(self) -> None:
        """The agent said goodbye itself: go once the device has played it."""
        if self._leaving or self.conversation.closed:
            return
        self._leaving = True
        self.ears.shut()
        self._timers.append(
            self._loop.call_later(self._settings.leave_seconds, self._leave, "the agent took leave")
        )
        if not self.voice.speaking:
            self._leave("the agent took leave")

    def _look_for_idle(self) -> None:
        left = self._voice_at + self._settings.idle_seconds - self._loop.time()
        conversation = self.conversation
        heard = conversation.listening.state.user != "silent"
        busy = heard or self.voice.speaking or conversation.replying.active
        if left <= 0 and not busy:
            self.take_leave("nobody spoke")
        else:
            self._idle = self._loop.call_later(max(left, 1.0), self._look_for_idle)

    # -- to the device

    def alert(self, status: str, message: str, emotion: str) -> None:
        """Show a message with a sound."""
        self._send({"type": "alert", "status": status, "message": message, "emotion": emotion})

    def pass_on(self, message: Mapping[str, Any]) -> None:
        """Send a message of a tool's own, or of the owner's. InvalidInput ``not_sendable``."""
        self._send(checked(message))

    def reboot(self) -> None:
        self._send({"type": "system", "command": "reboot"})

    def _answer_hello(self) -> None:
        rate = self._settings.output_rate
        more = self._more_hello
        self.speaker.say(server_hello(self.conversation.id, self.transport, self._hello, rate, more))

    def _send_mcp(self, payload: Body) -> None:
        self._send({"type": "mcp", "payload": payload})

    def _send(self, body: Body) -> None:
        self.speaker.say({"session_id": self.conversation.id, **body})
