"""Reminders kept, and told when they are due: the service behind the tool and ``/api/reminders``."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kaikou.errors import InvalidInput, LimitReached, NotFound
from kaikou.jobs.clock import local, moment, zone_named
from kaikou.jobs.recurrence import Repeat, repeat_of
from kaikou.jobs.reminder import Reminder, Wish, check, reminder_of
from kaikou.jobs.when.reading import bare, read_when
from kaikou.settings.services import ReminderSettings
from kaikou.store.records import ReminderRow, now
from kaikou.store.reminders import CANCELLED, WAITING, ReminderRepository

LISTED = 200

OnChange = Callable[[str, str], None]
"""A reminder's id and what happened: added, changed, cancelled, restored, due, said, missed, failed."""


class Schedule:
    """What may be done with reminders; ``changed`` and ``wake`` are called on the event loop. ``wake``:
    what is due next may have changed. ``clock`` gives the moment, in UTC."""

    def __init__(
        self,
        repository: ReminderRepository,
        settings: ReminderSettings,
        zone: str = "",
        *,
        changed: OnChange = lambda _id, _change: None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.zone = zone
        self.wake: Callable[[], None] = lambda: None
        self.arrived: Callable[[], None] = lambda: None
        """To be called when a device or a session is there that wasn't."""
        self._rows = repository
        self._settings = settings
        self._changed = changed
        self._clock = clock

    async def add(self, wish: Wish) -> Reminder:
        """Keep a reminder. Where ``when`` is empty, its text may hold the time. InvalidInput
        ``time_missing``, ``time_not_understood``, ``time_is_past``; LimitReached
        ``too_many_reminders``."""
        zone = wish.zone or self.zone
        at, repeat, text = self.read(wish)
        check(wish.kind, text, wish.device_id)
        if await self._rows.count() >= self._settings.most:
            raise LimitReached(
                f"{self._settings.most} reminders wait already.",
                code="too_many_reminders",
                hint="Cancel some, or raise reminders.most.",
            )
        row = ReminderRow(
            f"rem_{secrets.token_hex(8)}",
            wish.kind,
            text,
            wish.title,
            wish.emotion,
            at,
            zone,
            None if repeat is None else repeat.values(),
            wish.device_id,
            wish.conversation_id,
            wish.agent_id,
            wish.language,
            created_at=self._clock(),
            updated_at=self._clock(),
        )
        await self._rows.add(row)
        self._note(row.id, "added")
        return reminder_of(row, self._clock())

    def read(self, wish: Wish) -> tuple[datetime, Repeat | None, str]:
        """The next time, the repetition, and the text without the words of either."""
        zone, this = wish.zone or self.zone, self._clock()
        zone_named(zone)
        repeat = repeat_of(wish.repeat) if wish.repeat is not None else None
        text = " ".join(wish.text.split())
        if wish.at is not None:
            at = wish.at if wish.at.tzinfo is not None else moment(wish.at, zone)
        elif wish.when.strip():
            found = read_when(wish.when, this, zone, about=text)
            at, repeat = found.at, repeat or found.repeat
            text = bare(text) or found.rest
        elif repeat is not None:
            at = repeat.next(this, zone, this)
        elif text:
            found = read_when(text, this, zone)
            at, repeat, text = found.at, found.repeat, found.rest
        else:
            raise InvalidInput(
                "A reminder needs a time.", code="time_missing", hint="Ask when.", param="when"
            )
        if wish.repeat is not None and repeat is not None and (wish.at is not None or wish.when.strip()):
            repeat = _at_time_of(repeat, local(at, zone))
            at = repeat.next(max(this, at - timedelta(seconds=1)), zone, at)
        if at <= this:
            here = local(this, zone)
            raise InvalidInput(
                f"That time is past: it is {here:%Y-%m-%d %H:%M} now.", code="time_is_past", param="when"
            )
        return at, repeat, text

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._clock()

    async def all(self) -> tuple[Reminder, ...]:
        """The next first, then those that are over, the latest first."""
        this = self._clock()
        rows = (*await self._rows.waiting(self._settings.most), *await self._rows.finished(LISTED))
        return tuple(reminder_of(row, this) for row in rows)

    async def get(self, reminder_id: str) -> Reminder:
        """NotFound ``reminder_not_found``."""
        return reminder_of(await self._row(reminder_id), self._clock())

    async def change(self, reminder_id: str, wish: Wish, given: frozenset[str]) -> Reminder:
        """Take the fields named in ``given`` from ``wish``; a new time makes it wait again."""
        row = await self._row(reminder_id)
        values: dict[str, Any] = {
            name: getattr(wish, name) for name in ("text", "title", "emotion", "device_id") if name in given
        }
        if given & {"when", "at", "repeat", "zone"}:
            kept = row.repeat if "repeat" not in given and not given & {"when", "at"} else wish.repeat
            timed = Wish(
                text=values.get("text", row.text),
                when=wish.when,
                at=wish.at,
                repeat=kept,
                zone=wish.zone or row.zone,
            )
            if not (timed.when or timed.at or timed.repeat):
                timed = _still(timed, row)
            at, repeat, _ = self.read(timed)
            values |= {"at": at, "zone": timed.zone, "state": "waiting"}
            values["repeat"] = None if repeat is None else repeat.values()
        check(row.kind, values.get("text", row.text), values.get("device_id", row.device_id))
        if values and not await self._rows.change(reminder_id, values):
            raise _missing(reminder_id)
        self._note(reminder_id, "changed")
        return await self.get(reminder_id)

    async def move(self, reminder_id: str, when: str) -> Reminder:
        """Another time, of which ``when`` may say no more than what is different. As ``change``."""
        row = await self._row(reminder_id)
        here = row.zone or self.zone
        rhythm = repeat_of(row.repeat) if row.repeat is not None else None
        before = None if row.at is None else (row.at, rhythm)
        found = read_when(when, self._clock(), here, about=row.text, before=before)
        values = None if found.repeat is None else found.repeat.values()
        wish = Wish(at=found.at, repeat=values, zone=here)
        return await self.change(reminder_id, wish, frozenset({"at", "repeat"}))

    async def cancel(self, reminder_id: str) -> Reminder:
        """Throw a reminder away; ``restore`` brings it back for a while. One that is over stays over."""
        row = await self._row(reminder_id)
        ended = {"state": CANCELLED} if row.state == WAITING else {}
        if not await self._rows.change(reminder_id, {**ended, "deleted_at": self._clock()}):
            raise _missing(reminder_id)
        self._note(reminder_id, "cancelled")
        return replace(reminder_of(row, self._clock()), state="cancelled", at=None)

    async def restore(self, reminder_id: str) -> Reminder:
        """Bring back what was cancelled a moment ago. NotFound once it is gone for good."""
        row = await self._rows.restore(reminder_id)
        if row is None:
            raise _missing(reminder_id)
        self._note(reminder_id, "restored")
        return reminder_of(row, self._clock())

    async def _row(self, reminder_id: str) -> ReminderRow:
        row = await self._rows.get(reminder_id)
        if row is None:
            raise _missing(reminder_id)
        return row

    def _note(self, reminder_id: str, change: str) -> None:
        self._changed(reminder_id, change)
        self.wake()


def _at_time_of(repeat: Repeat, at: datetime) -> Repeat:
    """The repetition at the time of day that was named beside it."""
    return replace(repeat, time=at.time().replace(second=0, microsecond=0, tzinfo=None))


def _still(wish: Wish, row: ReminderRow) -> Wish:
    """Only the zone changes: the clock there shows the same."""
    return wish if row.at is None else replace(wish, at=local(row.at, row.zone).replace(tzinfo=None))


def _missing(reminder_id: str) -> NotFound:
    return NotFound(f"There is no reminder {reminder_id[:40]!r}.", code="reminder_not_found")
