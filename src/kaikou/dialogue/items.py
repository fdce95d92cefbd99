"""What a conversation is made of, in the field's (OpenAI Realtime's) own terms."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

from kaikou.audio.pcm import Pcm
from kaikou.errors import InvalidInput

ItemKind = Literal["message", "function_call", "function_call_output"]
Role = Literal["system", "user", "assistant"]
ItemStatus = Literal["in_progress", "completed", "incomplete"]


def new_id(prefix: str) -> str:
    """A fresh identifier such as ``item_3f9a…`` (64 random bits)."""
    return f"{prefix}_{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class TextPart:
    """Written content: typed by the user, a system note, or a text-only reply."""

    text: str


@dataclass(frozen=True, slots=True)
class AudioPart:
    """Spoken content. ``transcript`` None = not (yet) transcribed; ``audio`` may be dropped."""

    transcript: str | None = None
    audio: Pcm | None = None


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture as a data or https URL."""

    url: str


Part = TextPart | AudioPart | ImagePart


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a conversation's history."""

    id: str
    kind: ItemKind = "message"
    role: Role | None = None
    parts: tuple[Part, ...] = ()
    status: ItemStatus = "completed"
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | None = None

    @property
    def text(self) -> str:
        """All words of a message, written or spoken."""
        words = [
            part.text if isinstance(part, TextPart) else (part.transcript or "")
            for part in self.parts
            if not isinstance(part, ImagePart)
        ]
        return " ".join(word for word in words if word)


def checked_text(text: str, longest: int) -> str:
    """The text without blanks around it. InvalidInput ``empty_message``, ``message_too_long``."""
    text = text.strip()
    if not text:
        raise InvalidInput("The message is empty.", code="empty_message", param="text")
    if len(text) > longest:
        raise InvalidInput(
            f"The message has {len(text)} characters; at most {longest} are taken.",
            code="message_too_long",
            hint="Split it, or raise limits.max_text_chars.",
            param="text",
        )
    return text
