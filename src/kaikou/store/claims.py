"""Work that one of several servers on a database does at a time: documents to import, turns to learn from.

A claim is a row with its holder and an end; it is renewed while the work lasts, so a server that died loses
it within ``SECONDS``. Taking it is one conditional UPDATE, or one INSERT, and so only one of those that try
at the same moment gets it, on SQLite and on PostgreSQL alike.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from kaikou.errors import KaikouError
from kaikou.store.database import Database
from kaikou.store.records import now
from kaikou.store.tables import claims

SECONDS = 30.0

log = logging.getLogger(__name__)


class Claims:
    """The claims of one server."""

    def __init__(self, database: Database, seconds: float = SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._holder = secrets.token_hex(8)

    @asynccontextmanager
    async def held(self, work: str) -> AsyncIterator[bool]:
        """Whether ``work`` (a name of at most 300 letters) is ours for the block: False where another
        holder has it, one of this process included. Raises DatabaseUnavailable."""
        mark = f"{self._holder}/{secrets.token_hex(4)}"
        if not await self._take(work, mark):
            yield False
            return
        beat = asyncio.create_task(self._renewed(work, mark), name=f"claim {work[:40]}")
        try:
            yield True
        finally:
            beat.cancel()
            await asyncio.wait({beat})
            try:
                await self._free(work, mark)
            except KaikouError as error:
                log.warning("a claim is left to run out: %s", error)

    async def _take(self, work: str, mark: str) -> bool:
        moment = now()
        values = {"holder": mark, "until": moment + timedelta(seconds=self._seconds)}
        over = update(claims).where(claims.c.work == work, claims.c.until < moment)
        insert = sqlite.insert if self._database.sqlite else postgresql.insert
        new = insert(claims).values(work=work, **values).on_conflict_do_nothing(index_elements=["work"])
        async with self._database.write() as connection:
            if (await connection.execute(over.values(values))).rowcount:
                return True
            return bool((await connection.execute(new)).rowcount)

    async def _renewed(self, work: str, mark: str) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                async with self._database.write() as connection:
                    mine = update(claims).where(claims.c.work == work, claims.c.holder == mark)
                    until = now() + timedelta(seconds=self._seconds)
                    if not (await connection.execute(mine.values(until=until))).rowcount:
                        log.warning("%s was claimed by another server: it may be done twice", work)
                        return
            except KaikouError as error:
                log.warning("a claim is not renewed: %s", error)

    async def _free(self, work: str, mark: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(claims).where(claims.c.work == work, claims.c.holder == mark))
