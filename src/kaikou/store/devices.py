"""Devices bound to this server."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from kaikou.store.database import Database
from kaikou.store.records import DeviceRow, now
from kaikou.store.tables import devices

_BOUND = select(*(devices.c[field.name] for field in fields(DeviceRow))).where(devices.c.deleted_at.is_(None))


class DeviceRepository:
    """Rows of devices by id. What was thrown away is not there, until it is brought back or purged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[DeviceRow, ...]:
        """In the order they were bound."""
        async with self._database.read() as connection:
            found = await connection.execute(_BOUND.order_by(devices.c.bound_at, devices.c.id))
            return tuple(DeviceRow(**row) for row in found.mappings())

    async def get(self, device_id: str) -> DeviceRow | None:
        async with self._database.read() as connection:
            found = await connection.execute(_BOUND.where(devices.c.id == device_id))
            row = found.mappings().one_or_none()
            return None if row is None else DeviceRow(**row)

    async def put(self, row: DeviceRow) -> None:
        """Insert, or replace the one of the same id."""
        values = {**asdict(row), "deleted_at": None}
        async with self._database.write() as connection:
            done = await connection.execute(update(devices).where(devices.c.id == row.id).values(values))
            if not done.rowcount:
                await connection.execute(insert(devices).values(values))

    async def change(self, device_id: str, values: dict[str, Any]) -> bool:
        """Set some columns; False if there is no such device."""
        here = update(devices).where(devices.c.id == device_id, devices.c.deleted_at.is_(None))
        async with self._database.write() as connection:
            return bool((await connection.execute(here.values(values))).rowcount)

    async def throw_away(self, device_id: str) -> bool:
        """False if there was none."""
        thrown = update(devices).where(devices.c.id == device_id, devices.c.deleted_at.is_(None))
        async with self._database.write() as connection:
            return bool((await connection.execute(thrown.values(deleted_at=now()))).rowcount)

    async def bring_back(self, device_id: str, since: datetime) -> bool:
        """False if it was not thrown away since then."""
        back = update(devices).where(devices.c.id == device_id, devices.c.deleted_at >= since)
        async with self._database.write() as connection:
            return bool((await connection.execute(back.values(deleted_at=None))).rowcount)

    async def purge(self, before: datetime) -> tuple[str, ...]:
        """Delete for good what was thrown away before that moment; returns the ids."""
        due = devices.c.deleted_at < before
        async with self._database.write() as connection:
            gone = tuple((await connection.execute(select(devices.c.id).where(due))).scalars())
            if gone:
                await connection.execute(delete(devices).where(due))
            return gone
