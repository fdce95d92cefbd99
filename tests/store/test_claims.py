"""Claims, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

from kaikou.store.claims import Claims
from kaikou.store.database import Database


async def test_one_of_many_has_it_and_frees_it(database: Database) -> None:
    servers = [Claims(database) for _ in range(4)]
    over = asyncio.Event()

    async def work(claims: Claims) -> bool:
        async with claims.held("import doc_1") as ours:
            if ours:
                await over.wait()
            return ours

    tasks = [asyncio.create_task(work(one)) for one in servers for _ in range(2)]
    async with asyncio.timeout(60):
        while sum(task.done() for task in tasks) < len(tasks) - 1:
            await asyncio.sleep(0.01)
    async with servers[0].held("import doc_2") as other:
        assert other
    over.set()
    assert sum(await asyncio.gather(*tasks)) == 1
    async with servers[1].held("import doc_1") as ours:
        assert ours


async def test_who_died_loses_it_and_who_lives_keeps_it(database: Database) -> None:
    dead = Claims(database, seconds=0.2)
    assert await dead._take("import doc_1", "dead")
    other = Claims(database)
    async with asyncio.timeout(60):
        while True:
            async with other.held("import doc_1") as ours:
                if ours:
                    break
            await asyncio.sleep(0.02)
    lives = Claims(database, seconds=3)
    async with lives.held("import doc_1") as ours:
        assert ours
        await asyncio.sleep(4.5)
        async with other.held("import doc_1") as taken:
            assert not taken
