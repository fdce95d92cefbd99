"""Devices as rows, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from kaikou.store.database import Database
from kaikou.store.devices import DeviceRepository
from kaikou.store.records import DeviceRow


async def test_devices_are_kept(database: Database) -> None:
    devices = DeviceRepository(database)
    row = DeviceRow("aa:bb:cc:dd:ee:ff", "client", "agent", "厨房", bound_at=datetime(2026, 1, 1, tzinfo=UTC))
    await devices.put(row)
    assert await devices.get(row.id) == row
    seen = datetime(2026, 1, 2, tzinfo=UTC)
    assert await devices.change(row.id, {"last_seen": seen, "auto_update": False})
    assert await devices.get(row.id) == replace(row, last_seen=seen, auto_update=False)
    await devices.put(replace(row, alias="new"))
    assert [one.alias for one in await devices.all()] == ["new"]
    assert await devices.throw_away(row.id) and not await devices.throw_away(row.id)
    assert await devices.get(row.id) is None and not await devices.change(row.id, {"alias": "x"})
