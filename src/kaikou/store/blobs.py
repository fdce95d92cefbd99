"""Files by content hash: recordings, previews, anything too big for a row.

A blob is written once, whole or not at all, and the same bytes are kept once. The table ``blobs``
names them; a blob is deleted when no row refers to it any more. One process at a time may use a
blob folder; within it, ``lock`` keeps writing and deleting apart.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from kaikou.errors import NotFound
from kaikou.store import tables
from kaikou.store.database import Database
from kaikou.store.records import now


class Blobs:
    """The folder of blobs. Reading and writing happen off the event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = asyncio.Lock()
        """Held from writing a file to committing the row that refers to it, and while deleting."""

    def path(self, digest: str) -> Path:
        """Where the blob lies; two letters of the hash are a folder, to keep folders small."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise NotFound("There is no such recording.", code="blob_not_found")
        return self.folder / digest[:2] / digest

    async def write(self, data: bytes) -> str:
        """Keep ``data``; returns its SHA-256 in hex."""
        return await asyncio.to_thread(self._write, data)

    async def read(self, digest: str) -> bytes:
        """The bytes of a blob. NotFound ``blob_not_found``."""
        try:
            return await asyncio.to_thread(self.path(digest).read_bytes)
        except FileNotFoundError:
            raise NotFound("The recording's file is gone.", code="blob_not_found") from None

    async def has(self, digest: str) -> bool:
        """Whether the blob is in this folder: another server on the database may have one of its own."""
        return await asyncio.to_thread(self.path(digest).exists)

    async def remove(self, digests: Collection[str]) -> None:
        """Delete the files; missing ones are fine."""
        if digests:
            await asyncio.to_thread(self._remove, list(digests))

    async def older_than(self, seconds: float) -> list[Path]:
        """Files that were written longer ago, temporary ones included."""
        return await asyncio.to_thread(self._older_than, time.time() - seconds)

    def _older_than(self, moment: float) -> list[Path]:
        files = (path for path in self.folder.glob("??/*") if path.is_file())
        return [path for path in files if path.stat().st_mtime < moment]

    def _remove(self, digests: list[str]) -> None:
        for digest in digests:
            self.path(digest).unlink(missing_ok=True)

    def _write(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return digest


async def put_row(connection: AsyncConnection, digest: str, size: int, media_type: str) -> None:
    """Name a written blob in the database, if it is not named yet."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(
        insert(tables.blobs)
        .values(hash=digest, size=size, media_type=media_type, created_at=now())
        .on_conflict_do_nothing(index_elements=["hash"])
    )


async def drop_unreferenced(connection: AsyncConnection, digests: Collection[str]) -> set[str]:
    """Those among ``digests`` that nothing refers to: their rows are deleted here, their files may
    go once the transaction is committed."""
    gone = set(digests)
    for column in tables.blob_references():
        if gone:
            gone -= set((await connection.execute(select(column).where(column.in_(gone)))).scalars())
    if gone:
        await connection.execute(delete(tables.blobs).where(tables.blobs.c.hash.in_(gone)))
    return gone


async def sweep(database: Database, blobs: Blobs, older_than: float = 3600.0) -> int:
    """Delete files that no row names, as a crash between file and row leaves them; those younger
    than ``older_than`` seconds may be about to get their row. Returns how many."""
    old = await blobs.older_than(older_than)
    gone = 0
    for start in range(0, len(old), 500):
        some = {path.name: path for path in old[start : start + 500]}
        async with database.read() as connection:
            query = select(tables.blobs.c.hash).where(tables.blobs.c.hash.in_(some))
            named = set((await connection.execute(query)).scalars())
        for name in set(some) - named:
            await asyncio.to_thread(some[name].unlink, missing_ok=True)
            gone += 1
    return gone
