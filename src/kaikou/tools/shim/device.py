"""``conn.websocket`` and ``conn.memory``: the device's line, and what the agent remembers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaikou.tools.shim.connection import Connection


class Line:
    """``conn.websocket``: takes messages for the device, whatever carries them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def send(self, message: str | bytes) -> None:
        """A message as JSON text. KaikouError where there is no device, and for messages that only the
        conversation may send; TypeError for packets of sound."""
        if not isinstance(message, str):
            raise TypeError("packets can't be sent: give what is to be heard to conn.tts")
        try:
            body = json.loads(message)
        except ValueError as error:
            raise ValueError(f"conn.websocket.send takes a JSON object: {error}") from None
        await self.send_json(body)

    async def send_json(self, message: Mapping[str, Any]) -> None:
        """A message."""
        if not isinstance(message, Mapping):
            raise ValueError("conn.websocket.send takes a JSON object")
        await self._connection.caller.send(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """The conversation ends with the call."""
        self._connection.close_after_chat = True

    @property
    def closed(self) -> bool:
        """Whether a call that still runs has nobody to send to."""
        return self._connection.over

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"conn.websocket.{name} has no counterpart in Kaikou")


class Memory:
    """``conn.memory``: what the agent remembers of who speaks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def query_memory(self, query: str = "", **_: Any) -> str:
        """What is known, and what the words recall; empty for nothing."""
        return await self._connection.caller.recall(str(query or ""))

    async def save_memory(self, msgs: Any = None, session_id: str | None = None, **_: Any) -> None:
        """Nothing to do: the agent's memory learns from the conversation as it goes."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"conn.memory.{name} has no counterpart in Kaikou")
