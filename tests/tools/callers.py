"""A conversation as tools see it, for tests."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kaikou.engines.ports import Message


@dataclass
class FakeCaller:
    agent_id: str = "agent"
    conversation_id: str = "conversation"
    device_id: str | None = None
    language: str | None = "en"
    speaker: str | None = None
    knowledge: tuple[str, ...] = ()
    said: list[str] = field(default_factory=list)
    heard: Sequence[Message] = ()

    def messages(self) -> Sequence[Message]:
        return self.heard

    async def say(self, text: str) -> None:
        self.said.append(text)


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until ``true()``, which may be awaitable; the bound only ends a test that would hang."""
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.01)
