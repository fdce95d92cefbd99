"""What was thrown away is deleted for good once it can no longer be wanted back."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from kaikou.errors import KaikouError
from kaikou.store.conversations import ConversationRepository
from kaikou.store.records import now

log = logging.getLogger(__name__)


class Purge:
    """Looks every ``interval`` seconds for conversations thrown away more than ``keep`` seconds ago.
    It looks at the database, so what a stopped server left is found by the next one."""

    def __init__(self, stored: ConversationRepository, keep: float, interval: float = 10.0) -> None:
        self._stored = stored
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
                    log.info("deleted %d conversations for good", len(gone))
            except (KaikouError, OSError) as error:
                log.warning("deleted conversations were not purged: %s", error)
            await asyncio.sleep(self._interval)
