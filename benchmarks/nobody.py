"""A caller of tools behind whom there is no conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kaikou.engines.ports import Message


@dataclass
class Nobody:
    """A :class:`kaikou.tools.ports.Caller` who has said nothing and hears nothing."""

    agent_id: str = "a"
    conversation_id: str = "c"
    device_id: str | None = None
    language: str | None = None
    speaker: str | None = None
    knowledge: tuple[str, ...] = ()

    def messages(self) -> Sequence[Message]:
        return ()

    async def say(self, text: str) -> None: ...
