"""Where a reminder is told: the device or session it was set from, else another that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kaikou.devices.ports import DeviceLink
from kaikou.devices.registry import DeviceRegistry
from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.sessions.register import Session
from kaikou.dialogue.sessions.service import LiveService
from kaikou.errors import InvalidInput
from kaikou.jobs.places import Place
from kaikou.jobs.reminder import Reminder

_VOICES = frozenset({"realtime", "terminal"})
"""Surfaces whose sessions can be spoken to unasked."""


@dataclass(frozen=True, slots=True)
class OnDevice:
    """A connected device."""

    link: DeviceLink
    own: bool

    @property
    def name(self) -> str:
        return self.link.device_id

    async def say(self, text: str) -> bool:
        return await self.link.tell(text)

    async def alert(self, title: str, message: str, emotion: str) -> None:
        await self.link.alert(title, message, emotion)

    async def reboot(self) -> None:
        await self.link.reboot()


@dataclass(frozen=True, slots=True)
class InSession:
    """A live session of a browser or a terminal."""

    conversation: Conversation
    own: bool

    @property
    def name(self) -> str:
        return self.conversation.id

    async def say(self, text: str) -> bool:
        return await self.conversation.tell(text)

    async def alert(self, title: str, message: str, emotion: str) -> None:
        await self.say(message)

    async def reboot(self) -> None:
        raise InvalidInput("Only devices can be restarted.", code="device_missing")


class House:
    """All that is connected to this server."""

    def __init__(
        self, devices: Callable[[], DeviceRegistry | None], live: Callable[[], LiveService | None]
    ) -> None:
        self._devices = devices
        self._live = live

    def of(self, reminder: Reminder) -> Sequence[Place]:
        """Its own device, or its own session; for a reminder then every other device, then every voice
        session. A push goes to its own device alone."""
        registry = self._devices()
        links = [one for one in registry.links if one.state != "unbound"] if registry is not None else []
        own: list[Place] = [OnDevice(one, own=True) for one in links if one.device_id == reminder.device_id]
        if reminder.kind != "remind":
            return own
        live = self._live()
        sessions = [one for one in live.sessions if _there(one)] if live is not None else []
        if reminder.device_id is None:
            own += [
                InSession(one.conversation, own=True)
                for one in sessions
                if one.conversation.id == reminder.conversation_id
            ]
        others = [OnDevice(one, own=False) for one in links if one.device_id != reminder.device_id]
        return [*own, *others, *_voices(sessions, reminder)]


def _voices(sessions: Sequence[Session], reminder: Reminder) -> Iterator[Place]:
    for one in sessions:
        if one.surface in _VOICES and one.conversation.id != reminder.conversation_id:
            yield InSession(one.conversation, own=False)


def _there(session: Session) -> bool:
    return session.detached is None and not session.conversation.closed
