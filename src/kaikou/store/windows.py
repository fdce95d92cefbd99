"""The vectors of passages as PostgreSQL compares them, with the extension pgvector.

A table that only some databases can have, hence no migration: it is made at start where the extension is to
be had, and holds nothing that could not be made anew from ``passages.vector``. A row is one window's vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kaikou.errors import KaikouError
from kaikou.store.database import Database

# Any number will do, as long as nobody else on the same database uses it for another purpose.
_LOCK = 0x6B6169766563
_WINDOWS_EACH = 4
"""Windows that are looked for at first, for each passage that is wanted."""
HINT = "As a superuser of the database: CREATE EXTENSION vector; (pgvector 0.7 or later)."

_TABLE = """
CREATE TABLE IF NOT EXISTS passage_windows (
    document_id VARCHAR(128) NOT NULL,
    position INTEGER NOT NULL,
    number INTEGER NOT NULL,
    embedder VARCHAR(300) NOT NULL,
    dimensions INTEGER NOT NULL,
    vector HALFVEC NOT NULL,
    PRIMARY KEY (document_id, position, number),
    FOREIGN KEY (document_id, position) REFERENCES passages (document_id, position) ON DELETE CASCADE
)"""
# In the row itself, and not beside it, whatever the model's dimensions.
_INLINE = "ALTER TABLE passage_windows ALTER COLUMN vector SET STORAGE MAIN"

_SEEN = """
FROM passages p JOIN documents d ON d.id = p.document_id
WHERE p.vector IS NOT NULL"""
_MISSING = f"""{_SEEN} AND NOT EXISTS (
    SELECT FROM passage_windows w
    WHERE w.document_id = p.document_id AND w.position = p.position AND w.embedder = p.embedder
)"""
_IN_BASE = " AND d.base_id = :base AND d.state = 'ready' AND d.deleted_at IS NULL AND p.embedder = :embedder"
_SOME = f"""
SELECT p.document_id, p.position, p.embedder, p.vector {_MISSING}
    AND (p.document_id, p.position) > (:document, :position)
    AND (CAST(:only AS VARCHAR) IS NULL OR p.document_id = :only)
ORDER BY p.document_id, p.position LIMIT :count FOR KEY SHARE OF p"""  # nobody deletes them meanwhile
_OLD = """
DELETE FROM passage_windows
WHERE document_id = :document AND position = :position AND embedder <> :embedder"""
_PUT = """
INSERT INTO passage_windows (document_id, position, number, embedder, dimensions, vector)
VALUES (:document, :position, :number, :embedder, :dimensions, CAST(CAST(:vector AS REAL[]) AS HALFVEC))
ON CONFLICT DO NOTHING"""

# The nearest windows first, then all windows of their passages. The query is cast once, not for each row.
_NEAREST = """
WITH asked AS MATERIALIZED (SELECT CAST(CAST(:query AS REAL[]) AS HALFVEC) AS vector),
near AS MATERIALIZED (
    SELECT d.base_id, w.document_id, w.position, w.vector <#> (SELECT vector FROM asked) AS far
    FROM documents d JOIN passage_windows w ON w.document_id = d.id
    WHERE d.base_id = ANY(CAST(:bases AS VARCHAR[])) AND d.state = 'ready' AND d.deleted_at IS NULL
        AND w.embedder = :embedder AND w.dimensions = :dimensions
    ORDER BY far LIMIT :windows
),
likely AS (SELECT DISTINCT base_id, document_id, position FROM near)
SELECT base_id, document_id, position,
    (SELECT -max(far) FROM near) AS edge, (SELECT count(*) FROM near) AS seen,
    -((1 - CAST(:mean AS FLOAT)) * min(w.vector <#> (SELECT vector FROM asked))
        + CAST(:mean AS FLOAT) * avg(w.vector <#> (SELECT vector FROM asked))) AS score
FROM likely JOIN passage_windows w USING (document_id, position)
WHERE w.embedder = :embedder
GROUP BY base_id, document_id, position
ORDER BY score DESC, document_id, position LIMIT :count"""


class NoVectors(KaikouError):
    """The database cannot compare vectors."""

    code = "pgvector_unavailable"


@dataclass(frozen=True, slots=True)
class NearRow:
    """A passage with its likeness."""

    base_id: str
    document_id: str
    position: int
    score: float


class Windows:
    """Rows of ``passage_windows``. Make it with :meth:`open`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, database: Database) -> Windows:
        """With the extension and the table made where they are missing. Raises NoVectors, with a hint."""
        if database.sqlite:
            raise NoVectors(
                "SQLite compares no vectors.", hint="pgvector needs PostgreSQL: set database_url."
            )
        await _extension(database)
        async with database.write() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            if await connection.scalar(text("SELECT to_regclass('passage_windows')")) is None:
                await connection.execute(text(_TABLE))
                await connection.execute(text(_INLINE))
        return cls(database)

    async def fill(
        self,
        unpacked: Callable[[bytes], NDArray[np.float32]],
        after: tuple[str, int],
        count: int,
        document_id: str | None = None,
    ) -> tuple[str, int] | None:
        """Make the windows of at most ``count`` passages that have vectors but no windows of them, in order
        from behind ``after``; those of one document alone where it is named. Returns the last one's place;
        None: there was none left."""
        async with self._database.write() as connection:
            place = {"document": after[0], "position": after[1], "only": document_id, "count": count}
            rows = (await connection.execute(text(_SOME), place)).all()
            if not rows:
                return None
            new, old = [], []
            for row in rows:
                one = {"document": row.document_id, "position": row.position, "embedder": row.embedder}
                vectors = unpacked(row.vector)
                old.append(one)
                new += [
                    {**one, "number": number, "dimensions": len(vector), "vector": vector.tolist()}
                    for number, vector in enumerate(vectors)
                ]
            await connection.execute(text(_OLD), old)
            await connection.execute(text(_PUT), new)
            return rows[-1].document_id, rows[-1].position

    async def has(self, base_id: str, embedder: str, least: int) -> bool:
        """Whether this embedder has seen at least so many of the base's findable passages."""
        query = text(f"SELECT EXISTS (SELECT 1 {_SEEN}{_IN_BASE} OFFSET :before)")
        asked = {"base": base_id, "embedder": embedder, "before": least - 1}
        async with self._database.read() as connection:
            return bool(await connection.scalar(query, asked))

    async def complete(self, base_id: str, embedder: str) -> bool:
        """Whether all that this embedder has seen of the base's findable passages has its windows."""
        query = text(f"SELECT EXISTS (SELECT 1 {_MISSING}{_IN_BASE})")
        async with self._database.read() as connection:
            return not await connection.scalar(query, {"base": base_id, "embedder": embedder})

    async def nearest(
        self, bases: Sequence[str], embedder: str, query: NDArray[np.float32], count: int, mean: float
    ) -> list[NearRow]:
        """The ``count`` passages nearest to the unit vector ``query``, nearest first: ``mean`` parts of the
        mean of a passage's windows, the rest that of its nearest. Exact."""
        asked = {"bases": list(bases), "embedder": embedder, "query": query.tolist(), "mean": mean}
        windows = count * _WINDOWS_EACH
        while True:
            given = {**asked, "dimensions": len(query), "count": count, "windows": windows}
            async with self._database.read() as connection:
                rows = (await connection.execute(text(_NEAREST), given)).all()
            # A passage without a window among these is no nearer than the farthest of these.
            if not rows or rows[0].seen < windows or (len(rows) == count and rows[-1].score >= rows[0].edge):
                return [NearRow(row.base_id, row.document_id, row.position, row.score) for row in rows]
            windows *= 4


async def pgvector_version(database: Database) -> str | None:
    """Of the extension in this PostgreSQL database; None: it is not there."""
    async with database.read() as connection:
        version = await connection.scalar(
            text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        )
    return None if version is None else str(version)


async def _extension(database: Database) -> None:
    """Raises NoVectors where there is none and none can be made."""
    there = text("SELECT to_regtype('halfvec') IS NOT NULL")
    known = text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
    async with database.read() as connection:
        if await connection.scalar(there):
            return
        if not await connection.scalar(known):
            raise NoVectors(
                "This PostgreSQL has not the extension pgvector.",
                hint="Install pgvector 0.7 or later on the database's machine.",
            )
    try:
        async with database.write() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
            if not await connection.scalar(there):
                raise NoVectors("This PostgreSQL has an old version of pgvector.", hint=HINT)
    except DBAPIError as error:
        raise NoVectors("The database does not let us create the extension pgvector.", hint=HINT) from error
