"""What devices tell of their batteries."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from kaikou.devices import battery
from kaikou.devices.battery import Battery, BatteryNotes, battery_in
from kaikou.settings.tree import Settings
from kaikou.store.database import Database, DatabaseUnavailable
from kaikou.store.devices import DeviceRepository
from kaikou.store.records import DeviceRow, now

MAC = "aa:bb:cc:dd:ee:01"


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ('{"battery": {"level": 40, "charging": false}}', Battery(40, False)),
        ('{"battery": {"level": 39.6}}', Battery(40)),
        ('{"battery": 0}', Battery(0)),
        ('{"battery": {"level": 100, "charging": "yes"}}', Battery(100)),
        ('{"battery": {"level": true}}', None),
        ('{"battery": {"level": 101}}', None),
        ('{"battery": {"level": NaN}}', None),
        ('{"battery": null}', None),
        ("[1]", None),
        ('{"battery": {"lev', None),
    ],
)
def test_reports_are_read_whatever_the_board(report: str, told: Battery | None) -> None:
    assert battery_in(report) == told


class Rows(DeviceRepository):
    """``away``: so many writes fail."""

    away = 0

    async def change(self, device_id: str, values: dict[str, Any]) -> bool:
        if self.away:
            self.away -= 1
            raise DatabaseUnavailable("away")
        return await super().change(device_id, values)


async def test_the_last_that_was_told_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(battery, "APART_SECONDS", 3600.0)
    written: list[str] = []
    async with AsyncExitStack() as stack:
        database = await Database.open(Settings(data_dir=tmp_path))
        stack.push_async_callback(database.close)
        rows = Rows(database)
        await rows.put(DeviceRow(MAC))
        notes = BatteryNotes(rows, written.append)
        before = now()
        notes.tell(MAC, Battery(41, True))
        notes.tell(MAC, Battery(40))
        notes.tell("aa:bb:cc:dd:ee:99", Battery(1))  # unbound meanwhile
        async with asyncio.timeout(20):
            while not written:
                await asyncio.sleep(0.01)
        kept = await rows.get(MAC)
        assert kept is not None and (kept.battery_percent, kept.battery_charging) == (40, None)
        assert kept.battery_at is not None and before <= kept.battery_at <= now()
        # The next waits for its time, and is not lost to an end before that.
        notes.tell(MAC, Battery(39, False))
        await notes.close()
        kept = await rows.get(MAC)
        assert kept is not None and (kept.battery_percent, kept.battery_charging) == (39, False)
        assert written == [MAC, MAC]
        # A database that is away costs the note and nothing else.
        rows.away = 1
        notes.tell(MAC, Battery(1))
        await notes.close()
        assert written == [MAC, MAC] and "not noted" in caplog.text
