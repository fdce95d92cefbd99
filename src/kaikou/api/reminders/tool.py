"""What the agents' tools need of reminders and devices (``tools.ports``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from kaikou.devices.registry import DeviceRegistry
from kaikou.errors import InvalidInput, NotFound, NotReady
from kaikou.jobs.clock import local
from kaikou.jobs.recurrence import EVERY_DAY, WEEKDAYS, WEEKEND
from kaikou.jobs.reminder import Reminder, Wish
from kaikou.jobs.schedule import Schedule
from kaikou.tools import ports
from kaikou.tools.ports import Caller, Rhythm, speaks_chinese

_ALL = frozenset({"all", "everything", "全部", "所有", "所有的", "全部提醒", "所有提醒"})


class CallersSchedule:
    """Reminders by voice. ``schedule`` is asked for at each use: the tools are there before it is."""

    def __init__(self, schedule: Callable[[], Schedule | None]) -> None:
        self._find = schedule

    def _schedule(self) -> Schedule:
        found = self._find()
        if found is None:
            raise NotReady("The server is still starting.")
        return found

    async def add(self, text: str, when: str, repeat: Rhythm, caller: Caller) -> ports.Reminder:
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
        return _shown(await schedule.add(kept), caller)

    async def list(self, caller: Caller) -> Sequence[ports.Reminder]:
        return [_shown(one, caller) for one in await self._open()]

    async def cancel(self, which: str, caller: Caller) -> Sequence[ports.Reminder]:
        wanted = which.strip().casefold()
        there = await self._open()
        found = [one for one in there if one.id == wanted]
        if not found and wanted in _ALL:
            found = list(there)
        elif not found and wanted:
            found = [one for one in there if one.text and _alike(one.text.casefold(), wanted)]
            if len(found) > 1:
                lines = "; ".join(f"{one.text} (id {one.id})" for one in found[:10])
                raise InvalidInput(
                    "Several are meant.", code="reminder_ambiguous", hint=f"Ask which: {lines}."
                )
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


def _alike(text: str, wanted: str) -> bool:
    return wanted in text or text in wanted


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
