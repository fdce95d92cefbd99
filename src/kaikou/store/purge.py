"""What was thrown away is deleted for good once it can no longer be wanted back."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Protocol

from kaikou.errors import KaikouError
from kaikou.store.records import now

log = logging.getLogger(__name__)


class Purgeable(Protocol):
    """Where things are thrown away before they are deleted."""

    async def purge(self, before: datetime) -> tuple[str, ...]:
        """Delete for good what was thrown away before that moment; returns the ids."""
        ...


class Purge:
    """Looks every ``interval`` seconds for ``what`` was thrown away more than ``keep`` seconds ago.
    It looks at the database, so what a stopped server left is found by the next one."""

    def __init__(
        self, stored: Purgeable, keep: float, interval: float = 10.0, what: str = "conversations"
    ) -> None:
        self._stored = stored
        self._what = what
        self._keep = keep
        self._interval = interval
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; the owner must ``stop`` it."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="purge")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def once(self) -> tuple[str, ...]:
        """Delete what is due; returns the ids."""
        return await self._stored.purge(now() - timedelta(seconds=self._keep))

    async def _run(self) -> None:
        while True:
            try:
                if gone := await self.once():
                    log.info("deleted %d %s for good", len(gone), self._what)
            except (KaikouError, OSError) as error:
                log.warning("deleted %s were not purged: %s", self._what, error)
            await asyncio.sleep(self._interval)
