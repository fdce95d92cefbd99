"""The migrations make exactly the tables the code works with."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from kaikou.errors import KaikouError
from kaikou.store.database import Database
from kaikou.store.migrate import config, upgrade
from kaikou.store.tables import metadata


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_migrations_equal_the_tables(database: Database) -> None:
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert {*metadata.tables, "alembic_version"} == set(names)


async def test_the_comparison_can_fail(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("ALTER TABLE voices ADD COLUMN surprise INTEGER"))
    async with database.read() as connection:
        assert await connection.run_sync(differences) != []


async def test_a_second_start_changes_nothing(database: Database) -> None:
    await upgrade(database)
    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(config()).get_heads()) == 1


async def test_a_later_versions_database_is_refused(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(KaikouError) as caught:
        await upgrade(database)
    assert caught.value.code == "database_newer"
