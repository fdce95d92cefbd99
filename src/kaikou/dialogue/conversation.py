"""One live session: commands in, events out.

All commands are plain calls on the event loop and return at once; everything that happens is
reported to ``sink`` in order. A surface translates its wire to these calls and the events back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kaikou.audio.pcm import Pcm
from kaikou.dialogue.events import Event
from kaikou.dialogue.items import Item
from kaikou.dialogue.session import ReplyRequest, SessionConfig

Sink = Callable[[Event], None]


class Conversation:
    """One live session. Create it with ``dialogue.service.LiveService.open``; owned by a surface.

    Attributes: ``id`` (``conv_…``), ``config`` (the SessionConfig in force), ``items`` (history,
    a tuple of Item in order), ``replying`` (id of the reply under way or None).
    """

    id: str
    config: SessionConfig
    sink: Sink

    # -- lifecycle
    def start(self) -> None:
        """Warm what the first turn needs and speak the greeting, if there is one."""

    async def close(self, reason: str = "") -> None:
        """Cancel everything, keep what was heard, free the place. Safe to call twice."""

    def detach(self) -> None:
        """The client is gone for now: playback holds, nothing is lost."""

    def attach(self, sink: Sink, played_ms: int | None = None) -> None:
        """The client is back: events go to ``sink``, playback goes on after ``played_ms`` (ms of
        the current reply's audio that the client had played)."""

    def update(self, config: SessionConfig) -> None: ...

    # -- audio in
    def hear(self, pcm: Pcm) -> None:
        """The user's microphone, any rate, any length."""

    def commit(self) -> None:
        """End the user's turn now. InvalidInput ``input_audio_buffer_commit_empty`` with less
        than 100 ms of audio. Makes a reply only if the turn policy is not manual."""

    def clear(self) -> None:
        """Throw away uncommitted audio; InputCleared follows."""

    # -- text and items
    def say(self, text: str, *, item_id: str | None = None) -> Item:
        """The user writes: the item enters the history, interrupts a reply, and is answered."""
        raise NotImplementedError

    @property
    def items(self) -> tuple[Item, ...]:
        raise NotImplementedError

    def item(self, item_id: str) -> Item:
        """NotFound ``item_not_found`` if there is none."""
        raise NotImplementedError

    def add_item(self, item: Item, after: str | None = "last") -> None:
        """``after``: an item id, "last", or None for the first place ("root" on the wire).
        Errors: ``item_not_found``, ``item_exists``, ``items_limit``."""

    def delete_item(self, item_id: str) -> None: ...

    def truncate(self, item_id: str, audio_end_ms: int) -> None:
        """The client says how much of a spoken item was heard; a running reply is cut there.
        Errors: ``item_not_found``, ``invalid_truncate`` (not a spoken assistant item, or beyond
        its audio)."""

    # -- replies
    def respond(self, request: ReplyRequest | None = None) -> str:
        """Make a reply now; returns its id. InvalidInput
        ``conversation_already_has_active_response`` while an in-conversation one runs."""
        raise NotImplementedError

    def cancel(self, reply_id: str | None = None) -> None:
        """Stop generating. InvalidInput ``response_cancel_not_active`` if nothing runs."""

    def interrupt(self, played_ms: int | None = None) -> None:
        """The user took the floor by other means (button, abort): stop sound and generation;
        history keeps what was heard (``played_ms`` of the reply, else by pacing)."""

    def clear_output(self) -> None:
        """Drop audio not yet sent (``output_audio_buffer.clear``); Interrupted(cleared=True)."""


class LiveService:
    """Opens conversations, counts them, refuses beyond capacity; lives in dialogue/service.py."""

    async def open(
        self,
        config: SessionConfig,
        sink: Sink,
        *,
        agent_id: str | None = None,
        conversation_id: str | None = None,
        surface: str = "realtime",
        items: Iterable[Item] = (),
    ) -> Conversation:
        """A new session, or a stored conversation taken up again. LimitReached
        ``session_limit_reached`` beyond capacity; NotReady while engines warm."""
        raise NotImplementedError

    def detached(self, conversation_id: str) -> Conversation | None:
        """A live conversation whose client dropped less than ``resume_seconds`` ago."""
        raise NotImplementedError
