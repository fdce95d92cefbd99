"""``/api/events``: one stream of state changes (server-sent events) for the page.

Event types: ``state`` (a whole snapshot; first on every stream), ``engines`` (one engine's health
changed), ``providers`` (the page's choice of an engine is being put in force), ``sessions`` (how many
live sessions), ``conversations`` (``id`` and ``change``: created, updated, closed, renamed, deleted,
restored; no ``id`` where many changed at once: list again), ``devices`` (``id`` and ``change``: waiting,
bound, unbound, changed, online, offline, state), ``tools`` (``source`` changed, or a tool of it was
called), ``reminders`` (``id`` and ``change``: added, changed, cancelled, restored, due, said, missed,
failed), ``resync`` (this reader was too slow, changes were dropped: read afresh), ``closing``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import StreamingResponse

from kaikou.errors import LimitReached

HEARTBEAT_SECONDS = 15.0
GATHER_SECONDS = 0.3
MANY = 20
"""More conversations than this changed in one moment: nobody looks at each."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened: a type and its JSON-ready fields."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """The change as one server-sent event."""
        return b"event: " + self.kind.encode() + b"\ndata: " + orjson.dumps(self.data) + b"\n\n"


class Feed:
    """Hands every change to all readers. At most ``readers`` of them; each may lag ``backlog``
    changes behind, then its queue is emptied and it is told to ``resync``."""

    def __init__(self, readers: int = 64, backlog: int = 64) -> None:
        self._limit = readers
        self._backlog = backlog
        self._queues: set[asyncio.Queue[Change | None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._queues)

    def publish(self, kind: str, /, **data: Any) -> None:
        """Tell everybody. Call on the event loop; never waits."""
        change = Change(kind, data)
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(Change("resync"))
            else:
                queue.put_nowait(change)

    def check(self) -> None:
        """Raises LimitReached when nobody more may read."""
        if self._closed or len(self._queues) >= self._limit:
            raise LimitReached(
                "Too many pages follow the server's events.",
                code="event_readers_limit",
                hint="Close some of them, or read /api/health instead.",
                status=503,
            )

    @contextmanager
    def reader(self) -> Iterator[asyncio.Queue[Change | None]]:
        """A queue of changes; None ends it."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(self._backlog)
        if self._closed:
            queue.put_nowait(None)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    def close(self) -> None:
        """End every stream; later readers are refused."""
        self._closed = True
        for queue in self._queues:
            while not queue.empty():
                queue.get_nowait()
            queue.put_nowait(None)


class ConversationChanges:
    """Tells the feed which conversations changed, once for all that happens in a moment: a busy server
    writes many times a second."""

    def __init__(self, feed: Feed, gather: float = GATHER_SECONDS) -> None:
        self._feed = feed
        self._gather = gather
        self._waiting: dict[str, str] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, changes: Mapping[str, str]) -> None:
        """Conversations by id and what happened to them. Call on the event loop."""
        for one, change in changes.items():
            if not (change == "updated" and one in self._waiting):
                self._waiting[one] = change
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._gather, self._tell)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self) -> None:
        self._timer = None
        waiting, self._waiting = self._waiting, {}
        if len(waiting) > MANY:
            self._feed.publish("conversations", id=None, change="many")
            return
        for one, change in waiting.items():
            self._feed.publish("conversations", id=one, change=change)


async def stream(feed: Feed, first: Change, heartbeat: float = HEARTBEAT_SECONDS) -> AsyncIterator[bytes]:
    """The bytes of one reader's stream: ``first``, then each change; a comment when all is quiet."""
    with feed.reader() as queue:
        yield b"retry: 2000\n\n" + first.encode()
        while True:
            try:
                change = await asyncio.wait_for(queue.get(), heartbeat)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if change is None:
                yield Change("closing").encode()
                return
            yield change.encode()


def events_router(feed: Feed, snapshot: Callable[[], dict[str, Any]]) -> APIRouter:
    """The route; ``snapshot`` gives the whole state a new reader begins with."""
    router = APIRouter(prefix="/api", tags=["operations"])

    @router.get("/events", response_class=StreamingResponse, summary="State changes as they happen")
    async def events() -> StreamingResponse:
        """Server-sent events: engines warming up, live sessions, conversations changed."""
        feed.check()
        return StreamingResponse(
            stream(feed, Change("state", snapshot())),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return router
