"""A live connection to a device, whatever its transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kaikou.engines.ports import Tool


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """What a device's tool gave: ``text`` for the model, or what went wrong where ``failed``."""

    text: str
    failed: bool = False


class DeviceLink(Protocol):
    """Registered with the registry by a surface while the device is connected."""

    @property
    def device_id(self) -> str: ...

    @property
    def transport(self) -> str:
        """``websocket`` or ``mqtt``."""
        ...

    @property
    def conversation_id(self) -> str: ...

    @property
    def state(self) -> str:
        """``idle``, ``listening``, ``speaking`` or ``unbound``."""
        ...

    async def speak(self, text: str) -> None:
        """Say a text on the device, after what it is saying."""
        ...

    async def tell(self, text: str) -> bool:
        """``speak``, awaited: True once it was heard, False where it will not be."""
        ...

    async def alert(self, status: str, message: str, emotion: str) -> None:
        """Show a message with a sound."""
        ...

    async def custom(self, payload: Mapping[str, Any]) -> None:
        """Hand a payload to firmware that was made to understand it. InvalidInput ``not_sendable``."""
        ...

    async def reboot(self) -> None: ...

    async def close(self, reason: str) -> None:
        """End the connection; the device comes back when it is used next."""
        ...

    def tools(self) -> Sequence[Tool]:
        """What the device can do, as it told; names fit for a model."""
        ...

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> DeviceAnswer:
        """Never raises: a failure is an answer too."""
        ...
