"""What a live conversation asks of services that keep it company: memory, knowing the speaker.

The dialogue knows them by this protocol alone; ``server.py`` puts them into ``LiveService.companions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kaikou.audio.pcm import Pcm


@dataclass(frozen=True, slots=True)
class Talk:
    """One session, as its companions may know it."""

    conversation_id: str
    agent_id: str
    """The default agent's where none was named."""
    device_id: str | None = None
    browser: str | None = None
    """The id that the user's browser keeps, where it told one."""
    surface: str = ""
    language: str | None = None
    kept: bool = True
    """False: nothing of it may be stored."""
    memory: str = "none"
    """The agent's choice of a memory."""


class Companion(Protocol):
    """Keeps sessions company. ``opening`` and ``enrich`` are given ``live.enrich_ms``; one that is late or
    fails is gone on without."""

    async def opening(self, talk: Talk) -> str:
        """What the agent shall know from the beginning: appended to its instructions, where the model's
        prompt cache keeps it. Empty: nothing."""
        ...

    async def enrich(self, talk: Talk, words: str, heard: Pcm | None) -> str:
        """What the agent shall know for its answer to ``words``: a system message right before them.
        ``heard`` is their sound at 16 kHz, where they were spoken. Asked for guesses, too, which may be
        cancelled or thrown away: it must have no effect."""
        ...

    def after_turn(self, talk: Talk, user: str, agent: str) -> None:
        """``user`` was answered, and this is what was heard of the answer. Returns at once."""
        ...

    def closed(self, talk: Talk) -> None:
        """The session ended. Returns at once."""
        ...
