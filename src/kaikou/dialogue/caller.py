"""A conversation as its tools see it (``tools.ports.Caller``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class SessionCaller:
    """One session's. ``follow`` gives the language in force, ``tell`` speaks in between."""

    agent_id: str
    conversation_id: str
    device_id: str | None = None
    knowledge: tuple[str, ...] = ()
    speaker: str | None = None
    """Who speaks, where a companion knows the voice."""
    follow: Callable[[], str | None] = lambda: None
    heard_in: str | None = None
    """What the user's last words are written in."""
    tell: Callable[[str], None] = lambda _text: None

    @property
    def language(self) -> str | None:
        return self.follow() or self.heard_in

    async def say(self, text: str) -> None:
        """Speak in between, while the tool goes on."""
        self.tell(text)
