"""Reminders as rows, and the claims that let several servers share them.

A server claims what is due before it sees to it; the claim is one conditional UPDATE, so only one
of those that try at the same moment gets it, on SQLite and on PostgreSQL alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, select, update

from kaikou.store.database import Database
from kaikou.store.records import ReminderRow, now
from kaikou.store.tables import reminders

WAITING, CANCELLED = "waiting", "cancelled"


class ReminderRepository:
    """Rows of reminders by id. What was thrown away is seen by ``restore`` and ``purge`` alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, row: ReminderRow) -> None:
        async with self._database.write() as connection:
            await connection.execute(insert(reminders).values(asdict(row)))

    async def get(self, reminder_id: str) -> ReminderRow | None:
        async with self._database.read() as connection:
            found = await connection.execute(
                select(reminders).where(reminders.c.id == reminder_id, reminders.c.deleted_at.is_(None))
            )
            row = found.mappings().one_or_none()
            return None if row is None else ReminderRow(**row)

    async def waiting(self, limit: int) -> tuple[ReminderRow, ...]:
        """Those still to come or due, the next first."""
        return await self._rows(reminders.c.state == WAITING, reminders.c.at, limit)

    async def finished(self, limit: int) -> tuple[ReminderRow, ...]:
        """Those of which nothing more comes, the latest first."""
        return await self._rows(reminders.c.state != WAITING, reminders.c.updated_at.desc(), limit)

    async def count(self) -> int:
        """How many wait."""
        async with self._database.read() as connection:
            counted = await connection.execute(
                select(func.count())
                .select_from(reminders)
                .where(reminders.c.state == WAITING, reminders.c.deleted_at.is_(None))
            )
            return int(counted.scalar_one())

    async def due(self, at: datetime, limit: int) -> tuple[ReminderRow, ...]:
        """Those whose time has come, the longest due first."""
        return await self._rows(_due(at), reminders.c.at, limit)

    async def next_at(self, after: datetime) -> datetime | None:
        """When the first that isn't due yet will be."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(func.min(reminders.c.at)).where(
                    reminders.c.state == WAITING, reminders.c.at > after, reminders.c.deleted_at.is_(None)
                )
            )
            at: datetime | None = found.scalar_one()
            return at

    async def claim(self, row: ReminderRow, by: str, until: datetime) -> bool:
        """Take an occurrence for oneself; False where another has it, or it was changed meanwhile."""
        return await self._update(
            and_(_same(row), reminders.c.claimed_by.is_(None)), {"claimed_by": by, "claimed_until": until}
        )

    async def settle(self, row: ReminderRow, values: Mapping[str, Any]) -> bool:
        """Write how an occurrence went, and free it; False where it is no longer ``row``'s claim."""
        claim = row.claimed_by
        owned = reminders.c.claimed_by.is_(None) if claim is None else reminders.c.claimed_by == claim
        return await self._update(
            and_(_same(row), owned), {"claimed_by": None, "claimed_until": None, **values}
        )

    async def change(self, reminder_id: str, values: Mapping[str, Any]) -> bool:
        """Set some columns; whoever had claimed it has lost it. False if there is none."""
        return await self._update(
            and_(reminders.c.id == reminder_id, reminders.c.deleted_at.is_(None)),
            {"claimed_by": None, "claimed_until": None, "updated_at": now(), **values},
        )

    async def restore(self, reminder_id: str) -> ReminderRow | None:
        """Bring back what was thrown away; None where there is nothing."""
        done = await self._update(
            and_(reminders.c.id == reminder_id, reminders.c.deleted_at.is_not(None)),
            {
                "deleted_at": None,
                # What was over when it was thrown away is over still.
                "state": case((reminders.c.state == CANCELLED, WAITING), else_=reminders.c.state),
                "updated_at": now(),
            },
        )
        return await self.get(reminder_id) if done else None

    async def purge(self, before: datetime) -> tuple[str, ...]:
        """Delete for good what was thrown away before that moment; the ids."""
        return await self._delete(reminders.c.deleted_at < before)

    async def forget(self, before: datetime) -> tuple[str, ...]:
        """Delete what was over before that moment; the ids."""
        return await self._delete(and_(reminders.c.state != WAITING, reminders.c.updated_at < before))

    async def _rows(
        self, where: ColumnElement[bool], order: ColumnElement[Any], limit: int
    ) -> tuple[ReminderRow, ...]:
        async with self._database.read() as connection:
            found = await connection.execute(
                select(reminders)
                .where(where, reminders.c.deleted_at.is_(None))
                .order_by(order, reminders.c.id)
                .limit(limit)
            )
            return tuple(ReminderRow(**row) for row in found.mappings())

    async def _update(self, where: ColumnElement[bool], values: Mapping[str, Any]) -> bool:
        async with self._database.write() as connection:
            done = await connection.execute(update(reminders).where(where).values(dict(values)))
            return bool(done.rowcount)

    async def _delete(self, where: ColumnElement[bool]) -> tuple[str, ...]:
        async with self._database.write() as connection:
            found: Sequence[Any] = (
                (await connection.execute(select(reminders.c.id).where(where).limit(500))).scalars().all()
            )
            if found:
                await connection.execute(delete(reminders).where(reminders.c.id.in_(found)))
            return tuple(found)


def _due(at: datetime) -> ColumnElement[bool]:
    return and_(reminders.c.state == WAITING, reminders.c.at <= at)


def _same(row: ReminderRow) -> ColumnElement[bool]:
    """The occurrence ``row`` is, as long as nobody has moved or ended it."""
    return and_(
        reminders.c.id == row.id,
        reminders.c.state == WAITING,
        reminders.c.at == row.at,
        reminders.c.deleted_at.is_(None),
    )
