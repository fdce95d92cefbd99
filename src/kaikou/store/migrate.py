"""Bringing a database to this version's tables, at start, without a command."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, text

from kaikou.errors import KaikouError
from kaikou.store.database import Database

# Any number will do, as long as nobody else on the same database uses it for another purpose.
_LOCK = 0x6B61696B6F75


async def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that are missing, in one transaction. Replicas that start together take
    turns. KaikouError ``database_newer`` where a later Kaikou has been here."""
    async with database.write() as connection:
        if not database.sqlite:  # on SQLite the write transaction is the lock
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_run, revision)


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the packaged migrations."""
    made = Config()
    folder = str(Path(__file__).parent / "migrations")
    made.set_main_option("script_location", folder.replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def _run(connection: Connection, revision: str) -> None:
    try:
        command.upgrade(config(connection), revision)
    except CommandError as error:
        raise KaikouError(
            "The database was made by a later version of Kaikou.",
            code="database_newer",
            hint="Install that version again, or point data_dir or database_url elsewhere.",
        ) from error
