"""Where a reminder can be told; the live connections are handed in by the floors above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kaikou.jobs.reminder import Reminder


class Place(Protocol):
    """A device or a session that is there now."""

    @property
    def name(self) -> str: ...

    @property
    def own(self) -> bool:
        """It is where the reminder was asked for, or as good as that."""
        ...

    async def say(self, text: str) -> bool:
        """Say a text, after what is being said: True once it was told, False where nothing of it was,
        because the connection ended first. KaikouError where it can't be taken."""
        ...

    async def alert(self, title: str, message: str, emotion: str) -> None: ...

    async def reboot(self) -> None: ...


class Places(Protocol):
    def of(self, reminder: Reminder) -> Sequence[Place]:
        """Those there now, the best first; never waits."""
        ...
