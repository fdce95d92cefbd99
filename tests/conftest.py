"""What all tests share: hypothesis' profiles, and two things that each test would else make anew."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings
from store.postgres import migrated_postgres

__all__ = ["migrated_postgres"]

# A busy machine is no failure: no test asserts seconds.
settings.register_profile("default", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.option.dist != "loadfile":
        return None
    from sharing import FilesAndGroups

    config.option.loadscopereorder = False  # the order that the processes give, not the fullest file first
    return FilesAndGroups(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        from sharing import in_order

        in_order(items)


@pytest.fixture(scope="session", autouse=True)
def one_set_of_certificates() -> Iterator[None]:
    """Each HTTP client would read all certificates of the world, which takes longer than most tests do."""
    make = httpx._transports.default.create_ssl_context
    default = cache(make)

    def known(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        return default() if verify is True and not cert else make(verify, cert, trust_env)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx._transports.default, "create_ssl_context", known)
        yield


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of this version's tables, with nothing in it."""
    from kaikou.settings.tree import Settings
    from kaikou.store.database import Database

    folder = tmp_path_factory.mktemp("migrated")

    async def make() -> None:
        database = await Database.open(Settings(data_dir=folder))
        await database.close()

    with ThreadPoolExecutor(1) as thread:  # the test may have a loop in this one
        thread.submit(asyncio.run, make()).result()
    return folder / "kaikou.db"


@pytest.fixture(autouse=True)
def new_databases_are_copies(migrated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations run once, and where a test of ``store`` asks for an empty database; else a copy is taken."""
    from kaikou.store import migrate
    from kaikou.store.database import Database

    upgrade = migrate.upgrade

    async def copied(database: Database, revision: str = "head") -> None:
        path = Path(database.url.database or "")
        if database.sqlite and revision == "head" and not path.exists():
            shutil.copyfile(migrated, path)
        else:
            await upgrade(database, revision)

    monkeypatch.setattr(migrate, "upgrade", copied)
