"""``/api/reminders``: what is to be said or done at a time, on which device."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.devices.device import device_id_of
from kaikou.errors import NotReady
from kaikou.jobs.clock import local
from kaikou.jobs.reminder import MAX_TEXT, Kind, Outcome, Reminder, State, Wish
from kaikou.jobs.schedule import LISTED, Schedule
from kaikou.store.records import now

router = APIRouter(prefix="/api/reminders", tags=["reminders"], responses={404: {"model": Problem}})
_REFUSED: dict[int | str, dict[str, Any]] = {422: {"model": Problem}, 429: {"model": Problem}}


class RepeatIn(BaseModel):
    """On days of the week, on a day of the month (or of the year), or each so many minutes."""

    model_config = ConfigDict(extra="forbid")

    days: list[int] | None = Field(None, description="Monday is 0.", max_length=7)
    month_day: int | None = None
    month: int | None = None
    every_minutes: int | None = None
    time: str | None = Field(None, description="HH:MM; default: that of `when` or `at`.")


class LastOut(BaseModel):
    at: datetime
    outcome: Outcome
    note: str


class ReminderOut(BaseModel):
    id: str
    kind: Kind
    text: str
    title: str
    emotion: str
    at: datetime | None = Field(description="The next time; null once nothing more comes.")
    zone: str = Field(description="IANA name; empty: the server's own zone.")
    repeat: dict[str, Any] | None
    repeat_text: str
    device_id: str | None
    device_name: str | None
    conversation_id: str | None
    agent_id: str | None
    state: State
    last: LastOut | None = Field(description="How it went the last time.")
    created_at: datetime
    updated_at: datetime


class ReminderList(BaseModel):
    reminders: list[ReminderOut]
    grace_minutes: float = Field(description="How long one that is due waits for somebody to tell.")


class Timed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    when: str = Field("", max_length=200, description="As people say it, Chinese or English; or ISO.")
    at: datetime | None = Field(None, description="Instead of `when`; without an offset: in `zone`.")
    repeat: RepeatIn | None = None
    zone: str = Field("", max_length=100, description="IANA name; default: the server's setting.")


class NewReminder(Timed):
    text: str = Field("", max_length=MAX_TEXT, description="May hold the time, where `when` is empty.")
    kind: Kind = "remind"
    title: str = Field("", max_length=60, description="Of an alert.")
    emotion: str = Field("", max_length=40, description="Of an alert.")
    device_id: str | None = None


class ReminderFields(Timed):
    """What may be changed; what is left out stays."""

    text: str = Field("", max_length=MAX_TEXT)
    title: str = Field("", max_length=60)
    emotion: str = Field("", max_length=40)
    device_id: str | None = None


class TimeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    when: str = Field(max_length=200)
    zone: str = Field("", max_length=100)


class TimeOut(BaseModel):
    at: datetime
    repeat: dict[str, Any] | None
    repeat_text: str


class Cancelled(ReminderOut):
    restorable_until: datetime = Field(description="Until then POST …/restore brings it back.")


@router.get("")
async def list_reminders(
    runtime: RuntimeDep, device: str | None = None, state: State | None = None
) -> ReminderList:
    """The next first, then those that are over, the latest first."""
    found = [
        one
        for one in await _schedule(runtime).all()
        if (device is None or one.device_id == device) and (state is None or one.state == state)
    ]
    waiting = [one for one in found if one.at is not None]
    over = [one for one in found if one.at is None][:LISTED]
    names = await _names(runtime)
    return ReminderList(
        reminders=[_out(one, names) for one in (*waiting, *over)],
        grace_minutes=runtime.settings.reminders.grace_minutes,
    )


@router.post("", status_code=201, responses=_REFUSED)
async def add_reminder(body: NewReminder, runtime: RuntimeDep) -> ReminderOut:
    """Set a reminder, or something to be pushed to a device, at a time."""
    schedule = _schedule(runtime)
    return _out(await schedule.add(await _wish(runtime, body)), await _names(runtime))


@router.post("/read-time", responses={422: {"model": Problem}})
async def read_time(body: TimeIn, runtime: RuntimeDep) -> TimeOut:
    """What time a text means, without setting anything."""
    schedule = _schedule(runtime)
    at, repeat, _ = schedule.read(Wish(when=body.when, zone=body.zone))
    return TimeOut(
        at=local(at, body.zone or schedule.zone),
        repeat=repeat.values() if repeat else None,
        repeat_text=repeat.text if repeat else "",
    )


@router.patch("/{reminder_id}", responses=_REFUSED)
async def change_reminder(reminder_id: str, body: ReminderFields, runtime: RuntimeDep) -> ReminderOut:
    """Change the fields that are sent. One that is over waits again with a new time."""
    wish = await _wish(runtime, body)
    changed = await _schedule(runtime).change(reminder_id, wish, frozenset(body.model_fields_set))
    return _out(changed, await _names(runtime))


@router.delete("/{reminder_id}")
async def cancel_reminder(reminder_id: str, runtime: RuntimeDep) -> Cancelled:
    """Cancel it; it can be brought back for ``limits.undo_seconds``."""
    gone = await _schedule(runtime).cancel(reminder_id)
    until = now() + timedelta(seconds=runtime.settings.limits.undo_seconds)
    return Cancelled(**_out(gone, await _names(runtime)).model_dump(), restorable_until=until)


@router.post("/{reminder_id}/restore")
async def restore_reminder(reminder_id: str, runtime: RuntimeDep) -> ReminderOut:
    """Bring back one that was cancelled a moment ago."""
    return _out(await _schedule(runtime).restore(reminder_id), await _names(runtime))


def _schedule(runtime: Runtime) -> Schedule:
    if runtime.schedule is None:
        raise NotReady("The server is still starting.")
    return runtime.schedule


async def _wish(runtime: Runtime, body: NewReminder | ReminderFields) -> Wish:
    device_id = None
    if body.device_id is not None and runtime.devices is not None:
        device_id = (await runtime.devices.get(device_id_of(body.device_id))).id
    return Wish(
        text=body.text.strip(),
        when=body.when,
        at=body.at,
        repeat=None if body.repeat is None else body.repeat.model_dump(exclude_none=True),
        zone=body.zone,
        kind=body.kind if isinstance(body, NewReminder) else "remind",
        title=body.title.strip(),
        emotion=body.emotion.strip(),
        device_id=device_id,
    )


async def _names(runtime: Runtime) -> dict[str, str]:
    if runtime.devices is None:
        return {}
    return {device.id: device.name for device in await runtime.devices.all()}


def _out(reminder: Reminder, names: dict[str, str]) -> ReminderOut:
    last = reminder.last
    return ReminderOut(
        id=reminder.id,
        kind=reminder.kind,
        text=reminder.text,
        title=reminder.title,
        emotion=reminder.emotion,
        at=local(reminder.at, reminder.zone) if reminder.at is not None else None,
        zone=reminder.zone,
        repeat=reminder.repeat.values() if reminder.repeat else None,
        repeat_text=reminder.repeat.text if reminder.repeat else "",
        device_id=reminder.device_id,
        device_name=names.get(reminder.device_id) if reminder.device_id else None,
        conversation_id=reminder.conversation_id,
        agent_id=reminder.agent_id,
        state=reminder.state,
        last=LastOut(at=last.at, outcome=last.outcome, note=last.note) if last else None,
        created_at=reminder.created_at,
        updated_at=reminder.updated_at,
    )
