"""What devices tell of their batteries, kept for the time when they sleep."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kaikou.errors import KaikouError
from kaikou.store.devices import DeviceRepository
from kaikou.store.records import now

log = logging.getLogger(__name__)

APART_SECONDS = 1.0
"""Transactions begin so far apart, whatever devices tell meanwhile: the last of each counts."""


@dataclass(frozen=True, slots=True)
class Battery:
    """``percent`` 0 to 100; ``charging`` None where the device does not tell."""

    percent: int
    charging: bool | None = None


def battery_in(status: str) -> Battery | None:
    """The battery in a device's report on itself (JSON, ``{"battery": {"level": 40, "charging": false}}`` or
    ``{"battery": 40}``); None where it tells of none."""
    try:
        told = json.loads(status)
    except (ValueError, RecursionError):
        return None
    return battery_of(told.get("battery")) if isinstance(told, dict) else None


def battery_of(told: object) -> Battery | None:
    """The battery as a report or the state of a thing has it."""
    level = told.get("level") if isinstance(told, Mapping) else told
    charging = told.get("charging") if isinstance(told, Mapping) else None
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 <= level <= 100:
        return None
    return Battery(round(level), charging if isinstance(charging, bool) else None)


class BatteryNotes:
    """Writes down what was told, behind whoever tells it. Belongs to one event loop; ``on_written`` hears
    of each device whose row changed."""

    def __init__(self, rows: DeviceRepository, on_written: Callable[[str], None]) -> None:
        self._rows = rows
        self._on_written = on_written
        self._told: dict[str, tuple[Battery, datetime]] = {}
        self._writer: asyncio.Task[None] | None = None

    def tell(self, device_id: str, battery: Battery) -> None:
        """Returns at once."""
        self._told[device_id] = battery, now()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write())

    async def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        await self._write_all()

    async def _write(self) -> None:
        while self._told:
            await self._write_all()
            await asyncio.sleep(APART_SECONDS)

    async def _write_all(self) -> None:
        while self._told:
            device_id = next(iter(self._told))
            battery, at = told = self._told[device_id]
            values: dict[str, Any] = {
                "battery_percent": battery.percent,
                "battery_charging": battery.charging,
                "battery_at": at,
            }
            try:
                written = await self._rows.change(device_id, values)
            except KaikouError as error:
                # It is told again, and nobody waits for it.
                log.warning(
                    "a device's battery was not noted", extra={"device": device_id, "error": str(error)}
                )
                written = False
            if self._told.get(device_id) is told:
                del self._told[device_id]
            if written:
                self._on_written(device_id)
