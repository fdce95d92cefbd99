"""Prompts that are being read: a request that goes on from one of them waits until its place is free.

Each of the server's places keeps what was read there last. Cutting a warming off would throw the
work away, and a request that comes while its conversation's last one is still being cut off would be
given another place, where the whole prompt is read anew: seconds, where the wait is a fraction of one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from kaikou.engines.ports import Generation, Message, Tool

WAIT_SECONDS = 15.0
"""Longest wait for a warming; the request would have to do the same work itself."""


@dataclass(eq=False, slots=True)
class _Reading:
    messages: list[Message]
    tools: tuple[Tool, ...]
    ending: bool
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def concerns(self, messages: Sequence[Message], tools: tuple[Tool, ...]) -> bool:
        """A warming is waited for by what continues it, a reading that ends by all that begins alike."""
        if self.tools != tools or not messages:
            return False
        if self.ending:
            return self.messages[0] == messages[0]
        return self.messages == list(messages[: len(self.messages)])


class Prompts:
    """The readings under way. For one event loop."""

    def __init__(self) -> None:
        self._readings: list[_Reading] = []
        self._endings: set[asyncio.Task[None]] = set()

    @contextmanager
    def warming(self, messages: Sequence[Message], generation: Generation) -> Iterator[None]:
        """``messages`` are being warmed during the block."""
        reading = _Reading(list(messages), tuple(generation.tools), ending=False)
        self._readings.append(reading)
        try:
            yield
        finally:
            self._over(reading)

    def ending(
        self, messages: Sequence[Message], generation: Generation, released: Coroutine[Any, Any, None]
    ) -> None:
        """The request with ``messages`` was cancelled; its place is free when ``released`` returns."""
        reading = _Reading(list(messages), tuple(generation.tools), ending=True)
        self._readings.append(reading)
        task = asyncio.create_task(released, name="llama place")
        self._endings.add(task)

        def over(task: asyncio.Task[None]) -> None:
            self._endings.discard(task)
            self._over(reading)

        task.add_done_callback(over)

    async def settled(self, messages: Sequence[Message], generation: Generation) -> None:
        """Return when nothing that ``messages`` go on from is being read any more."""
        tools = tuple(generation.tools)
        for reading in list(self._readings):
            if reading.concerns(messages, tools):
                with suppress(TimeoutError):
                    async with asyncio.timeout(WAIT_SECONDS):
                        await reading.over.wait()

    async def close(self) -> None:
        """Stop waiting for places."""
        for task in self._endings:
            task.cancel()
        if self._endings:
            await asyncio.wait(set(self._endings))

    def _over(self, reading: _Reading) -> None:
        reading.over.set()
        self._readings.remove(reading)
