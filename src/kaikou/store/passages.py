"""The passages of documents: their text, words and vectors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, insert, or_, select, tuple_, update

from kaikou.store.database import Database
from kaikou.store.tables import documents, passages

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class PassageRow:
    """A piece of a document: ``text`` is ``[start, end)`` of the document's text, ``heading`` the
    headings above it, outermost first, one a line; ``words`` what it is found by."""

    document_id: str
    position: int
    start: int
    end: int
    page: int | None
    heading: str
    text: str
    words: str


class PassageRepository:
    """Rows of passages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, document_id: str, rows: Sequence[PassageRow]) -> None:
        """Put ``rows``, without vectors, in the place of all passages of the document."""
        async with self._database.write() as connection:
            await connection.execute(delete(passages).where(passages.c.document_id == document_id))
            for start in range(0, len(rows), _AT_ONCE):
                some = [
                    {name: getattr(row, name) for name in PassageRow.__slots__}
                    for row in rows[start : start + _AT_ONCE]
                ]
                await connection.execute(insert(passages), some)

    async def of(self, document_id: str, *, offset: int = 0, limit: int = _AT_ONCE) -> tuple[PassageRow, ...]:
        """In order."""
        return await self._rows(passages.c.document_id == document_id, offset=offset, limit=limit)

    async def without_vector(self, document_id: str, embedder: str, limit: int) -> tuple[PassageRow, ...]:
        """The first that this embedder has not seen."""
        unseen = passages.c.embedder.is_distinct_from(embedder)
        return await self._rows(passages.c.document_id == document_id, unseen, limit=limit)

    async def set_vectors(
        self, document_id: str, embedder: str, vectors: Sequence[tuple[int, bytes]]
    ) -> None:
        """Keep vectors by position."""
        change = (
            update(passages)
            .where(passages.c.document_id == document_id, passages.c.position == bindparam("at"))
            .values(embedder=embedder, vector=bindparam("made"))
        )
        async with self._database.write() as connection:
            await connection.execute(change, [{"at": at, "made": made} for at, made in vectors])

    async def words(self, base_id: str) -> AsyncIterator[list[tuple[tuple[str, int], str]]]:
        """The place and the words of every passage of the base's ready documents, some at a time."""
        async for rows in self._of_base(base_id, passages.c.words):
            yield [((row.document_id, row.position), row.words) for row in rows]

    async def vectors(
        self, base_id: str, embedder: str
    ) -> AsyncIterator[list[tuple[tuple[str, int], bytes]]]:
        """The place and the packed vectors of those passages that this embedder has seen, some at a time."""
        seen = (passages.c.embedder == embedder) & passages.c.vector.is_not(None)
        async for rows in self._of_base(base_id, passages.c.vector, seen):
            yield [((row.document_id, row.position), row.vector) for row in rows]

    async def _of_base(
        self, base_id: str, column: ColumnElement[Any], *where: ColumnElement[bool]
    ) -> AsyncIterator[Sequence[Any]]:
        query = (
            select(passages.c.document_id, passages.c.position, column)
            .join(documents, documents.c.id == passages.c.document_id)
            .where(findable(base_id), *where)
            .order_by(passages.c.document_id, passages.c.position)
            .limit(_AT_ONCE)
        )
        after: tuple[str, int] | None = None
        while True:
            here = tuple_(passages.c.document_id, passages.c.position)
            async with self._database.read() as connection:
                asked = query if after is None else query.where(here > after)
                found = (await connection.execute(asked)).all()
            yield found
            if len(found) < _AT_ONCE:
                return
            after = (found[-1].document_id, found[-1].position)

    async def by_place(
        self, places: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], tuple[PassageRow, str]]:
        """Passages and their documents' titles by (document, position); those that are gone are not
        there."""
        # SQLite finds these by the index; a list of pairs would make it read the whole table.
        here = or_(*((passages.c.document_id == one) & (passages.c.position == at) for one, at in places))
        columns = [passages.c[name] for name in PassageRow.__slots__]
        query = select(*columns, documents.c.title).join(documents, documents.c.id == passages.c.document_id)
        query = query.where(here, documents.c.deleted_at.is_(None))
        async with self._database.read() as connection:
            found = (await connection.execute(query)).mappings()
            return {
                (row["document_id"], row["position"]): (
                    PassageRow(**{name: row[name] for name in PassageRow.__slots__}),
                    row["title"],
                )
                for row in found
            }

    async def _rows(self, *where: ColumnElement[bool], offset: int = 0, limit: int) -> tuple[PassageRow, ...]:
        columns = [passages.c[name] for name in PassageRow.__slots__]
        query = select(*columns).where(*where).order_by(passages.c.position).offset(offset).limit(limit)
        async with self._database.read() as connection:
            found = (await connection.execute(query)).mappings()
            return tuple(PassageRow(**row) for row in found)


def findable(base_id: str) -> ColumnElement[bool]:
    """Which documents of a base a search may find."""
    here = documents.c.base_id == base_id
    return here & (documents.c.state == "ready") & documents.c.deleted_at.is_(None)
