"""What a live conversation reports: one stream of frozen values, rendered by each surface.

Order within a spoken turn: SpeechStarted, TranscriptPartial*, SpeechStopped, TurnCommitted,
ItemAdded, TranscriptFinal, ReplyStarted, (ReplyText | SentenceStarted | AudioOut | WordSpoken |
ToolCalled | ToolReturned | EmotionShown)*, ReplyDone, Metrics. Times are milliseconds of session audio unless
said otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kaikou.dialogue.items import Item
from kaikou.engines.ports import ToolCall, Transcript, Usage, Word

ReplyStatus = Literal["completed", "cancelled", "failed", "incomplete"]
ReplyReason = Literal["turn_detected", "client_cancelled", "max_output_tokens", "content_filter", ""]


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The user began to speak. ``start_ms`` includes the prefix padding."""

    item_id: str
    start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The user's turn is over (decided, not merely quiet)."""

    item_id: str
    end_ms: int


@dataclass(frozen=True, slots=True)
class SpeechDropped:
    """What began as speech held no words (cough, noise): no turn comes of ``item_id``."""

    item_id: str


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """The audio so far became the user's item ``item_id``, placed after ``previous_id``."""

    item_id: str
    previous_id: str | None


@dataclass(frozen=True, slots=True)
class InputCleared:
    """Uncommitted input audio was thrown away at the client's wish."""


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """Nobody spoke for ``idle_timeout_ms`` after a reply; a reply is made without new input."""

    item_id: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class ItemAdded:
    """An item entered the history after ``previous_id`` (None = first)."""

    item: Item
    previous_id: str | None


@dataclass(frozen=True, slots=True)
class ItemDone:
    """An item is final (or was changed for good)."""

    item: Item
    previous_id: str | None


@dataclass(frozen=True, slots=True)
class ItemDeleted:
    item_id: str


@dataclass(frozen=True, slots=True)
class ItemTruncated:
    """A spoken item was cut to what was heard: ``text`` is what remains of its words."""

    item_id: str
    audio_end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptPartial:
    """What has been understood so far of ``item_id`` (whole text, not a difference)."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptFinal:
    item_id: str
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class TranscriptFailed:
    item_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """A reply began. ``item_id`` is the assistant message it will fill."""

    reply_id: str
    item_id: str
    audio: bool
    in_conversation: bool = True
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyText:
    """More of the reply's words (emotion tags and emoji already taken out)."""

    reply_id: str
    item_id: str
    delta: str


@dataclass(frozen=True, slots=True)
class EmotionShown:
    """The reply carries one of the 21 emotions; ``emoji`` pictures it."""

    reply_id: str
    emotion: str
    emoji: str


@dataclass(frozen=True, slots=True)
class SentenceStarted:
    """The audio that follows speaks ``text``, which is [start, end) = ``span`` of the reply's text;
    ``start_ms`` counts from the reply's first audio."""

    reply_id: str
    item_id: str
    text: str
    start_ms: int
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class AudioOut:
    """Reply audio, paced: int16 little-endian mono at the session's output rate.
    ``start_ms`` counts from the reply's first audio."""

    reply_id: str
    item_id: str
    data: bytes
    start_ms: int


@dataclass(frozen=True, slots=True)
class WordSpoken:
    """A word of the reply with times in seconds from the reply's first audio, and its span in the
    reply's text. Comes before the audio that it sounds in."""

    reply_id: str
    item_id: str
    word: Word


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model wants a function called; ``item`` is the function_call item in history.

    ``server`` True: it is called here, and ``ToolReturned`` follows, in the same reply. Otherwise the
    function is the client's, and the reply ends with the call."""

    reply_id: str
    item: Item
    call: ToolCall
    server: bool = False
    title: str = ""
    """What the tool is called on a page, where it has a name for people."""


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """A tool called here is done; ``item`` is the function_call_output item in history."""

    reply_id: str
    item: Item
    call_id: str
    name: str
    seconds: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class AudioDone:
    """All audio of the reply was sent; playback may still run."""

    reply_id: str
    item_id: str
    audio_ms: int


@dataclass(frozen=True, slots=True)
class ReplyDone:
    """The reply ended. ``item`` is the assistant message as it stands in history (None if none);
    ``text`` what was generated."""

    reply_id: str
    item: Item | None
    text: str
    status: ReplyStatus
    reason: ReplyReason = ""
    error_code: str = ""
    error_message: str = ""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Playback of a reply stopped because of the user (or the client). ``heard_text`` is what
    history keeps. ``cleared`` True when the client asked for its audio to be dropped."""

    reply_id: str
    item_id: str
    heard_ms: int
    heard_text: str
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class PlaybackPaused:
    """The reply holds its breath: somebody made a sound and it is not yet known whether words."""

    reply_id: str


@dataclass(frozen=True, slots=True)
class PlaybackResumed:
    reply_id: str


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """Nothing of the reply is left to be heard: its last sound was played, by the server's clock, or
    it had none. Not sent for a reply that was cut (``Interrupted`` says so)."""

    reply_id: str


@dataclass(frozen=True, slots=True)
class Left:
    """The agent took leave, and its words were heard: whoever opened the session ends it now."""

    reply_id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong; the session lives on. ``fatal`` True: it cannot."""

    code: str
    message: str
    hint: str = ""
    reply_id: str | None = None
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the waterfall: seconds since the end of speech, and how much was queueing."""

    name: str
    start: float
    end: float
    queued: float = 0.0


@dataclass(frozen=True, slots=True)
class Metrics:
    """One turn's latency waterfall. ``stages`` in order: end_of_turn, transcript, first_token,
    first_clause, first_audio (synthesised), sent. ``total`` seconds from end of speech to the first
    reply audio sent;
    negative starts happen, because stages begin before the end of turn is sure."""

    turn_id: str
    reply_id: str
    stages: tuple[Stage, ...]
    total: float
    speculations: int = 0
    """Speculative attempts thrown away in this turn."""
    engines: tuple[tuple[str, str], ...] = field(default=())


Event = (
    SpeechStarted | SpeechStopped | SpeechDropped | TurnCommitted | InputCleared | IdleTimeout
    | ItemAdded | ItemDone | ItemDeleted | ItemTruncated
    | TranscriptPartial | TranscriptFinal | TranscriptFailed
    | ReplyStarted | ReplyText | EmotionShown | SentenceStarted | AudioOut | WordSpoken
    | ToolCalled | ToolReturned | AudioDone | ReplyDone | Interrupted | PlaybackPaused | PlaybackResumed
    | PlaybackEnded | Left | Failed | Metrics
)  # fmt: skip
