"""Telling what is due: one task that sleeps until the next time, and a claim for each telling.

A claim is taken before anything is said and the outcome is written after it. So a reminder is
never told twice; one whose server died in between is reported as failed, never lost silently.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kaikou.errors import KaikouError, as_kaikou_error
from kaikou.jobs import phrases
from kaikou.jobs.places import Place, Places
from kaikou.jobs.recurrence import repeat_of
from kaikou.jobs.reminder import Outcome, Reminder, reminder_of
from kaikou.jobs.schedule import OnChange
from kaikou.settings.services import ReminderSettings
from kaikou.store.database import DatabaseUnavailable
from kaikou.store.records import ReminderRow, now
from kaikou.store.reminders import ReminderRepository

log = logging.getLogger(__name__)

_LOOK_SECONDS = 30.0
"""Other servers add reminders too, and clocks are put right."""
_RETRY_SECONDS = 5.0
_TELL_SECONDS = 180.0
_CLAIM = timedelta(seconds=_TELL_SECONDS + 60)
_END_SECONDS = 2.0
INTERRUPTED = "The server stopped while it was being told."


class Telling:
    """Owns its tasks: ``start`` and ``close`` it."""

    def __init__(
        self,
        repository: ReminderRepository,
        settings: ReminderSettings,
        places: Places,
        *,
        changed: OnChange = lambda _id, _change: None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._rows = repository
        self._settings = settings
        self._places = places
        self._changed = changed
        self._clock = clock
        self._me = f"srv_{secrets.token_hex(8)}"
        self._woken = asyncio.Event()
        self._run_task: asyncio.Task[None] | None = None
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._known_due: set[str] = set()
        self._forgot_at: datetime | None = None

    def start(self) -> None:
        """Begin to look; what became due while no server ran is seen to first."""
        if self._run_task is None:
            self._run_task = asyncio.create_task(self._run(), name="reminders")

    async def close(self) -> None:
        """Stop looking; what is being told gets a moment to write how it went, as its session has ended.
        What is left then stays claimed, and will be reported as interrupted."""
        if self._run_task is not None:
            self._run_task.cancel()
            await asyncio.wait({self._run_task})
            self._run_task = None
        if under_way := set(self._under_way.values()):
            await asyncio.wait(under_way, timeout=_END_SECONDS)
            for task in under_way:
                task.cancel()
            await asyncio.wait(under_way)

    def wake(self) -> None:
        """A reminder was changed, or somebody is there who wasn't: look now."""
        self._woken.set()

    def somebody_came(self) -> None:
        """Somebody is there who wasn't: look now, if anything waits to be told."""
        if self._known_due:
            self._woken.set()

    async def settled(self) -> None:
        """Wait until nothing is being told."""
        while self._under_way:
            await asyncio.wait(list(self._under_way.values()))

    async def once(self) -> float:
        """See to what is due; the seconds after which to look again."""
        this = self._clock()
        rows = await self._rows.due(this, self._settings.most)
        self._known_due &= {row.id for row in rows}
        for row in rows:
            try:
                await self._see_to(row, this)
            except DatabaseUnavailable:
                raise
            except Exception:
                # One that makes no sense, or a place that is broken, must not keep the others waiting.
                log.exception("a reminder was not seen to", extra={"reminder": row.id})
        await self._forget(this)
        if rows and self._known_due:
            return min(_RETRY_SECONDS, self._settings.elsewhere_seconds or _RETRY_SECONDS)
        following = await self._rows.next_at(this)
        left = _LOOK_SECONDS if following is None else (following - self._clock()).total_seconds()
        return min(_LOOK_SECONDS, max(0.0, left))

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                seconds = await self.once()
            except (KaikouError, OSError) as error:
                log.warning("reminders were not looked at: %s", error)
                seconds = _RETRY_SECONDS
            except Exception:
                log.exception("reminders were not looked at")  # the next look may go well; none may be lost
                seconds = _RETRY_SECONDS
            try:
                async with asyncio.timeout(seconds):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _see_to(self, row: ReminderRow, this: datetime) -> None:
        assert row.at is not None
        if row.id in self._under_way:
            return
        if row.claimed_by is not None:
            if row.claimed_until is not None and row.claimed_until < this:
                await self._settle(row, "failed", INTERRUPTED, this)
            return
        if this - row.at > timedelta(minutes=self._settings.grace_minutes):
            await self._settle(row, "missed", "Nobody was there to be told.", this)
            return
        reminder = reminder_of(row, this)
        place = self._choose(reminder, this)
        if place is not None:
            claimed = replace(row, claimed_by=self._me, claimed_until=this + _CLAIM)
            if await self._rows.claim(row, self._me, this + _CLAIM):
                task = asyncio.create_task(self._tell(claimed, reminder, place), name="tell a reminder")
                self._under_way[row.id] = task
        elif row.id not in self._known_due:
            self._known_due.add(row.id)
            self._changed(row.id, "due")

    def _choose(self, reminder: Reminder, this: datetime) -> Place | None:
        places: Sequence[Place] = self._places.of(reminder)
        if places and places[0].own:
            return places[0]
        assert reminder.at is not None
        # The one it is meant for may be with another server, or just coming back.
        waited = (this - reminder.at).total_seconds() >= self._settings.elsewhere_seconds
        homeless = reminder.device_id is None and reminder.conversation_id is None
        return places[0] if places and (waited or homeless) else None

    async def _tell(self, row: ReminderRow, reminder: Reminder, place: Place) -> None:
        try:
            try:
                async with asyncio.timeout(_TELL_SECONDS):
                    told = await _do(reminder, place, phrases.said(reminder, self._clock()))
            except TimeoutError:
                await self._settle(row, "failed", f"{place.name} did not say it in time.", self._clock())
            except Exception as error:  # noqa: BLE001 - it must be free again, whatever the place did
                log.warning("a reminder was not told: %s", as_kaikou_error(error, "reminders"))
                await self._free(row)
            else:
                if told:
                    await self._settle(row, "said", place.name, self._clock())
                else:
                    await self._free(row)
        except (KaikouError, OSError) as error:
            log.error("how a reminder went was not written: %s", error)
        finally:
            self._under_way.pop(row.id, None)

    async def _free(self, row: ReminderRow) -> None:
        """Nothing was told: whoever can may try again."""
        self._known_due.add(row.id)
        await self._rows.settle(row, {})

    async def _settle(self, row: ReminderRow, outcome: Outcome, note: str, this: datetime) -> None:
        """Write how an occurrence went, and the next time."""
        values: dict[str, Any] = {
            "last_at": this, "last_outcome": outcome, "last_note": note, "updated_at": this,
        }  # fmt: skip
        if row.repeat is not None:
            assert row.at is not None
            values["at"] = repeat_of(row.repeat).next(this, row.zone, row.at)
        else:
            values["state"] = "done" if outcome == "said" else "missed"
        if await self._rows.settle(row, values):
            self._known_due.discard(row.id)
            self._changed(row.id, outcome)
            self.wake()

    async def _forget(self, this: datetime) -> None:
        """Once an hour: what is over long ago."""
        if self._forgot_at is None or this - self._forgot_at > timedelta(hours=1):
            self._forgot_at = this
            await self._rows.forget(this - timedelta(days=self._settings.keep_days))


async def _do(reminder: Reminder, place: Place, text: str) -> bool:
    match reminder.kind:
        case "alert":
            await place.alert(reminder.title or "!", reminder.text, reminder.emotion or "neutral")
        case "reboot":
            await place.reboot()
        case _:
            return await place.say(text)
    return True
