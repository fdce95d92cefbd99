"""Each test of the store runs on SQLite and on PostgreSQL, each on a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store.postgres import new_database

from kaikou.store.blobs import Blobs
from kaikou.store.database import Database

BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BACKENDS)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database; of one with its tables where the test asks for ``database``."""
    migrated = "database" in request.fixturenames
    if request.param == "sqlite":
        if migrated:
            shutil.copyfile(request.getfixturevalue("migrated"), tmp_path / "kaikou.db")
        yield f"sqlite:///{tmp_path}/kaikou.db"
        return
    template = request.getfixturevalue("migrated_postgres") if migrated else "template1"
    async with new_database(template) as made:
        yield made


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """A migrated database."""
    made = Database(url)
    yield made
    await made.close()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")
