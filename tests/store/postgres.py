"""The tests' PostgreSQL: a database for each, copied from one that has its tables where it wants them."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from kaikou.store.database import Database, async_url
from kaikou.store.migrate import upgrade

SERVICES = Path(__file__).parents[2] / "scripts" / "services.py"


@cache
def server_url() -> str:
    """A running PostgreSQL's URL. Missing: a failure in CI, a skip with the way out elsewhere."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        return given
    found = subprocess.run([sys.executable, SERVICES, "url"], capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return found.stdout.strip()
    said = "PostgreSQL does not run; start it with: python scripts/services.py start"
    if os.environ.get("CI") == "true":
        pytest.fail(said)
    pytest.skip(said)


@asynccontextmanager
async def new_database(template: str = "template1") -> AsyncIterator[str]:
    """The URL of a database of one's own, gone at the end."""
    name = f"test_{secrets.token_hex(6)}"
    await _order(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _url(name)
    finally:
        await _order(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[str]:
    """The name of a database of this version's tables, with nothing in it: a template."""
    name = f"migrated_{secrets.token_hex(6)}"

    async def make() -> None:
        await _order(f"CREATE DATABASE {name}")
        database = Database(_url(name))
        await upgrade(database)
        await database.close()

    with ThreadPoolExecutor(1) as thread:  # the test may have a loop in this one
        thread.submit(asyncio.run, make()).result()
        yield name
        thread.submit(asyncio.run, _order(f"DROP DATABASE {name}")).result()


def _url(name: str) -> str:
    return make_url(server_url()).set(database=name).render_as_string(hide_password=False)


async def _order(command: str) -> None:
    admin = create_async_engine(async_url(server_url()), isolation_level="AUTOCOMMIT")
    try:
        async with admin.connect() as connection:
            await connection.execute(text(command))
    finally:
        await admin.dispose()
