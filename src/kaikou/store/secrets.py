"""Secrets the server makes for itself once and keeps."""

from __future__ import annotations

import secrets as random

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from kaikou.store.database import Database
from kaikou.store.records import now
from kaikou.store.tables import secrets


async def kept_secret(database: Database, name: str) -> str:
    """The secret of that name: 256 random bits in hex, made at the first call. Processes that
    share a database get the same."""
    insert = sqlite.insert if database.sqlite else postgresql.insert
    row = {"name": name, "value": random.token_hex(32), "created_at": now()}
    async with database.write() as connection:
        await connection.execute(insert(secrets).values(row).on_conflict_do_nothing(index_elements=["name"]))
        found = await connection.scalar(select(secrets.c.value).where(secrets.c.name == name))
    return str(found)
