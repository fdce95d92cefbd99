"""Knowledge bases and their documents: rows by id, thrown away and brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from kaikou.store import blobs as blob_rows
from kaikou.store.blobs import Blobs
from kaikou.store.database import Database
from kaikou.store.records import now
from kaikou.store.tables import documents, knowledge_bases, passages

State = Literal["queued", "reading", "embedding", "ready", "failed", "cancelled"]
UNFINISHED: tuple[State, ...] = ("queued", "reading", "embedding")
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class BaseRow:
    """A knowledge base, with how much it holds."""

    id: str
    name: str
    description: str
    revision: int
    created_at: datetime
    updated_at: datetime
    documents: int = 0
    passages: int = 0


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document. ``error``: code, message and hint of what went wrong."""

    id: str
    base_id: str
    title: str
    file_name: str
    media_type: str
    size: int
    file: str
    state: State
    error: Mapping[str, str] | None
    characters: int
    passages: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


class KnowledgeRepository:
    """Bases and documents; what is thrown away is seen by nobody until it is brought back or purged."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self.database = database
        self.blobs = blobs

    # -- bases

    async def bases(self, ids: Sequence[str] | None = None) -> tuple[BaseRow, ...]:
        """All bases, or those among ``ids``, by name."""
        query = _counted().where(knowledge_bases.c.deleted_at.is_(None))
        if ids is not None:
            query = query.where(knowledge_bases.c.id.in_(list(ids)))
        async with self.database.read() as connection:
            found = await connection.execute(query.order_by(knowledge_bases.c.name, knowledge_bases.c.id))
            return tuple(_base(row) for row in found.mappings())

    async def revisions(self, ids: Sequence[str]) -> dict[str, int]:
        """The revision of each of these bases that is there."""
        table = knowledge_bases.c
        query = select(table.id, table.revision).where(table.id.in_(list(ids)), table.deleted_at.is_(None))
        async with self.database.read() as connection:
            return {row.id: row.revision for row in await connection.execute(query)}

    async def put_base(self, base_id: str, name: str, description: str) -> None:
        """Insert, or change the one of that id."""
        values: dict[str, Any] = {"name": name, "description": description, "updated_at": now()}
        async with self.database.write() as connection:
            change = update(knowledge_bases).where(knowledge_bases.c.id == base_id).values(values)
            if not (await connection.execute(change)).rowcount:
                values |= {"id": base_id, "revision": 0, "created_at": now()}
                await connection.execute(insert(knowledge_bases).values(values))

    async def mark_base(self, base_id: str, *, deleted: bool) -> bool:
        """Throw away or bring back; False where there is none in the other state."""
        column = knowledge_bases.c.deleted_at
        here = (knowledge_bases.c.id == base_id) & (column.is_(None) if deleted else column.is_not(None))
        change = update(knowledge_bases).where(here).values(deleted_at=now() if deleted else None)
        async with self.database.write() as connection:
            return bool((await connection.execute(change)).rowcount)

    # -- documents

    async def documents(self, base_id: str) -> tuple[DocumentRow, ...]:
        """Of a base, oldest first."""
        return await self._documents(documents.c.base_id == base_id, documents.c.deleted_at.is_(None))

    async def document(self, document_id: str) -> DocumentRow | None:
        found = await self._documents(documents.c.id == document_id, documents.c.deleted_at.is_(None))
        return found[0] if found and await self.bases([found[0].base_id]) else None

    async def same_file(self, base_id: str, digest: str) -> DocumentRow | None:
        """The document of the base that was made from the same bytes, thrown away or not."""
        found = await self._documents(documents.c.base_id == base_id, documents.c.file == digest)
        return found[0] if found else None

    async def add_document(self, row: DocumentRow, data: bytes) -> None:
        """Keep the original and the row."""
        async with self.blobs.lock:
            await self.blobs.write(data)
            async with self.database.write() as connection:
                await blob_rows.put_row(connection, row.file, row.size, row.media_type)
                values = {name: getattr(row, name) for name in row.__slots__}
                await connection.execute(insert(documents).values(values))

    async def unfinished(self) -> tuple[DocumentRow, ...]:
        """Documents that are not finished, oldest first; at most 50."""
        return await self._documents(
            documents.c.state.in_(UNFINISHED), documents.c.deleted_at.is_(None), limit=_AT_ONCE
        )

    async def stale(self, embedder: str) -> tuple[DocumentRow, ...]:
        """Ready documents with vectors of another embedder than this, oldest first; at most 50."""
        stale = select(passages.c.document_id).where(passages.c.embedder.is_distinct_from(embedder))
        return await self._documents(
            documents.c.state == "ready",
            documents.c.deleted_at.is_(None),
            documents.c.id.in_(stale),
            limit=_AT_ONCE,
        )

    async def set_state(
        self,
        document_id: str,
        state: State,
        *,
        unless: State | None = None,
        error: Mapping[str, str] | None = None,
        **values: Any,
    ) -> bool:
        """Change a document's state and columns; False where it is in state ``unless``, or is gone."""
        here = (documents.c.id == document_id) & documents.c.deleted_at.is_(None)
        if unless is not None:
            here &= documents.c.state != unless
        change = update(documents).where(here)
        change = change.values(
            state=state, error=None if error is None else dict(error), updated_at=now(), **values
        )
        async with self.database.write() as connection:
            done = bool((await connection.execute(change)).rowcount)
            if done and state == "ready":
                await _bump(connection, document_id)
            return done

    async def mark_document(self, document_id: str, *, deleted: bool) -> bool:
        """Throw away or bring back; False where there is none in the other state."""
        column = documents.c.deleted_at
        here = (documents.c.id == document_id) & (column.is_(None) if deleted else column.is_not(None))
        change = update(documents).where(here).values(deleted_at=now() if deleted else None)
        async with self.database.write() as connection:
            done = bool((await connection.execute(change)).rowcount)
            if done:
                await _bump(connection, document_id)
            return done

    async def purge(self, before: datetime) -> tuple[str, ...]:
        """Delete for good what was thrown away before that moment, with the originals nothing else
        refers to. Returns the ids of the documents and bases."""
        gone: list[str] = []
        while True:
            async with self.blobs.lock:
                async with self.database.write() as connection:
                    bases = select(knowledge_bases.c.id).where(knowledge_bases.c.deleted_at < before)
                    due = (documents.c.deleted_at < before) | documents.c.base_id.in_(bases)
                    query = select(documents.c.id, documents.c.file).where(due).limit(_AT_ONCE)
                    rows = (await connection.execute(query)).all()
                    ids = [row.id for row in rows]
                    await connection.execute(delete(documents).where(documents.c.id.in_(ids)))
                    files = await blob_rows.drop_unreferenced(connection, {row.file for row in rows})
                    if not rows:
                        gone += (await connection.execute(bases)).scalars()
                        await connection.execute(
                            delete(knowledge_bases).where(knowledge_bases.c.deleted_at < before)
                        )
                await self.blobs.remove(files)
            gone += ids
            if not rows:
                return tuple(gone)

    async def _documents(
        self, *where: ColumnElement[bool], limit: int | None = None
    ) -> tuple[DocumentRow, ...]:
        alive = documents.join(knowledge_bases, documents.c.base_id == knowledge_bases.c.id)
        query = select(documents).select_from(alive).where(knowledge_bases.c.deleted_at.is_(None), *where)
        query = query.order_by(documents.c.created_at, documents.c.id).limit(limit)
        async with self.database.read() as connection:
            found = await connection.execute(query)
            return tuple(DocumentRow(**row) for row in found.mappings())


async def _bump(connection: AsyncConnection, document_id: str) -> None:
    """What can be found in the document's base has changed."""
    base = select(documents.c.base_id).where(documents.c.id == document_id).scalar_subquery()
    change = update(knowledge_bases).where(knowledge_bases.c.id == base)
    await connection.execute(change.values(revision=knowledge_bases.c.revision + 1, updated_at=now()))


def _counted() -> Select[Any]:
    inside = (documents.c.base_id == knowledge_bases.c.id) & documents.c.deleted_at.is_(None)
    count = select(func.count()).select_from(documents).where(inside).scalar_subquery()
    pieces = select(func.coalesce(func.sum(documents.c.passages), 0)).where(inside).scalar_subquery()
    return select(knowledge_bases, count.label("documents"), pieces.label("passages"))


def _base(row: RowMapping) -> BaseRow:
    return BaseRow(**{name: row[name] for name in BaseRow.__slots__})
