"""Vectors are compared alike in memory and by pgvector, whatever happens to them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
import pytest
from knowledge.conftest import MakeRoom
from sqlalchemy import text
from sqlalchemy.engine import make_url

from kaikou.cli.checks import vectors
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Vectors
from kaikou.errors import SettingsError
from kaikou.knowledge.in_database import InDatabase, windows_of
from kaikou.knowledge.nearness import InMemory, Nearness
from kaikou.knowledge.places import Key
from kaikou.knowledge.vector_index import packed
from kaikou.settings.tree import PoolSettings, Settings
from kaikou.store.blobs import Blobs
from kaikou.store.database import Database
from kaikou.store.knowledge import DocumentRow, KnowledgeRepository
from kaikou.store.migrate import upgrade
from kaikou.store.passages import PassageRepository, PassageRow
from kaikou.store.records import now
from kaikou.store.windows import NoVectors, Windows

HIDDEN = timedelta(days=1)


def units(chance: np.random.Generator, *shape: int) -> Vectors:
    """Unit vectors as float16 can hold them."""
    made = chance.standard_normal(shape)
    made /= np.linalg.norm(made, axis=-1, keepdims=True)
    return made.astype(np.float16).astype(np.float32)


@dataclass
class Bases:
    """What is in the database, and what either way of comparing finds there."""

    database: Database
    repository: KnowledgeRepository
    nearness: Nearness
    revision: int = 0
    kept: dict[Key, Vectors] = field(default_factory=dict)
    """What should be found."""

    @property
    def passages(self) -> PassageRepository:
        return PassageRepository(self.database)

    async def add(
        self, base: str, vectors: list[Vectors], embedder: str = "one", state: str = "ready"
    ) -> str:
        """A document with these passages, as an import makes it."""
        if not await self.repository.bases([base]):
            await self.repository.put_base(base, base, "")
        data = secrets.token_bytes(16)
        document = DocumentRow(
            f"doc_{data.hex()}", base, "T", "t.txt", "text/plain", 16, data.hex() * 2, "embedding", None, 0,
            len(vectors), now(), now(),
        )  # fmt: skip
        await self.repository.add_document(document, data)
        rows = [PassageRow(document.id, at, 0, 1, None, "", "t", "t") for at in range(len(vectors))]
        await self.passages.replace(document.id, rows)
        made = [(at, packed(one)) for at, one in enumerate(vectors)]
        await self.passages.set_vectors(document.id, embedder, made)
        await self.nearness.take(document.id)
        await self.repository.set_state(document.id, "ready" if state == "ready" else "embedding")
        if embedder == "one" and state == "ready":
            self.kept |= {(base, (document.id, at)): one for at, one in enumerate(vectors)}
        return document.id

    async def nearest(self, query: Vectors, count: int, *bases: str) -> dict[Key, float]:
        revisions = await self.repository.revisions(bases)
        return await self.nearness.nearest(revisions, "one", query, count, Lane.LIVE)

    def expected(self, query: Vectors, count: int, *bases: str) -> dict[Key, float]:
        """By the definition, one passage after the other."""
        scores = {
            key: float(0.8 * (one @ query).max() + 0.2 * (one @ query).mean())
            for key, one in self.kept.items()
            if key[0] in bases
        }
        return dict(sorted(scores.items(), key=lambda one: -one[1])[:count])


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(PoolSettings(threads=2))
    yield made
    await made.close(5)


@pytest.fixture
async def bases(database: Database, blobs: Blobs, pool: Pool) -> Bases:
    memory = InMemory(PassageRepository(database), pool, 1_000)
    nearness = memory if database.sqlite else InDatabase(await Windows.open(database), memory, 0)
    return Bases(database, KnowledgeRepository(database, blobs), nearness)


async def test_the_nearest_are_exactly_those_of_the_definition(bases: Bases) -> None:
    """One passage has many windows, so that those looked at first are all its own."""
    chance = np.random.default_rng(3)
    query = units(chance, 8)
    crowd = query + 0.05 * chance.standard_normal((60, 8))
    crowded = (crowd / np.linalg.norm(crowd, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)
    await bases.add("a", [units(chance, int(windows), 8) for windows in chance.integers(1, 6, 40)])
    await bases.add("a", [crowded])
    await bases.add("b", [units(chance, 2, 8) for _ in range(20)])
    for count in (1, 5, 30, 500):
        for asked in (("a",), ("b",), ("a", "b")):
            found, wanted = await bases.nearest(query, count, *asked), bases.expected(query, count, *asked)
            assert list(found.values()) == pytest.approx(list(wanted.values()), abs=2e-3)
            assert list(found.values()) == sorted(found.values(), reverse=True)
            assert count < 500 or found.keys() == wanted.keys()
            for key, score in found.items():
                assert score == pytest.approx(bases.expected(query, 1_000, "a", "b")[key], abs=2e-3)


async def test_only_what_may_be_found_is_near(bases: Bases) -> None:
    chance = np.random.default_rng(4)
    query = units(chance, 8)
    kept = await bases.add("a", [units(chance, 2, 8)])
    gone = await bases.add("a", [query[None]])
    await bases.add("a", [query[None]], embedder="another")
    await bases.add("a", [query[None]], state="embedding")
    await bases.add("b", [query[None]])
    assert {place[0] for _, place in await bases.nearest(query, 9, "a")} == {kept, gone}
    await bases.repository.mark_document(gone, deleted=True)
    assert {place[0] for _, place in await bases.nearest(query, 9, "a")} == {kept}
    await bases.repository.mark_document(gone, deleted=False)
    assert {place[0] for _, place in await bases.nearest(query, 9, "a")} == {kept, gone}
    assert await bases.nearest(units(chance, 9), 9, "a") == {}, "another model's vector"
    assert await bases.nearest(query, 9) == {}
    await bases.repository.mark_document(gone, deleted=True)
    await bases.repository.purge(now() + HIDDEN)
    if not bases.database.sqlite:
        async with bases.database.read() as connection:
            left = set(await connection.scalars(text("SELECT DISTINCT document_id FROM passage_windows")))
        assert kept in left and gone not in left


async def test_another_models_vectors_take_the_place_of_the_first_ones(bases: Bases) -> None:
    chance = np.random.default_rng(5)
    query, other = units(chance, 8), units(chance, 12)
    document = await bases.add("a", [units(chance, 3, 8), units(chance, 1, 8)])
    await bases.nearest(query, 9, "a")
    await bases.passages.set_vectors(document, "two", [(at, packed(units(chance, 2, 12))) for at in (0, 1)])
    await bases.nearness.take(document)
    await bases.repository.set_state(document, "ready")
    assert await bases.nearest(query, 9, "a") == {}
    revisions = await bases.repository.revisions(["a"])
    assert len(await bases.nearness.nearest(revisions, "two", other, 9, Lane.LIVE)) == 2


ON_POSTGRES = pytest.mark.parametrize(
    "url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@ON_POSTGRES
async def test_where_the_extension_comes_later_search_is_whole_meanwhile(bases: Bases) -> None:
    """What was imported without it is compared in memory until it has been filled in."""
    chance = np.random.default_rng(6)
    query = units(chance, 8)
    await bases.add("a", [units(chance, 2, 8) for _ in range(40)])
    await bases.add("b", [units(chance, 2, 8) for _ in range(5)])
    wanted = bases.expected(query, 10, "a", "b")
    async with bases.database.write() as connection:
        await connection.execute(text("DELETE FROM passage_windows"))
    found = await bases.nearest(query, 10, "a", "b")
    assert list(found) == list(wanted)
    nearness = bases.nearness
    assert isinstance(nearness, InDatabase) and not nearness.holds
    nearness.start()
    await nearness.filled()
    found = await bases.nearest(query, 10, "a", "b")
    assert list(found) == list(wanted) and nearness.holds == {"a", "b"}
    await nearness.stop()


@ON_POSTGRES
async def test_small_bases_are_compared_in_memory_until_they_grow(bases: Bases, pool: Pool) -> None:
    chance = np.random.default_rng(7)
    query = units(chance, 8)
    memory = InMemory(PassageRepository(bases.database), pool, 1_000)
    bases.nearness = nearness = InDatabase(await Windows.open(bases.database), memory, 5)
    await bases.add("a", [units(chance, 2, 8) for _ in range(5)])
    await bases.add("b", [units(chance, 2, 8) for _ in range(6)])
    assert list(await bases.nearest(query, 10, "a", "b")) == list(bases.expected(query, 10, "a", "b"))
    assert nearness.holds == {"b"}
    await bases.add("a", [units(chance, 2, 8)])
    assert list(await bases.nearest(query, 10, "a")) == list(bases.expected(query, 10, "a"))
    assert nearness.holds == {"a", "b"}


async def test_imported_documents_are_compared_by_pgvector(make: MakeRoom, database: Database) -> None:
    room = make()
    base = await room.knowledge.create("Home")
    await room.add(base.id, "kettle.md", "# Kettle\n\nDescale the kettle with vinegar once a month.")
    assert await room.found("vinegar", base.id)
    if not database.sqlite:
        async with database.read() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM passage_windows")) >= 1


async def test_the_setting_decides(database: Database, url: str) -> None:
    settings = Settings(database_url=url)
    assert await windows_of(database, "memory") is None
    if not database.sqlite:
        assert (await vectors(settings)).verdict == "warning", "not there yet"
        assert await windows_of(database, "auto") is not None
        assert (await vectors(settings)).detail.startswith("PostgreSQL: vectors are compared by pgvector 0.")
        return
    assert (await vectors(settings)).detail == "SQLite: vectors are compared in memory"
    assert await windows_of(database, "auto") is None
    with pytest.raises(SettingsError) as told:
        await windows_of(database, "pgvector")
    assert told.value.code == "pgvector_unavailable" and "KAIKOU_KNOWLEDGE__VECTORS" in told.value.hint


@ON_POSTGRES
async def test_a_role_that_may_not_create_the_extension_compares_in_memory(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    role, admin = f"role_{secrets.token_hex(4)}", Database(url)
    async with admin.write() as connection:
        await connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'x'"))
        await connection.execute(text(f"GRANT CREATE ON SCHEMA public TO {role}"))
    try:
        limited = Database(
            make_url(url).set(username=role, password="x").render_as_string(hide_password=False)
        )
        await upgrade(limited)
        with pytest.raises(NoVectors) as told:
            await Windows.open(limited)
        assert "CREATE EXTENSION vector" in told.value.hint
        with caplog.at_level("INFO"):
            assert await windows_of(limited, "auto") is None
        assert sum("in memory" in record.message for record in caplog.records) == 1
        async with admin.write() as connection:
            await connection.execute(text("CREATE EXTENSION vector"))
        assert await windows_of(limited, "pgvector") is not None
        await limited.close()
    finally:
        async with admin.write() as connection:
            await connection.execute(text(f"DROP OWNED BY {role} CASCADE"))
            await connection.execute(text(f"DROP ROLE {role}"))
        await admin.close()
