"""A device's live connection as the rest of the server sees it (``devices.ports.DeviceLink``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kaikou.api.xiaozhi.session import DeviceSession
from kaikou.api.xiaozhi.unbound import UnboundSession
from kaikou.devices.ports import DeviceAnswer
from kaikou.devices.registry import ANEW
from kaikou.engines.ports import Tool
from kaikou.errors import InvalidInput


class Link:
    """``leave`` ends the connection with a reason."""

    def __init__(
        self,
        device_id: str,
        transport: str,
        session: DeviceSession | UnboundSession,
        leave: Callable[[str], None],
    ) -> None:
        self.device_id = device_id
        self.transport = transport
        self.conversation_id = session.conversation.id
        self._session = session
        self._leave = leave

    @property
    def state(self) -> str:
        return self._session.state if isinstance(self._session, DeviceSession) else "unbound"

    async def speak(self, text: str) -> None:
        self._bound.conversation.speak(text)

    async def tell(self, text: str) -> bool:
        return await self._bound.conversation.tell(text)

    async def alert(self, status: str, message: str, emotion: str) -> None:
        self._bound.alert(status, message, emotion)

    async def custom(self, payload: Mapping[str, Any]) -> None:
        self._bound.pass_on({"type": "custom", "payload": dict(payload)})

    async def reboot(self) -> None:
        self._bound.reboot()

    async def close(self, reason: str) -> None:
        self._leave(reason)
        if reason == ANEW:
            # Its socket may take its time to end; the place is wanted now.
            self._session.close()
            await self._session.conversation.close(reason)

    def tools(self) -> Sequence[Tool]:
        return self._session.tools if isinstance(self._session, DeviceSession) else ()

    async def call_tool(self, name: str, arguments: Mapping[str, Any]) -> DeviceAnswer:
        if not isinstance(self._session, DeviceSession):
            return DeviceAnswer("The device is not bound.", failed=True)
        return await self._session.call_tool(name, arguments)

    @property
    def _bound(self) -> DeviceSession:
        if not isinstance(self._session, DeviceSession):
            raise InvalidInput("The device is not bound yet.", code="device_unbound", status=409)
        return self._session
