"""The parts behind reminders, put together for a runtime."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from kaikou.api.reminders.places import House
from kaikou.api.runtime import Runtime
from kaikou.jobs.schedule import Schedule
from kaikou.jobs.telling import Telling
from kaikou.store.purge import Purge
from kaikou.store.reminders import ReminderRepository

SETTLE_SECONDS = 3.0
"""Who has just come speaks first: a device sends its wake word right after it has connected."""


def open_reminders(runtime: Runtime, stack: AsyncExitStack) -> Schedule:
    """The schedule, with what tells its reminders; both end with ``stack``. To be opened before what
    holds the sessions, so as to end after them: how the last tellings went is then known."""
    settings = runtime.settings
    rows = ReminderRepository(runtime.database)

    def changed(reminder_id: str, change: str) -> None:
        runtime.feed.publish("reminders", id=reminder_id, change=change)

    house = House(lambda: runtime.devices, lambda: runtime.live)
    telling = Telling(rows, settings.reminders, house, changed=changed)
    schedule = Schedule(rows, settings.reminders, settings.tools.time_zone, changed=changed)
    schedule.wake = telling.wake
    loop = asyncio.get_running_loop()
    schedule.arrived = lambda: _later(loop, telling)
    purge = Purge(rows, settings.limits.undo_seconds, what="reminders")
    stack.push_async_callback(purge.stop)
    purge.start()
    stack.push_async_callback(telling.close)
    telling.start()
    return schedule


def _later(loop: asyncio.AbstractEventLoop, telling: Telling) -> None:
    loop.call_later(SETTLE_SECONDS, telling.somebody_came)
