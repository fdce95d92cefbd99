"""Coming back after a dropped connection: what was said meanwhile is said again.

Audio is not kept here: the conversation itself sends again what was not played.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaikou.errors import NotFound

if TYPE_CHECKING:
    from kaikou.api.openai.live_session import LiveSession


@dataclass(frozen=True, slots=True)
class Entry:
    event_id: str
    text: str


class EventLog:
    """The last messages of a session, oldest forgotten first beyond the bounds."""

    def __init__(self, max_entries: int, max_chars: int) -> None:
        self._entries: deque[Entry] = deque()
        self._chars = 0
        self._max_entries = max_entries
        self._max_chars = max_chars

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._chars += len(entry.text)
        while len(self._entries) > self._max_entries or self._chars > self._max_chars:
            self._chars -= len(self._entries.popleft().text)

    def after(self, event_id: str) -> list[str]:
        """Messages said after the one with ``event_id``, in order. Ids grow with time, so the id
        of an audio message (which is not kept) finds its place too."""
        return [entry.text for entry in self._entries if entry.event_id > event_id]

    def reaches(self, event_id: str) -> bool:
        """Is nothing after ``event_id`` forgotten?"""
        return not self._entries or self._entries[0].event_id <= event_id


class Resumable:
    """The sessions of this process whose clients asked for the extension, by conversation id."""

    def __init__(self) -> None:
        self._sessions: dict[str, LiveSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def keep(self, session: LiveSession) -> None:
        self._sessions[session.conversation.id] = session

    def forget(self, session: LiveSession) -> None:
        if self._sessions.get(session.conversation.id) is session:
            del self._sessions[session.conversation.id]

    def find(self, conversation_id: str) -> LiveSession | None:
        session = self._sessions.get(conversation_id)
        return session if session is not None and not session.conversation.closed else None

    def get(self, conversation_id: str) -> LiveSession:
        """NotFound ``resume_not_found`` if there is none, or it has expired."""
        session = self.find(conversation_id)
        if session is None:
            raise NotFound(
                "That conversation cannot be resumed any more.",
                code="resume_not_found",
                param="conversation_id",
                hint="Connect with ?conversation_id= to take up its history in a new session.",
            )
        return session
