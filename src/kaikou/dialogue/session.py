"""How one live conversation is to behave: the settings a client may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kaikou.dialogue.items import Item
from kaikou.engines.ports import Tool, ToolChoice

Eagerness = Literal["low", "medium", "high", "auto"]


@dataclass(frozen=True, slots=True)
class TurnPolicy:
    """Who decides that the user has finished, and what follows.

    ``server_vad`` a fixed silence; ``semantic_vad`` silence scaled by the turn detector, the
    partial transcript and ``eagerness``; ``manual`` the client commits.
    """

    mode: Literal["server_vad", "semantic_vad", "manual"] = "semantic_vad"
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_ms: int = 500
    eagerness: Eagerness = "auto"
    create_response: bool = True
    interrupt_response: bool = True
    idle_timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """One session's choices; frozen, replaced as a whole by ``Conversation.update``."""

    instructions: str = ""
    language: str | None = None
    """BCP 47 code of the conversation, or None to follow the user."""
    voice: str | None = None
    speed: float = 1.0
    audio_replies: bool = True
    """False: replies are text only."""
    input_rate: int = 24_000
    """Hz of the PCM given to ``hear``."""
    output_rate: int = 24_000
    """Hz of the PCM in ``AudioOut``."""
    send_ahead_ms: int | None = None
    """Audio sent ahead of playback, where it is not to be the setting's (``live.send_ahead_ms``)."""
    turn: TurnPolicy = TurnPolicy()
    hears_itself: bool = False
    """Nobody takes the agent's sound out of the microphone's before it comes here."""
    transcribe_only: bool = False
    """A transcription session: turns are transcribed, no reply is made."""
    stt_language: str | None = None
    """Language for transcription where it differs from ``language``."""
    stt_hint: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    greeting: str = ""
    """Spoken by the agent when the session opens; empty for none."""


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """One reply asked for by the client (Realtime ``response.create``). None = the session's.

    ``in_conversation`` False makes an out-of-band reply: it neither sees nor enters history
    unless ``input_ids`` / ``input_items`` name what it shall see.
    """

    instructions: str | None = None
    audio_replies: bool | None = None
    voice: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    tools: tuple[Tool, ...] | None = None
    tool_choice: ToolChoice | None = None
    in_conversation: bool = True
    input: tuple[Item | str, ...] | None = None
    """Items and ids of items that replace the history for this reply."""
    metadata: tuple[tuple[str, str], ...] = ()
