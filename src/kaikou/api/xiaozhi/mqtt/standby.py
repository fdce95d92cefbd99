"""A signed-in device between two conversations: it can be shown something, and restarted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaikou.api.xiaozhi import phrases
from kaikou.api.xiaozhi.own_messages import checked
from kaikou.devices.ports import DeviceAnswer
from kaikou.devices.registry import DeviceRegistry
from kaikou.engines.ports import Tool


class Standby:
    """See ``devices.ports.DeviceLink``. ``send`` sends the device a message."""

    transport = "mqtt"
    conversation_id = ""
    state = "idle"

    def __init__(
        self, device_id: str, language: str | None, registry: DeviceRegistry, send: Callable[..., None]
    ) -> None:
        self.device_id = device_id
        self._language = language
        self._registry = registry
        self._send = send

    async def speak(self, text: str) -> None:
        """Shown, with a sound: only a device can open the way for a voice, and it does when it is woken."""
        await self.alert(phrases.message(self._language), text, "neutral")

    async def tell(self, text: str) -> bool:
        """True: it rings, and stays on the display."""
        await self.speak(text)
        return True

    async def alert(self, status: str, message: str, emotion: str) -> None:
        self._send(type="alert", status=status, message=message, emotion=emotion)

    async def custom(self, payload: Mapping[str, Any]) -> None:
        self._send(**checked({"type": "custom", "payload": dict(payload)}))

    async def reboot(self) -> None:
        self._send(type="system", command="reboot")

    async def close(self, reason: str) -> None:
        """The connection stays; whose device it is, is asked again at its next hello."""
        self._registry.detach(self)

    def tools(self) -> Sequence[Tool]:
        """Read anew with each conversation."""
        return ()

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> DeviceAnswer:
        return DeviceAnswer("The device is not in a conversation.", failed=True)
