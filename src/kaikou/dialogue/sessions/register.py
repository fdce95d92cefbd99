"""The sessions under way: which they are, whose client dropped, and when one has to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.events import Failed
from kaikou.dialogue.sessions.keeper import Keeper
from kaikou.dialogue.tasks import TaskOwner
from kaikou.engines.ports import Engine, Engines
from kaikou.errors import KaikouError, NotFound
from kaikou.settings.tree import LiveSettings

log = logging.getLogger(__name__)

_GRACE_SECONDS = 10.0
"""A dropped client's place is not given away so soon after the drop."""
_ACTIVE_SECONDS = 1.0
"""Who was not heard of for so long costs nothing now: a muted client, or one that dropped."""


@dataclass(slots=True)
class Session:
    """A conversation under way, with what the service keeps beside it."""

    conversation: Conversation
    keeper: Keeper
    surface: str
    opened_at: float
    engines: Engines
    detached: asyncio.TimerHandle | None = None
    """Set while the client may come back: ends the session."""


class Register:
    """Sessions by conversation id. ``on_end`` is called once each, after it left; ``tasks`` runs the ends."""

    def __init__(self, settings: LiveSettings, tasks: TaskOwner, on_end: Callable[[Session], None]) -> None:
        self._settings = settings
        self._tasks = tasks
        self._on_end = on_end
        self._sessions: dict[str, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        """Those of this moment: one may end meanwhile."""
        return iter(tuple(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, conversation_id: object) -> bool:
        return conversation_id in self._sessions

    def get(self, conversation_id: str) -> Session | None:
        return self._sessions.get(conversation_id)

    def add(self, session: Session) -> None:
        self._sessions[session.conversation.id] = session

    def active(self) -> int:
        """How many were heard of a moment ago."""
        since = asyncio.get_running_loop().time() - _ACTIVE_SECONDS
        return sum(session.conversation.last_active >= since for session in self._sessions.values())

    def use(self, engine: Engine) -> bool:
        """Does any session speak, hear or think through ``engine``?"""
        return any(_uses(session.engines, engine) for session in self._sessions.values())

    # -- clients that drop

    def detach(self, conversation: Conversation) -> None:
        """The client's connection broke: hold the session for ``live.resume_seconds``."""
        session = self._sessions.get(conversation.id)
        if session is None or session.conversation is not conversation:
            return
        conversation.detach()
        if session.detached is not None:
            session.detached.cancel()
        session.detached = asyncio.get_running_loop().call_later(
            self._settings.resume_seconds,
            lambda: self._tasks.spawn(conversation.close("the client did not come back"), "close"),
        )

    def attach(self, conversation_id: str) -> Conversation:
        """The client is back. NotFound ``conversation_not_resumable`` where none was waited for."""
        session = self._sessions.get(conversation_id)
        if session is None or session.detached is None:
            raise NotFound(
                f"Conversation {conversation_id!r} is not waiting for a client.",
                code="conversation_not_resumable",
                hint=f"A dropped session is kept {self._settings.resume_seconds:.0f} s; "
                "open the stored conversation instead.",
            )
        session.detached.cancel()
        session.detached = None
        return session.conversation

    async def make_room(self) -> None:
        """Somebody is here, and somebody else is gone: the place is the one's who is here."""
        # Until ``when`` the client may come back; one that dropped just now is given time to.
        ends = asyncio.get_running_loop().time() + self._settings.resume_seconds - _GRACE_SECONDS
        gone = {
            session.detached.when(): session
            for session in self._sessions.values()
            if session.detached is not None and session.detached.when() <= ends
        }
        if gone:
            await gone[min(gone)].conversation.close("its place was needed")

    # -- ends

    def ended(self, conversation: Conversation) -> None:
        """Told by the conversation itself."""
        session = self._sessions.pop(conversation.id, None)
        if session is None:
            return
        if session.detached is not None:
            session.detached.cancel()
        session.keeper.end()
        self._on_end(session)

    async def close(self) -> None:
        """End them all; what was heard is kept."""
        for session in self:
            await session.conversation.close("the server stops")

    async def reap(self, interval: float = 5.0) -> None:
        """For ever, end sessions that nobody uses, or that are as old as a session may become."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(interval)
            now = loop.time()
            for session in self:
                if (error := self._due(session, now)) is not None:
                    try:
                        await self._expire(session, error)
                    except Exception:
                        # The others' time must still be looked at.
                        log.exception("a session could not be ended in order")

    @staticmethod
    async def _expire(session: Session, error: KaikouError) -> None:
        try:
            session.conversation.sink(Failed(error.code, error.message, error.hint, fatal=True))
        finally:
            await session.conversation.close(error.code)

    def _due(self, session: Session, now: float) -> KaikouError | None:
        """Why a session has to end now."""
        longest, idle = self._settings.max_session_seconds, self._settings.idle_timeout
        hint = "Open a new session on the same conversation."
        if now - session.opened_at > longest:
            why = f"The session reached its longest time of {longest:.0f} s."
            return KaikouError(why, code="session_expired", hint=hint)
        if now - session.conversation.last_active > idle and session.detached is None:
            return KaikouError(f"Nothing was received for {idle:.0f} s.", code="session_idle", hint=hint)
        return None


def _uses(engines: Engines, engine: Engine) -> bool:
    return any(one is engine for one in (engines.vad, engines.turn, engines.stt, engines.llm, engines.tts))
