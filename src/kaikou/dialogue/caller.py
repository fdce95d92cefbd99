"""A conversation as its tools see it (``tools.ports.Caller``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kaikou.engines.ports import Message


@dataclass(slots=True)
class SessionCaller:
    """One session's. ``follow`` gives the language in force, ``tell`` speaks in between, ``look`` gives the
    prompt as it is now."""

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
    look: Callable[[], Sequence[Message]] = lambda: ()

    @property
    def language(self) -> str | None:
        return self.follow() or self.heard_in

    def messages(self) -> Sequence[Message]:
        """The conversation so far, its instructions first."""
        return self.look()

    async def say(self, text: str) -> None:
        """Speak in between, while the tool goes on."""
        self.tell(text)
