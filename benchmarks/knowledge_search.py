"""How well and how fast knowledge is found: recall at 3 by words, by meaning and by both, and timings.

    python benchmarks/knowledge_search.py [--only shown | held-out | timings] [--passages 10000] [--missed]
                                          [--database postgresql://… [--vectors memory | pgvector]]

The documents and questions are those of tests/data/knowledge: the search was made with the *shown* in sight,
not with the *held out*. For the timings, further passages with random words and vectors are put beside
them, up to ``--passages``. ``--database`` names a PostgreSQL server where a database is made for this and
dropped at the end; without it, SQLite in a temporary folder is searched.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import re
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Embedder, Lane, Progress
from kaikou.knowledge.in_database import windows_of
from kaikou.knowledge.library import KnowledgeBase
from kaikou.knowledge.nearness import by_meaning
from kaikou.knowledge.places import Place
from kaikou.knowledge.searching import by_words, ranked
from kaikou.knowledge.vector_index import VectorIndex, packed, unpacked
from kaikou.knowledge.vectors import made_by
from kaikou.knowledge.word_index import WordIndex
from kaikou.knowledge.words import words_of
from kaikou.server import open_engine
from kaikou.settings.services import KnowledgeSettings
from kaikou.settings.tree import Settings
from kaikou.store.blobs import Blobs
from kaikou.store.database import Database, async_url
from kaikou.store.knowledge import DocumentRow, KnowledgeRepository
from kaikou.store.migrate import upgrade
from kaikou.store.passages import PassageRepository, PassageRow
from kaikou.store.records import now
from kaikou.store.windows import Windows

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from knowledge.questions import HELD_OUT, SHOWN, Published, Question, answers, recall

AT = 3
CANDIDATES = KnowledgeSettings().candidates
WINDOWS = 3
"""Vectors of a made-up passage; the real documents have 2.7 on average."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--passages", type=int, default=10_000, help="Passages in the timed base.")
    parser.add_argument("--only", choices=("shown", "held-out", "timings"), help="One of the three alone.")
    parser.add_argument("--database", help="URL of a PostgreSQL server (default: SQLite).")
    parser.add_argument("--vectors", choices=("auto", "memory", "pgvector"), default="auto")
    parser.add_argument("--missed", action="store_true", help="Print each question that was not answered.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_on_database(Path(folder), given))


async def _on_database(folder: Path, given: argparse.Namespace) -> None:
    knowledge = KnowledgeSettings(vectors=given.vectors)
    if given.vectors == "pgvector":
        knowledge.memory_passages = 0
    settings = Settings(data_dir=folder, knowledge=knowledge)
    if given.database is None:
        return await _run(settings, given.passages, given.only, given.missed)
    name = f"benchmark_{secrets.token_hex(6)}"
    admin = create_async_engine(async_url(given.database), isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        url = make_url(given.database).set(database=name).render_as_string(hide_password=False)
        there = settings.model_copy(update={"database_url": url})
        await _run(there, given.passages, given.only, given.missed)
    finally:
        async with admin.connect() as connection:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        await admin.dispose()


async def _run(settings: Settings, count: int, only: str | None, missed: bool) -> None:
    quiet: Progress = lambda doing, fraction: None  # noqa: E731
    database = await Database.open(settings)
    await upgrade(database)
    pool = Pool(settings.pool)
    async with open_engine(settings, "embedding", quiet) as engine:
        embedder = cast(Embedder, engine)

        async def source(patience: float) -> Embedder:
            return embedder

        repository = KnowledgeRepository(database, Blobs(settings.data_dir / "blobs"))
        windows = await windows_of(database, settings.knowledge.vectors)
        knowledge = KnowledgeBase(repository, source, pool, settings, windows=windows)
        inside = (
            ""
            if windows is None
            else f" up to {settings.knowledge.memory_passages} passages, else by pgvector"
        )
        print(f"vectors are compared in memory{inside}")
        knowledge.start()
        base = ""
        for published in (SHOWN, HELD_OUT):
            if only in (None, published.name):
                base = (await knowledge.create(published.name)).id
                await _imported(knowledge, base, published)
                await _recall(knowledge, repository, embedder, base, published, missed)
        if only in (None, "timings"):
            base = base or (await knowledge.create("Timings")).id
            await _timings(knowledge, repository, embedder, base, count, windows)
        await knowledge.stop()
    await pool.close()
    await database.close()


async def _imported(knowledge: KnowledgeBase, base: str, published: Published) -> None:
    began = time.perf_counter()
    for path in published.documents:
        added = await knowledge.add(base, path.name, path.read_bytes())
        while (await knowledge.document(added.document.id)).state not in ("ready", "failed"):
            await asyncio.sleep(0.02)
    held = await knowledge.base(base)
    spent = time.perf_counter() - began
    print(f"{held.documents} documents, {held.passages} passages, imported in {spent:.1f} s")


async def _recall(
    knowledge: KnowledgeBase,
    repository: KnowledgeRepository,
    embedder: Embedder,
    base: str,
    published: Published,
    missed: bool,
) -> None:
    names = {row.id: Path(row.file_name).stem for row in await knowledge.documents(base)}
    passages = PassageRepository(repository.database)
    rows = [row async for some in passages.words(base) for row in some]
    vectors_of = {
        place: data async for some in passages.vectors(base, made_by(embedder)) for place, data in some
    }
    texts = {place: found.text for place, (found, _) in (await passages.by_place(list(vectors_of))).items()}
    apart: dict[bool, list[tuple[Place, str]]] = {True: [], False: []}
    for one in rows:
        apart[_is_chinese(texts[one[0]])].append(one)

    def built(some: list[tuple[Place, str]]) -> tuple[WordIndex, VectorIndex]:
        return WordIndex(some), VectorIndex([(place, vectors_of[place]) for place, _ in some])

    index, meaning_of = built(rows)
    by_language = {language: built(some) for language, some in apart.items()}

    def answered(question: Question, places: list[Place]) -> bool:
        return any(answers(question, names[place[0]], texts[place]) for place in places[:AT])

    asked = published.questions
    vectors = await embedder.embed([one.text for one in asked], role="query", lane=Lane.BATCH)
    found: dict[str, dict[str, list[bool]]] = {}
    for question, vector in zip(asked, vectors, strict=True):
        words = by_words({base: index}, question.text, CANDIDATES)
        near = by_meaning({base: meaning_of}, vector, CANDIDATES)
        both = [hit.place for hit in ranked(near, words)]
        hits = {
            "words (BM25)": [place for _, place in words][:AT],
            "meaning": [place for _, place in near][:AT],
            "both": both,
        }
        if question.language == "across":
            other, meaning_of_other = by_language[not _is_chinese(question.text)]
            near = by_meaning({base: meaning_of_other}, vector, CANDIDATES)
            alone = ranked(near, by_words({base: other}, question.text, CANDIDATES))
            hits["both, no other text there"] = [hit.place for hit in alone]
        for name, places in hits.items():
            found.setdefault(name, {}).setdefault(question.language, []).append(answered(question, places))
        if missed and not answered(question, both):
            print(f"  missed: {question.document}: {question.text}")
    print(f"{published.name}: recall at {AT}")
    for name, by in found.items():
        one_language = [hit for language, hits in by.items() if language != "across" for hit in hits]
        parts = [f"{language} {recall(hits):.3f} of {len(hits)}" for language, hits in by.items()]
        whole = f"{recall(one_language):.3f} of {len(one_language)}" if one_language else ""
        print(f"  {name:26} {whole:12} ({', '.join(parts)})")


def _is_chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


async def _timings(
    knowledge: KnowledgeBase,
    repository: KnowledgeRepository,
    embedder: Embedder,
    base: str,
    count: int,
    windows: Windows | None,
) -> None:
    asked = [one.text for one in SHOWN.questions]
    await _fill(repository, embedder, base, asked, count)
    if windows is not None:
        place: tuple[str, int] | None = ("", -1)
        while place is not None:
            place = await windows.fill(unpacked, place, 500)
        async with repository.database.write() as connection:
            await connection.execute(text("ANALYZE"))
    before = _resident()
    began = time.perf_counter()
    await knowledge.search(asked[0], bases=[base])
    print(f"first search of {count} passages, index built: {time.perf_counter() - began:.2f} s")
    print(f"  the process holds {_resident() / 1e6:.0f} MB, {(_resident() - before) / 1e6:+.0f} MB by that")
    vectors = await embedder.embed(asked, role="query", lane=Lane.BATCH)
    by_text = dict(zip(asked, vectors, strict=True))

    async def whole(question: str) -> Any:
        return await knowledge.search(question, bases=[base])

    await _timed("with the query's embedding", asked, whole)
    real = embedder.embed

    async def known(texts: Any, **_: Any) -> Any:
        return np.stack([by_text[text] for text in texts])

    embedder.embed = known  # type: ignore[method-assign]
    await _timed("after the query's embedding", asked, whole)
    embedder.embed = real  # type: ignore[method-assign]


def _resident() -> int:
    """Bytes of memory the process holds (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def _timed(name: str, asked: list[str], search: Callable[[str], Awaitable[Any]]) -> None:
    spent = []
    for question in asked:
        began = time.perf_counter()
        await search(question)
        spent.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.percentile(spent, [50, 95])
    print(f"  {name:28} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   ({len(spent)} searches)")


async def _fill(
    repository: KnowledgeRepository, embedder: Embedder, base: str, asked: list[str], count: int
) -> None:
    """Passages of random words, as unevenly distributed as a language's, with random vectors."""
    chance = np.random.default_rng(7)
    known = sorted({word for text in asked for word in words_of(text)})
    words = np.array([*known, *(f"w{n}" for n in range(20_000))])
    share = 1 / np.arange(1, len(words) + 1)
    (row,) = await repository.bases([base])
    passages = PassageRepository(repository.database)
    left = count - row.passages
    while left > 0:
        size = min(1000, left)
        left -= size
        data = secrets.token_bytes(16)
        digest = data.hex() * 2
        document = DocumentRow(
            f"doc_{data.hex()}", base, "Filler", "f.txt", "text/plain", 16, digest, "embedding", None, 0,
            size, now(), now(),
        )  # fmt: skip
        await repository.add_document(document, data)
        drawn = chance.choice(words, (size, 110), p=share / share.sum())
        rows = [
            PassageRow(document.id, n, 0, 1, None, "", " ".join(some), " ".join(some))
            for n, some in enumerate(drawn)
        ]
        await passages.replace(document.id, rows)
        dimensions = len((await embedder.embed(["x"], role="query"))[0])
        vectors = chance.standard_normal((size, WINDOWS, dimensions)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        made = [(n, packed(some)) for n, some in enumerate(vectors)]
        await passages.set_vectors(document.id, made_by(embedder), made)
        await repository.set_state(document.id, "ready")


if __name__ == "__main__":
    main()
