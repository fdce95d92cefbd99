"""Files by content hash."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from kaikou.errors import NotFound
from kaikou.store.blobs import Blobs, drop_unreferenced, put_row, sweep
from kaikou.store.database import Database


def files(blobs: Blobs) -> list[Path]:
    return [path for path in blobs.folder.rglob("*") if path.is_file()]


async def test_what_is_written_is_read_back_under_its_hash(blobs: Blobs) -> None:
    digest = await blobs.write(b"abc")
    assert digest == hashlib.sha256(b"abc").hexdigest()
    assert await blobs.read(digest) == b"abc"
    assert await blobs.write(b"") == hashlib.sha256(b"").hexdigest()


async def test_the_same_bytes_are_kept_once(blobs: Blobs) -> None:
    await asyncio.gather(*(blobs.write(b"same") for _ in range(8)))
    assert len(files(blobs)) == 1


async def test_removing_twice_is_fine(blobs: Blobs) -> None:
    digest = await blobs.write(b"abc")
    await blobs.remove([digest])
    await blobs.remove([digest])
    with pytest.raises(NotFound):
        await blobs.read(digest)


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "ab", "A" * 64, "/" * 64])
async def test_a_hash_is_not_a_path(blobs: Blobs, digest: str) -> None:
    with pytest.raises(NotFound):
        await blobs.read(digest)


async def test_a_failed_write_leaves_nothing(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kaikou.store.blobs.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        await blobs.write(b"abc")
    assert files(blobs) == []


async def test_rows_without_a_reference_are_dropped(database: Database, blobs: Blobs) -> None:
    digest = await blobs.write(b"abc")
    async with database.write() as connection:
        await put_row(connection, digest, 3, "audio/wav")
        await put_row(connection, digest, 3, "audio/wav")
    async with database.write() as connection:
        assert await drop_unreferenced(connection, {digest}) == {digest}
        assert await drop_unreferenced(connection, set()) == set()


async def test_what_a_crash_left_is_swept(database: Database, blobs: Blobs) -> None:
    kept, orphan, young = [await blobs.write(data) for data in (b"kept", b"orphan", b"young")]
    async with database.write() as connection:
        await put_row(connection, kept, 4, "audio/wav")
    unfinished = blobs.path(orphan).with_name(".new-x")
    unfinished.write_bytes(b"half")
    for path in (blobs.path(kept), blobs.path(orphan), unfinished):
        os.utime(path, (1, 1))
    assert await sweep(database, blobs) == 2
    assert {path.name for path in files(blobs)} == {kept, young}
    assert await sweep(database, Blobs(blobs.folder / "nothing here")) == 0
