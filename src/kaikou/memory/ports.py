"""What a way to remember is, and what it works with.

A way to remember is a file with a class ``Memory`` (the built-in ones lie in ``builtin/``; the operator's
in a folder, each loaded again as it is saved). It is made once, with a :class:`Kit`::

    class Memory:
        title = "Last words"
        description = "Remembers the last thing that somebody said."

        def __init__(self, kit):
            self.kit = kit

        async def recall(self, whose, query):
            notes = await self.kit.notes(whose)
            return notes[0].text if notes else ""

        async def learn(self, whose, turns):
            await self.kit.add(whose, turns[-1].said)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from kaikou.audio.pcm import Pcm
from kaikou.engines.ports import Embedder, Lane, LanguageModel, Message, Vectors
from kaikou.store.memories import MemoryRow

NONE = "none"
"""The name of not remembering."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whom an agent remembers. ``who``: ``speaker:<id>`` where the voice is known, else a device's id, else
    ``browser:<id>``, else ``browser`` (``owners.py``)."""

    agent_id: str
    who: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What somebody said and what the agent answered."""

    said: str
    answered: str
    at: datetime
    conversation_id: str


class Kit(Protocol):
    """What a way to remember is given. It sees its own notes alone."""

    async def notes(self, whose: Whose) -> tuple[MemoryRow, ...]:
        """Everything it remembers of somebody, newest first."""
        ...

    async def add(
        self, whose: Whose, text: str, *, topic: str = "", conversation_id: str | None = None
    ) -> MemoryRow | None:
        """Remember something; None where ``text`` is empty. Beyond ``memory.max_notes`` the oldest that
        no person wrote goes."""
        ...

    async def change(self, note_id: str, text: str, *, topic: str | None = None) -> bool:
        """Put other words in a note's place; False where it is gone, or a person wrote it."""
        ...

    async def drop(self, ids: Sequence[str]) -> None:
        """Remember these no more."""
        ...

    async def ask(
        self,
        whose: Whose,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 300,
    ) -> str:
        """The answer of the agent's language model, made while nobody else wants it. With ``schema`` it
        is JSON that satisfies it, as far as the model can be held to that. Raises KaikouError."""
        ...

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.BATCH
    ) -> Vectors:
        """[texts, dimensions], rows of length 1. Raises NotReady while the embedder loads."""
        ...

    async def vectors(self, notes: Sequence[MemoryRow], *, lane: Lane = Lane.BATCH) -> Vectors:
        """The notes' vectors, made and kept where they are missing. Raises NotReady."""
        ...

    @property
    async def embedder(self) -> Embedder:
        """The embedder itself. Raises NotReady while it loads."""
        ...


class MemoryModule(Protocol):
    """A way to remember. ``title`` and ``description`` are shown to a person."""

    title: str
    description: str

    async def recall(self, whose: Whose, query: str) -> str:
        """What the agent should know, as text for its prompt; empty: nothing.

        With an empty ``query``: what it should know from the start; this is read once, when a
        conversation opens. With the user's words as ``query``: what else these recall, asked at every
        turn within ``live.enrich_ms``; whatever was given at the start is left out."""
        ...

    async def learn(self, whose: Whose, turns: Sequence[Turn]) -> None:
        """Take in finished turns, oldest first; in the background, after they were held. Raises
        KaikouError where it could not: it is tried again later."""
        ...


class Talk(Protocol):
    """A session, as far as this room needs to know it (``dialogue/ports.py``)."""

    @property
    def conversation_id(self) -> str: ...
    @property
    def agent_id(self) -> str: ...
    @property
    def device_id(self) -> str | None: ...
    @property
    def browser(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def kept(self) -> bool: ...
    @property
    def memory(self) -> str: ...


ModelSource = Callable[[str], Awaitable[LanguageModel]]
"""The language model of the agent of that id. Raises NotReady, NotFound."""

EmbedderSource = Callable[[float], Awaitable[Embedder]]
"""The embedder, loaded within that many seconds. Raises NotReady."""

SpeakerSource = Callable[[Talk, Pcm | None], Awaitable[str | None]]
"""Who speaks in a session, by the sound of the utterance just heard (None: as known so far)."""


class OnChange(Protocol):
    """Told, on the event loop, what changed."""

    def __call__(self, **data: Any) -> None: ...
