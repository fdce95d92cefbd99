"""Reminders as rows and the claims on them, on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kaikou.store.database import Database
from kaikou.store.records import ReminderRow
from kaikou.store.reminders import ReminderRepository

AT = datetime(2026, 5, 1, 8, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)


async def test_rows_in_order(database: Database) -> None:
    rows = ReminderRepository(database)
    tea = ReminderRow("a", text="tea", at=AT, repeat={"every_minutes": 60}, zone="Asia/Shanghai")
    await rows.add(replace(tea, id="b", at=LATER, repeat=None))
    await rows.add(tea)
    assert await rows.get("a") == tea and await rows.count() == 2
    assert [one.id for one in await rows.waiting(9)] == ["a", "b"]
    assert [one.id for one in await rows.due(AT, 9)] == ["a"]
    assert await rows.next_at(AT) == LATER and await rows.next_at(LATER) is None
    assert await rows.settle(tea, {"state": "done", "updated_at": LATER})
    assert not await rows.settle(tea, {"state": "missed"})
    assert [one.id for one in await rows.finished(9)] == ["a"] and await rows.due(AT, 9) == ()
    assert await rows.forget(LATER) == () and await rows.forget(LATER + timedelta(seconds=1)) == ("a",)


async def test_only_one_of_many_gets_a_claim(database: Database) -> None:
    rows = ReminderRepository(database)
    row = ReminderRow("a", at=AT)
    await rows.add(row)
    claimed = await asyncio.gather(*(rows.claim(row, f"srv{n}", LATER) for n in range(8)))
    assert sorted(claimed) == [False] * 7 + [True]
    owner = f"srv{claimed.index(True)}"
    held = await rows.get("a")
    assert held is not None and held.claimed_by == owner
    assert not await rows.settle(row, {"state": "done"})  # one who has no claim
    assert await rows.settle(held, {"state": "done"})
    freed = await rows.get("a")
    assert freed is not None and (freed.claimed_by, freed.state) == (None, "done")


async def test_a_change_takes_the_claim_away(database: Database) -> None:
    rows = ReminderRepository(database)
    row = ReminderRow("a", at=AT)
    await rows.add(row)
    assert await rows.claim(row, "me", LATER)
    assert await rows.change("a", {"at": LATER})
    assert not await rows.settle(replace(row, claimed_by="me"), {"state": "done"})
    assert not await rows.claim(row, "me", LATER)  # its time is another


async def test_thrown_away_and_brought_back(database: Database) -> None:
    rows = ReminderRepository(database)
    await rows.add(ReminderRow("a", at=AT))
    assert await rows.change("a", {"deleted_at": AT, "state": "cancelled"})
    assert await rows.get("a") is None and await rows.waiting(9) == () and not await rows.change("a", {})
    back = await rows.restore("a")
    assert back is not None and back.state == "waiting" and await rows.restore("a") is None
    await rows.change("a", {"deleted_at": AT})
    assert await rows.purge(AT) == () and await rows.purge(LATER) == ("a",)
