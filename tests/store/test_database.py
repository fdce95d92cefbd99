"""Opening, transactions, and a database that is not there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from kaikou.errors import SettingsError
from kaikou.settings.tree import Settings
from kaikou.store.database import Database, DatabaseUnavailable, async_url, database_url
from kaikou.store.migrate import upgrade
from kaikou.store.records import now
from kaikou.store.tables import secrets


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("sqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db"),
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u@h:1/d?sslmode=require", "postgresql+asyncpg://u@h:1/d?ssl=require"),
        ("postgresql+psycopg2://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_addresses_get_the_async_driver(given: str, made: str) -> None:
    assert async_url(given).render_as_string(hide_password=False) == made


@pytest.mark.parametrize("given", ["mysql://h/d", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_other_addresses_are_refused(given: str) -> None:
    with pytest.raises(SettingsError) as caught:
        async_url(given)
    assert caught.value.param == "database_url"
    assert caught.value.hint


def test_a_password_in_a_refused_address_stays_hidden() -> None:
    with pytest.raises(SettingsError) as caught:
        async_url("mysql://u:hush@h/d")
    assert "hush" not in str(caught.value)


async def test_the_default_lies_in_the_data_folder(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new folder")
    database = await Database.open(settings)
    try:
        await database.ping()
        assert (tmp_path / "new folder" / "kaikou.db").is_file()
        assert database_url(settings).endswith("kaikou.db")
    finally:
        await database.close()


async def test_sqlite_is_set_up_for_many_readers_and_a_writer(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db")
    try:
        async with database.read() as connection:
            found = {}
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout"):
                found[pragma] = (await connection.execute(text(f"PRAGMA {pragma}"))).scalar()
        assert found == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}
    finally:
        await database.close()


async def test_a_write_is_whole_or_not_at_all(database: Database) -> None:
    with pytest.raises(RuntimeError, match="half-way"):
        async with database.write() as connection:
            await connection.execute(insert(secrets).values(name="a", value="1", created_at=now()))
            raise RuntimeError("half-way")
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(secrets)) == 0


async def test_concurrent_writers_all_succeed(database: Database) -> None:
    async def add_one(number: int) -> None:
        async with database.write() as connection:
            count = await connection.scalar(select(func.count()).select_from(secrets))
            await connection.execute(
                insert(secrets).values(name=f"{number}", value=str(count), created_at=now())
            )

    await asyncio.gather(*(add_one(number) for number in range(30)))
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(secrets)) == 30


async def test_programming_errors_are_not_called_an_outage(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            for _ in range(2):
                await connection.execute(insert(secrets).values(name="a", value="1", created_at=now()))


async def test_a_wrong_statement_is_not_called_an_outage(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as connection:
            await connection.execute(text("SELECT nothing FROM nowhere"))


async def test_a_full_disk_is_called_by_its_name(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.db")
    await upgrade(database)
    try:
        with pytest.raises(DatabaseUnavailable, match="database or disk is full"):
            async with database.write() as connection:
                await connection.execute(text("PRAGMA max_page_count=1"))
                row = {"name": "a", "value": "x" * 1_000_000, "created_at": now()}
                await connection.execute(insert(secrets).values(row))
    finally:
        await database.close()


async def test_the_callers_own_errors_are_not_called_an_outage(database: Database) -> None:
    for error in (OSError("disk"), TimeoutError("mine")):
        with pytest.raises(type(error)):
            async with database.write():
                raise error


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
async def test_a_connection_that_breaks_is_an_outage_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        async with database.write() as connection:
            own = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with database.read() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            await connection.execute(text("SELECT 1"))
    await database.ping()


async def test_moments_come_back_in_utc(database: Database) -> None:
    moment = now()
    async with database.write() as connection:
        await connection.execute(insert(secrets).values(name="a", value="1", created_at=moment))
    async with database.read() as connection:
        found = await connection.scalar(select(secrets.c.created_at))
    assert found == moment
    assert found is not None and found.utcoffset() is not None


async def test_a_database_that_is_not_there_is_an_error_with_a_hint() -> None:
    database = Database("postgresql://u:hush@127.0.0.1:1/d")
    try:
        with pytest.raises(DatabaseUnavailable) as caught:
            await database.ping()
        assert caught.value.status == 503
        assert "hush" not in str(caught.value)
    finally:
        await database.close()


async def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kaikou.db").write_bytes(b"this is not a database, certainly not one of SQLite" * 100)
    with pytest.raises(DatabaseUnavailable):
        await Database.open(Settings(data_dir=tmp_path))


async def test_many_processes_may_make_the_file_together(tmp_path: Path) -> None:
    """SQLite fails one of two that switch a new file to write-ahead at once, without waiting."""
    for attempt in range(15):
        replicas = [Database(f"sqlite:///{tmp_path / str(attempt)}.db") for _ in range(12)]
        try:
            await asyncio.gather(*(one.ping() for one in replicas))
        finally:
            for one in replicas:
                await one.close()


async def test_replicas_may_start_together(url: str) -> None:
    replicas = [Database(url) for _ in range(3)]
    try:
        await asyncio.gather(*(upgrade(one) for one in replicas))
        await replicas[0].ping()
    finally:
        for one in replicas:
            await one.close()
