"""What waits to be sent to one client: bounded, so that a slow client costs itself only."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic

from typing_extensions import TypeVar

from kaikou.settings.tree import LimitSettings

Message = TypeVar("Message", str, str | bytes, default=str)


class SlowClient(Exception):
    """The client does not read what it is sent."""


class Outbox(Generic[Message]):
    """Messages in order for one socket. ``put`` never waits; ``drain`` sends.

    ``write`` sends a message at once, or says False where it has to wait (``line.Line.write``).
    Bounds: ``max_messages`` and ``max_chars`` waiting, ``send_timeout`` seconds for one send.
    """

    def __init__(
        self,
        *,
        write: Callable[[Message], bool] | None = None,
        max_messages: int = 4096,
        max_chars: int = 8 * 1024 * 1024,
        send_timeout: float = 20.0,
    ) -> None:
        self._write: Callable[[Message], bool] | None = write
        self._waiting: deque[Message] = deque()
        self._chars = 0
        self._max_messages = max_messages
        self._max_chars = max_chars
        self._send_timeout = send_timeout
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.overflowed = asyncio.Event()
        """Set once when a bound was passed; nothing is taken in after that."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, text: Message) -> None:
        if self.overflowed.is_set():
            return
        if self._write is not None and self._idle.is_set() and self._write(text):
            return
        # One message may be larger than the bound (an item's whole audio), if it is alone.
        full = self._waiting and self._chars + len(text) > self._max_chars
        if full or len(self._waiting) >= self._max_messages:
            self._waiting.clear()
            self._chars = 0
            self.overflowed.set()
            return
        self._waiting.append(text)
        self._chars += len(text)
        self._idle.clear()
        self._ready.set()

    async def drain(self, send: Callable[[Message], Awaitable[None]]) -> None:
        """Send for ever. Raises SlowClient when one send takes longer than the timeout."""
        loop = asyncio.get_running_loop()
        began: float | None = None
        """When the send under way began."""
        watch: asyncio.TimerHandle | None = None
        limit = asyncio.timeout(None)

        def look() -> None:
            # One timer now and then for all sends: nearly every one is over at once.
            nonlocal watch
            watch = None
            if began is not None:
                due = began + self._send_timeout
                if due <= loop.time():
                    limit.reschedule(due)
                else:
                    watch = loop.call_at(due, look)

        try:
            async with limit:
                while True:
                    await self._ready.wait()
                    self._ready.clear()
                    while self._waiting:
                        text = self._waiting.popleft()
                        self._chars -= len(text)
                        began = loop.time()
                        if watch is None:
                            watch = loop.call_at(began + self._send_timeout, look)
                        await send(text)
                        began = None
                    self._idle.set()
        except TimeoutError:
            raise SlowClient from None
        finally:
            if watch is not None:
                watch.cancel()

    @classmethod
    def within(cls, limits: LimitSettings, write: Callable[[Message], bool] | None = None) -> Outbox[Message]:
        """One with the bounds of the settings."""
        return cls(
            write=write,
            max_messages=limits.outbox_messages,
            max_chars=limits.outbox_chars,
            send_timeout=limits.send_seconds,
        )

    async def flushed(self, longest: float = 2.0) -> None:
        """Wait until everything was handed to the socket, but no longer than ``longest`` seconds."""
        try:
            async with asyncio.timeout(longest):
                await self._idle.wait()
        except TimeoutError:
            return
