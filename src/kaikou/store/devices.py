"""Devices bound to this server."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, select, update

from kaikou.store.database import Database
from kaikou.store.records import DeviceRow
from kaikou.store.tables import devices


class DeviceRepository:
    """Rows of devices by id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> tuple[DeviceRow, ...]:
        """In the order they were bound."""
        async with self._database.read() as connection:
            found = await connection.execute(select(devices).order_by(devices.c.bound_at, devices.c.id))
            return tuple(DeviceRow(**row) for row in found.mappings())

    async def get(self, device_id: str) -> DeviceRow | None:
        async with self._database.read() as connection:
            found = await connection.execute(select(devices).where(devices.c.id == device_id))
            row = found.mappings().one_or_none()
            return None if row is None else DeviceRow(**row)

    async def put(self, row: DeviceRow) -> None:
        """Insert, or replace the one of the same id."""
        values = asdict(row)
        async with self._database.write() as connection:
            done = await connection.execute(update(devices).where(devices.c.id == row.id).values(values))
            if not done.rowcount:
                await connection.execute(insert(devices).values(values))

    async def change(self, device_id: str, values: dict[str, Any]) -> bool:
        """Set some columns; False if there is no such device."""
        async with self._database.write() as connection:
            done = await connection.execute(update(devices).where(devices.c.id == device_id).values(values))
            return bool(done.rowcount)

    async def delete(self, device_id: str) -> bool:
        """False if there was none."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(devices).where(devices.c.id == device_id))
            return bool(done.rowcount)
