"""What the agents' tools need of reminders and devices (``tools.ports``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kaikou.devices.registry import DeviceRegistry
from kaikou.errors import InvalidInput, NotFound, NotReady
from kaikou.jobs.clock import local
from kaikou.jobs.meant import meant
from kaikou.jobs.recurrence import EVERY_DAY, WEEKDAYS, WEEKEND
from kaikou.jobs.reminder import Reminder, Wish
from kaikou.jobs.schedule import Schedule
from kaikou.tools import ports
from kaikou.tools.ports import Caller, Rhythm, speaks_chinese

_TALKS = 256
"""Conversations whose last reminder is known; the oldest is forgotten."""


class CallersSchedule:
    """Reminders by voice. ``schedule`` is asked for at each use: the tools are there before it is."""

    def __init__(self, schedule: Callable[[], Schedule | None]) -> None:
        self._find = schedule
        self._last: dict[str, str | None] = {}
        """What each conversation asked for last; None where nothing came of it."""

    def _schedule(self) -> Schedule:
        found = self._find()
        if found is None:
            raise NotReady("The server is still starting.")
        return found

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> ports.Reminder:
        self._remember(caller, None)
        schedule = self._schedule()
        wish = Wish(text=text, when=when)
        if repeat:
            at, said, text = schedule.read(wish)
            rhythm = said.values() if said is not None else _values(repeat, local(at, schedule.zone))
            wish = Wish(text=text, at=at, repeat=rhythm)
        kept = Wish(
            text=wish.text,
            when=wish.when,
            at=wish.at,
            repeat=wish.repeat,
            device_id=caller.device_id,
            conversation_id=caller.conversation_id or None,
            agent_id=caller.agent_id or None,
            language=caller.language,
        )
        added = await schedule.add(kept)
        self._remember(caller, added.id)
        return _shown(added, caller)

    async def move(self, when: str, repeat: Rhythm, caller: Caller) -> ports.Reminder | None:
        last = self._last.get(caller.conversation_id)
        if last is None or all(one.id != last for one in await self._open()):
            return None
        moved = await self._schedule().move(last, when or repeat)
        return _shown(moved, caller)

    def _remember(self, caller: Caller, reminder_id: str | None) -> None:
        self._last.pop(caller.conversation_id, None)
        while len(self._last) >= _TALKS:
            self._last.pop(next(iter(self._last)))
        self._last[caller.conversation_id] = reminder_id

    async def list(self, caller: Caller) -> Sequence[ports.Reminder]:
        return [_shown(one, caller) for one in await self._open()]

    async def cancel(self, which: str, caller: Caller) -> Sequence[ports.Reminder]:
        there = await self._open()
        found, sure = meant(which, there, self._schedule().now(), last=self._last.get(caller.conversation_id))
        if not sure:
            lines = "; ".join(f"{one.text} (id {one.id})" for one in found[:10])
            raise InvalidInput("Several are meant.", code="reminder_ambiguous", hint=f"Ask which: {lines}.")
        for one in found:
            await self._schedule().cancel(one.id)
        return [_shown(one, caller) for one in found]

    async def _open(self) -> Sequence[Reminder]:
        """What people think of as reminders: pushes set up on the page are left alone."""
        return [
            one
            for one in await self._schedule().all()
            if one.kind == "remind" and one.state in {"waiting", "due"}
        ]


class OtherDevices:
    """The devices of the house that are connected, but for the caller's own."""

    def __init__(self, devices: Callable[[], DeviceRegistry | None]) -> None:
        self._devices = devices

    def names(self, caller: Caller) -> Sequence[str]:
        return list(self._there(caller))

    async def speak(self, name: str, text: str, caller: Caller) -> None:
        device_id = self._there(caller).get(name)
        registry = self._devices()
        if device_id is None or registry is None:
            raise NotFound(f"{name[:60]} is not connected any more.", code="device_offline", status=409)
        await registry.connected(device_id).speak(text)

    def _there(self, caller: Caller) -> Mapping[str, str]:
        """Device ids by name; two of one name are told apart by their address's end."""
        registry = self._devices()
        if registry is None:
            return {}
        found: dict[str, str] = {}
        for link in registry.links:
            if link.device_id == caller.device_id or link.state == "unbound":
                continue
            name = registry.name_of(link.device_id)
            found[name if name not in found else f"{name} {link.device_id[-5:]}"] = link.device_id
        return found


def _values(rhythm: Rhythm, at: datetime) -> Mapping[str, Any]:
    clock = f"{at:%H:%M}"
    match rhythm:
        case "hourly":
            return {"every_minutes": 60}
        case "monthly":
            return {"month_day": at.day, "time": clock}
        case "yearly":
            return {"month": at.month, "month_day": at.day, "time": clock}
        case "weekly":
            return {"days": [at.weekday()], "time": clock}
        case _:
            days = {"weekdays": WEEKDAYS, "weekends": WEEKEND}.get(rhythm, EVERY_DAY)
            return {"days": list(days), "time": clock}


def _shown(reminder: Reminder, caller: Caller) -> ports.Reminder:
    """As it is told to the caller."""
    at = local(reminder.at or reminder.updated_at, reminder.zone)
    repeats = ""
    if reminder.repeat is not None:
        repeats = reminder.repeat.in_chinese if speaks_chinese(caller) else reminder.repeat.text
    return ports.Reminder(reminder.id, at, reminder.text, repeats)
