"""A reminder: words, an alert or a restart, at a time, once or again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from kaikou.errors import InvalidInput
from kaikou.jobs.recurrence import Repeat, repeat_of
from kaikou.store.records import ReminderRow

Kind = Literal["remind", "speak", "alert", "reboot"]
"""``remind`` says that it is a reminder, on whatever is there; the others are pushed to one device:
``speak`` a text as it is, ``alert`` a message with a sound, ``reboot``."""
KINDS: tuple[str, ...] = get_args(Kind)
State = Literal["waiting", "due", "done", "missed", "cancelled"]
Outcome = Literal["said", "missed", "failed"]
MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class Last:
    """How it went the last time."""

    at: datetime
    outcome: Outcome
    note: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """``at`` is the next time in UTC, None once nothing more comes. ``device_id`` or
    ``conversation_id`` is where it was asked for. ``due``: its time has come and nobody could be told
    yet."""

    id: str
    kind: Kind
    text: str
    title: str
    emotion: str
    at: datetime | None
    zone: str
    repeat: Repeat | None
    device_id: str | None
    conversation_id: str | None
    agent_id: str | None
    language: str | None
    state: State
    last: Last | None
    created_at: datetime
    updated_at: datetime


def reminder_of(row: ReminderRow, at: datetime) -> Reminder:
    """The row as it is at that moment."""
    due = row.state == "waiting" and row.at is not None and row.at <= at
    last = Last(row.last_at, row.last_outcome, row.last_note) if row.last_at is not None else None  # type: ignore[arg-type]
    return Reminder(
        row.id,
        row.kind,  # type: ignore[arg-type]
        row.text,
        row.title,
        row.emotion,
        row.at if row.state == "waiting" else None,
        row.zone,
        repeat_of(row.repeat) if row.repeat is not None else None,
        row.device_id,
        row.conversation_id,
        row.agent_id,
        row.language,
        "due" if due else row.state,  # type: ignore[arg-type]
        last,
        row.created_at,
        row.updated_at,
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for. ``when`` is read as people say it and may name a repetition; ``repeat``
    counts where given, with its own time where there is no ``when``. ``now`` of the text "in ten
    minutes" is when it is added."""

    text: str = ""
    when: str = ""
    at: datetime | None = None
    repeat: Mapping[str, object] | None = None
    zone: str = ""
    kind: Kind = "remind"
    title: str = ""
    emotion: str = ""
    device_id: str | None = None
    conversation_id: str | None = None
    agent_id: str | None = None
    language: str | None = None


def check(kind: str, text: str, device_id: str | None) -> None:
    """Raises InvalidInput where a reminder of that kind makes no sense."""
    if kind not in KINDS:
        raise InvalidInput(f"There is no kind {kind[:20]!r}.", code="invalid_kind", param="kind")
    if len(text) > MAX_TEXT:
        raise InvalidInput(
            f"The text has at most {MAX_TEXT} characters.", code="message_too_long", param="text"
        )
    if kind in {"speak", "alert"} and not text:
        raise InvalidInput("The text is empty.", code="empty_message", param="text")
    if kind != "remind" and device_id is None:
        raise InvalidInput("Say which device.", code="device_missing", param="device_id")
