"""Prompts that are being warmed: a request that begins with one of them waits for it.

Cutting the warming off instead would throw the work away and have the request do it again, in
another place whose cache knows nothing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from kaikou.engines.ports import Generation, Message, Tool

WAIT_SECONDS = 15.0
"""Longest wait for a warming; the request would have to do the same work itself."""


class Prompts:
    """The warmings under way. For one event loop."""

    def __init__(self) -> None:
        self._warming: list[tuple[list[Message], tuple[Tool, ...], asyncio.Event]] = []

    @contextmanager
    def warming(self, messages: Sequence[Message], generation: Generation) -> Iterator[None]:
        """``messages`` are being warmed during the block."""
        entry = (list(messages), tuple(generation.tools), asyncio.Event())
        self._warming.append(entry)
        try:
            yield
        finally:
            entry[2].set()
            self._warming.remove(entry)

    async def settled(self, messages: Sequence[Message], generation: Generation) -> None:
        """Return when no warming of a beginning of ``messages`` is under way any more."""
        for known, tools, over in list(self._warming):
            if tools == tuple(generation.tools) and known == list(messages[: len(known)]):
                with suppress(TimeoutError):
                    async with asyncio.timeout(WAIT_SECONDS):
                        await over.wait()
