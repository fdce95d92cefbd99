"""A conversation as tools see it, for tests."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaikou.engines.ports import Message, Tool
from kaikou.errors import KaikouError
from kaikou.tools.ports import Outcome


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

    asked: list[Sequence[Message]] = field(default_factory=list)
    others: Sequence[Tool] = ()
    outcome: Outcome = field(default_factory=Outcome)

    async def say(self, text: str) -> None:
        self.said.append(text)

    async def ask(self, messages: Sequence[Message]) -> str:
        self.asked.append(messages)
        return f"Answer {len(self.asked)}."

    def tools(self) -> Sequence[Tool]:
        return self.others

    async def use(self, name: str, arguments: str) -> Outcome:
        self.said.append(f"{name} {arguments}")
        return self.outcome

    sent: list[Mapping[str, Any]] = field(default_factory=list)
    remembered: str = ""

    async def recall(self, words: str) -> str:
        return f"{self.remembered} {words}".strip()

    async def send(self, message: Mapping[str, Any]) -> None:
        if self.device_id is None:
            raise KaikouError("This conversation is not a device's.", code="no_device")
        self.sent.append(message)


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until ``true()``, which may be awaitable; the bound only ends a test that would hang."""
    async with asyncio.timeout(seconds):
        while True:
            found = true()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(0.01)
