"""``conn``: the conversation as such a function sees it. Only what has a meaning here exists."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import uuid
from collections import OrderedDict, deque
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kaikou.engines import ports
from kaikou.reloading.foreign import LoguruLike
from kaikou.tools.ports import Caller, ChangePrompt, Effect, PlayAudio
from kaikou.tools.shim.device import Line, Memory
from kaikou.tools.shim.dialogue import Dialogue, Message
from kaikou.tools.shim.services import ANSWER_SECONDS, Executor, FunctionHandler, Model, waited
from kaikou.tools.shim.speech import Speech
from kaikou.tools.threads import ToolThreads

log = logging.getLogger("kaikou.plugins")

MOST_CONVERSATIONS = 256
"""What plugins left at ``conn`` is kept of so many; the ones longest unused are forgotten first."""
_MOST_MESSAGES = 200
_LOOK_SECONDS = 10.0
_FACTS: Mapping[str, Any] = MappingProxyType(
    {
        "intent_type": "function_call",
        "load_function_plugin": True,
        "client_ip": None,
        "client_abort": False,
        "client_is_speaking": False,
        "need_bind": False,
        "read_config_from_api": False,
        "calling": False,
        "incoming_call": None,
        "client_ip_info": MappingProxyType({}),
        "llm_finish_task": True,
        "tts_first_text_index": -1,
        "tts_last_text_index": -1,
        "use_function_call_mode": True,
    }
)
"""What such a server's connection begins with, as far as it is true here as well; a plugin may set it."""


@dataclass(slots=True)
class Kept:
    """What plugins left at ``conn`` for their later calls in a conversation."""

    attributes: dict[str, Any] = field(default_factory=dict)
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=_MOST_MESSAGES))


class KeptByConversation:
    """The last conversations' ``Kept``."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def of(self, conversation_id: str) -> Kept:
        kept = self._kept.setdefault(conversation_id, Kept())
        self._kept.move_to_end(conversation_id)
        while len(self._kept) > MOST_CONVERSATIONS:
            self._kept.popitem(last=False)
        return kept


class PluginLoop:
    """The event loop for a plugin, which may start tasks from any thread; ``started`` are those of a call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.real = loop
        self.started: list[asyncio.Future[Any] | concurrent.futures.Future[Any]] = []

    def create_task(self, coroutine: Coroutine[Any, Any, Any], **options: Any) -> Any:
        started: asyncio.Future[Any] | concurrent.futures.Future[Any]
        if self.here():
            started = self.real.create_task(coroutine, **options)
        else:
            started = asyncio.run_coroutine_threadsafe(coroutine, self.real)
        self.started.append(started)
        return started

    def here(self) -> bool:
        """Whether this is the loop's own thread."""
        try:
            return asyncio.get_running_loop() is self.real
        except RuntimeError:
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Connection:
    """One call's. What it lacks raises AttributeError, naming it; what a plugin sets of its own is found
    again at its next call in the conversation."""

    _OWN = frozenset(
        {"caller", "config", "device_id", "session_id", "headers", "logger", "loop", "close_after_chat"}
        | {"sentence_id", "current_speaker", "tts", "effects", "kept", "spoke", "prompt", "_prompt", "over"}
        | {"llm", "func_handler", "executor", "audio_play_queue", "websocket", "memory", "tts_queue"}
    )

    def __init__(
        self, caller: Caller, config: dict[str, Any], loop: PluginLoop, kept: Kept, threads: ToolThreads
    ) -> None:
        self.caller = caller
        self.kept = kept
        self.config = config
        self.device_id = caller.device_id
        self.session_id = caller.conversation_id
        self.headers = {"device-id": caller.device_id or ""}
        self.logger = LoguruLike(log)
        self.loop = loop
        self._prompt: str | None = None
        self.sentence_id = uuid.uuid4().hex
        self.current_speaker = caller.speaker
        self.tts = Speech(self)
        self.audio_play_queue = self.tts.tts_audio_queue
        self.tts_queue = self.tts.tts_queue
        self.websocket = Line(self)
        self.memory = Memory(self)
        self.llm = Model(self)
        self.func_handler = FunctionHandler(self)
        self.executor = Executor(loop, threads)
        self.close_after_chat = False
        """Set by the function: the conversation ends once its words are spoken."""
        self.effects: list[Effect] = []
        """What it asked of the conversation."""
        self.over = False
        """Whether the call has returned: what is asked of the conversation then comes too late."""
        self.spoke = False
        """Whether it had something spoken or played of its own accord."""

    @property
    def u_id(self) -> str:
        """What older plugins number their sentences by."""
        return self.session_id

    @property
    def prompt(self) -> str:
        """The instructions in force; setting them alone puts nothing in force."""
        if self._prompt is not None:
            return self._prompt
        return next((one.content for one in self._seen() if one.role == "system"), "")

    @prompt.setter
    def prompt(self, prompt: str) -> None:
        self._prompt = prompt

    @property
    def dialogue(self) -> Dialogue:
        """The conversation as it is now, with the messages that plugins added."""
        seen = [_as_written(message) for message in self._seen()]
        return Dialogue(
            [*seen, *self.kept.messages],
            change_prompt=self.change_system_prompt,
            keep=self.kept.messages.append,
        )

    def change_system_prompt(self, prompt: str) -> None:
        """Go on with other instructions, from the end of this call to the end of the conversation."""
        self.prompt = prompt
        self._ask(ChangePrompt(prompt))

    def chat(self, query: str, *_: Any, **__: Any) -> bool:
        """Answer these words of a user's, aloud. Blocks."""
        asked = [*self._seen(), ports.Message("user", query)]
        self.say(waited(self.loop, "conn.chat", self.caller.ask(asked), ANSWER_SECONDS))
        return True

    def recode_first_last_text(self, text: str, text_index: int = 0) -> None:
        """Nothing to do: what is said is counted here."""

    def speak_and_play(self, file_path: str | None, content: str | None, text_index: int = 0) -> None:
        """Speak words, or play a file; what comes of it was put into ``conn.tts_queue`` there."""
        if file_path:
            self.play(file_path, content)
        elif content:
            self.say(content)

    def say(self, text: str) -> None:
        """Speak in between."""
        self.spoke = True
        self.loop.create_task(self.caller.say(text))

    def play(self, file: str, title: str | None) -> None:
        """Play a sound file after the reply."""
        self.spoke = True
        self._ask(PlayAudio(Path(file), title or Path(file).stem))

    def _ask(self, effect: Effect) -> None:
        if self.over:
            log.warning("a plugin asked for %s after its call had returned", effect)
        self.effects.append(effect)

    def _seen(self) -> list[ports.Message]:
        if self.loop.here():
            return list(self.caller.messages())

        async def look() -> list[ports.Message]:
            return list(self.caller.messages())

        return waited(self.loop, "conn.dialogue", look(), _LOOK_SECONDS)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._OWN:
            object.__setattr__(self, name, value)
        else:
            self.kept.attributes[name] = value

    def __getattr__(self, name: str) -> Any:
        # Reached for what isn't set; ``kept`` itself may be missing while an instance is copied.
        kept = self.__dict__.get("kept")
        if kept is not None and name in kept.attributes:
            return kept.attributes[name]
        if name in _FACTS:
            return _FACTS[name]
        raise AttributeError(f"conn.{name} has no counterpart in Kaikou")


def _as_written(message: ports.Message) -> Message:
    calls = [
        {
            "id": call.id,
            "type": "function",
            "index": index,
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for index, call in enumerate(message.tool_calls)
    ]
    return Message(message.role, message.content, tool_calls=calls or None, tool_call_id=message.tool_call_id)
