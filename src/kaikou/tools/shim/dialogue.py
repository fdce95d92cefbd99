"""``core.utils.dialogue`` and ``core.providers.tts.dto.dto``: what is said, as such plugins write it."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Message:
    """One message of a conversation."""

    role: str
    content: str | None = None
    uniq_id: str | None = field(default_factory=lambda: str(uuid.uuid4()))
    tool_calls: Any = None
    tool_call_id: str | None = None
    is_temporary: bool = False


class Dialogue:
    """A conversation as it was at the time of the call. ``change_prompt`` puts other instructions in force;
    ``keep`` takes messages that a plugin adds, which plugins alone see."""

    def __init__(
        self,
        messages: Iterable[Message] = (),
        *,
        change_prompt: Callable[[str], None] = lambda _: None,
        keep: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self.dialogue = list(messages)
        self.current_time = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        self._change_prompt = change_prompt
        self._keep = keep

    def put(self, message: Message) -> None:
        self.dialogue.append(message)
        self._keep(message)

    def get_llm_dialogue(self) -> list[dict[str, Any]]:
        """The messages in OpenAI's form."""
        return [_in_openai_form(message) for message in self.dialogue]

    def update_system_message(self, new_content: str) -> None:
        for message in self.dialogue:
            if message.role == "system":
                message.content = new_content
                break
        else:
            self.dialogue.insert(0, Message("system", new_content))
        self._change_prompt(new_content)


def _in_openai_form(message: Message) -> dict[str, Any]:
    if message.tool_calls is not None:
        return {"role": message.role, "tool_calls": message.tool_calls}
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.content}
    return {"role": message.role, "content": message.content}


class SentenceType(enum.Enum):
    """Where in a reply a part stands."""

    FIRST = "FIRST"
    MIDDLE = "MIDDLE"
    LAST = "LAST"


class ContentType(enum.Enum):
    """What a part is: words, a sound file, or only a mark."""

    TEXT = "TEXT"
    FILE = "FILE"
    ACTION = "ACTION"


class InterfaceType(enum.Enum):
    """How a voice takes text and gives sound."""

    DUAL_STREAM = "DUAL_STREAM"
    SINGLE_STREAM = "SINGLE_STREAM"
    NON_STREAM = "NON_STREAM"


class MsgType(enum.Enum):
    """What older plugins called a part of what is to be heard."""

    START_TTS_REQUEST = "START_TTS_REQUEST"
    TTS_TEXT_REQUEST = "TTS_TEXT_REQUEST"
    STOP_TTS_REQUEST = "STOP_TTS_REQUEST"
    START_TTS_RESPONSE = "START_TTS_RESPONSE"
    TTS_TEXT_RESPONSE = "TTS_TEXT_RESPONSE"
    STOP_TTS_RESPONSE = "STOP_TTS_RESPONSE"


@dataclass(slots=True)
class TTSMessageDTO:
    """One part of what is to be heard."""

    sentence_id: str | None = None
    sentence_type: SentenceType | None = None
    content_type: ContentType | None = None
    content_detail: str | None = None
    """Words; with a file, its title."""
    content_file: str | None = None
    u_id: str | None = None
    """From here on: the older form, whose sound is ``content``."""
    msg_type: MsgType | None = None
    content: Any = None
    tts_finish_text: str | None = None
    duration: float = 0
