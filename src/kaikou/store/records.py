"""Rows as frozen values: what the store takes and gives.

They name no class of the floors above; a room translates its own values to these.
All moments are timezone-aware UTC; durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

PartKind = Literal["text", "audio", "image"]


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PartRow:
    """A piece of an item's content. ``text`` is None for speech not (yet) transcribed."""

    kind: PartKind
    text: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One entry of a conversation's history (``dialogue.items.Item`` without its samples)."""

    id: str
    kind: str = "message"
    role: str | None = None
    parts: tuple[PartRow, ...] = ()
    status: str = "completed"
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | None = None
    created_at: datetime = field(default_factory=now)
    audio: str | None = None
    """Content hash of the recording, set by the store."""
    audio_type: str | None = None
    """Media type of the recording, e.g. ``audio/wav``."""
    audio_seconds: float | None = None

    @property
    def text(self) -> str:
        """All words of the item, written, spoken, or a function's output."""
        words = [part.text for part in self.parts if part.text]
        if not words and self.output:
            words.append(self.output)
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class StageRow:
    """One step of a turn's waterfall: seconds since the end of speech; ``queued`` of it waiting."""

    name: str
    start: float
    end: float
    queued: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One turn of the conversation with its latency waterfall."""

    id: str
    reply_id: str = ""
    user_item_id: str | None = None
    reply_item_id: str | None = None
    status: str = "completed"
    stages: tuple[StageRow, ...] = ()
    total: float | None = None
    """Seconds from the end of speech to the first reply audio; None where nothing was spoken."""
    speculations: int = 0
    engines: Mapping[str, str] = field(default_factory=dict)
    """The engine of each kind that served the turn."""
    error: str = ""
    created_at: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation without its contents."""

    id: str
    title: str = ""
    agent_id: str | None = None
    surface: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    """The session's settings as JSON values, as they were when it was opened."""
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    closed_at: datetime | None = None
    item_count: int = 0
    turn_count: int = 0
    """Messages of the user."""
    duration: float = 0.0
    """Seconds from the first item to the last."""


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation with everything that was kept of it, in order."""

    conversation: ConversationRow
    items: tuple[ItemRow, ...] = ()
    turns: tuple[TurnRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedTurn:
    """A turn, and the conversation it belongs to."""

    turn: TurnRow
    conversation_id: str
    title: str
    agent_id: str | None
    surface: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A conversation that holds the words looked for, and where."""

    conversation: ConversationRow
    item_id: str | None
    role: str | None
    snippet: str


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; ``next`` is the cursor that continues it, None at its end."""

    conversations: tuple[ConversationRow, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as stored (``agents.persona.Agent`` is its domain face)."""

    id: str
    name: str
    prompt: str
    description: str = ""
    greeting: str = ""
    voice: str | None = None
    language: str | None = None
    engines: Mapping[str, str] = field(default_factory=dict)
    tools: Sequence[str] | None = None
    knowledge: Sequence[str] | None = None
    memory: str | None = None
    intent: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """A voice of the library that does not come with an engine: a blend, later a clone.

    ``recipe`` is what its engine needs to make it, as JSON values.
    """

    id: str
    name: str
    engine: str
    kind: str = "blend"
    languages: tuple[str, ...] = ()
    gender: str | None = None
    description: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device that was bound to this server (``devices.device.Device`` is its domain face)."""

    id: str
    client_id: str = ""
    agent_id: str | None = None
    alias: str = ""
    model: str = ""
    board: str = ""
    firmware: str = ""
    serial: str = ""
    language: str = ""
    auto_update: bool = True
    firmware_image: str | None = None
    bound_at: datetime = field(default_factory=now)
    last_seen: datetime | None = None
    battery_percent: int | None = None
    battery_charging: bool | None = None
    battery_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """Something to be said or done at a time (``jobs.reminder.Reminder`` is its domain face)."""

    id: str
    kind: str = "remind"
    text: str = ""
    title: str = ""
    emotion: str = ""
    at: datetime | None = None
    """The next time; None once nothing more comes."""
    zone: str = ""
    repeat: Mapping[str, Any] | None = None
    device_id: str | None = None
    conversation_id: str | None = None
    agent_id: str | None = None
    language: str | None = None
    state: str = "waiting"
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    last_at: datetime | None = None
    last_outcome: str = ""
    last_note: str = ""
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    deleted_at: datetime | None = None
