"""Each test of the store runs on SQLite and on PostgreSQL, each on a database of its own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from kaikou.store.blobs import Blobs
from kaikou.store.database import Database, async_url
from kaikou.store.migrate import upgrade

SERVICES = Path(__file__).parents[2] / "scripts" / "services.py"
BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


def postgres_url() -> str:
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


@pytest.fixture(params=BACKENDS)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/kaikou.db"
        return
    server, name = postgres_url(), f"test_{secrets.token_hex(6)}"
    admin = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        async with admin.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.dispose()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    made = Database(url)
    await upgrade(made)
    yield made
    await made.close()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")
