"""The database: SQLite in the data folder by default, PostgreSQL by URL.

Two kinds of transaction: ``read()`` and ``write()``. On SQLite a write begins IMMEDIATE, so two
writers queue up for at most ``busy_timeout`` instead of failing half-way.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from kaikou.errors import KaikouError, SettingsError
from kaikou.settings.tree import Settings

BUSY_TIMEOUT_MS = 10_000
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


class DatabaseUnavailable(KaikouError):
    """The database does not answer; nothing was changed."""

    code = "database_unavailable"
    status = 503


class Database:
    """One database and its connections. Make it with :meth:`open`, end it with :meth:`close`."""

    def __init__(self, url: str) -> None:
        """``url``: any SQLite or PostgreSQL URL. SettingsError where it can't be used."""
        self.url = async_url(url)
        self.engine = _engine(self.url)
        self._writer = self.engine.execution_options(kaikou_write=True)

    @classmethod
    async def open(cls, settings: Settings) -> Database:
        """The database that the settings name, made and migrated to this version's tables."""
        from kaikou.store.migrate import upgrade

        database = cls(database_url(settings))
        try:
            await upgrade(database)
        except BaseException:
            await database.close()
            raise
        return database

    @property
    def sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that only reads."""
        return _transaction(self.engine)

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that may write: committed at its end, rolled back by an exception."""
        return _transaction(self._writer)

    async def ping(self) -> None:
        """Raises DatabaseUnavailable unless the database answers."""
        async with self.read() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def database_url(settings: Settings) -> str:
    """The URL in the settings, or that of ``kaikou.db`` in the data folder."""
    if settings.database_url:
        return settings.database_url
    return URL.create("sqlite", database=str((settings.data_dir / "kaikou.db").absolute())).render_as_string()


def async_url(url: str) -> URL:
    """``sqlite:///…`` and ``postgres://…``, as any program writes them, with the async drivers."""
    hint = "Use sqlite:////absolute/path.db or postgresql://user:password@host/name."
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("database_url is not a database URL.", hint=hint, param="database_url") from None
    driver = _DRIVERS.get(parsed.drivername.split("+")[0])
    if driver is None:
        raise SettingsError(
            f"database_url names {parsed.drivername!r}, which is not supported.",
            hint=hint,
            param="database_url",
        )
    if driver.startswith("sqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise SettingsError("database_url names no file.", hint=hint, param="database_url")
        return parsed.set(drivername=driver)
    if importlib.util.find_spec("asyncpg") is None:
        raise SettingsError(
            "database_url names PostgreSQL, whose driver is not installed.",
            code="missing_extra",
            hint="Install the extra: pip install 'kaikou[postgres]'.",
            param="database_url",
        )
    query = dict(parsed.query)
    if "sslmode" in query:  # libpq's name; asyncpg calls it ssl
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername=driver, query=query)


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True, pool_size=10, pool_timeout=10)
    # What people said is nobody else's: a folder made here is closed to other users.
    Path(url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_async_engine(url, pool_size=4, max_overflow=4, pool_timeout=30)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions begin where we say (below)
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=NORMAL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.run_async(_write_ahead)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("kaikou_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


async def _write_ahead(connection: aiosqlite.Connection) -> None:
    """Let readers go on beside a writer. Of two processes that change a new file's mode at once,
    SQLite fails one at once and never asks the busy handler, so that neither waits for the other
    for ever: the one that failed tries again here."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            await connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        await asyncio.sleep(0.01)


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Turns "no database there" into DatabaseUnavailable; lets programming errors through."""
    entered = False
    try:
        async with engine.begin() as connection:
            entered = True
            yield connection
    except DBAPIError as error:
        if _is_outage(error):
            raise _unavailable(error.orig or error) from error
        if type(error) is DatabaseError:  # none of its kinds: SQLite's "file is not a database"
            raise DatabaseUnavailable(
                f"The database can't be used: {error.orig}.",
                code="database_damaged",
                hint="Put a backup in its place, or point data_dir elsewhere.",
            ) from error
        raise
    except (PoolTimeout, OSError, TimeoutError) as error:
        # asyncpg raises plain OSError and TimeoutError while connecting; later ones are the caller's.
        if entered:
            raise
        raise _unavailable(error) from error


def _is_outage(error: DBAPIError) -> bool:
    """Busy, full, unreachable: it may pass. A wrong statement won't, whatever class it has."""
    if isinstance(error.orig, sqlite3.Error):
        mistake = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
        return isinstance(error, OperationalError) and not mistake
    return isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated


def _unavailable(reason: BaseException) -> DatabaseUnavailable:
    # SQLite's own words ("database or disk is full") help; others' may name hosts and users.
    said = str(reason) if isinstance(reason, sqlite3.Error) else type(reason).__name__
    return DatabaseUnavailable(
        f"The database does not answer: {said}.",
        hint="Check that it runs, that its disk has room, and that database_url is right.",
    )
