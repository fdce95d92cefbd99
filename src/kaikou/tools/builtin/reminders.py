"""Reminders and timers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from kaikou.errors import InvalidInput
from kaikou.tools.builtin.clock import zone_named
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Reminder


def tools(parts: Parts) -> Sequence[FunctionTool]:
    schedule = parts.ports.schedule
    if schedule is None:
        return []
    home = parts.settings.time_zone

    async def remind(
        text: str, caller: Caller, at: datetime | None = None, in_minutes: float | None = None
    ) -> str:
        """Set a reminder, an alarm or a timer. 设置提醒、闹钟或计时器。

        Args:
            text: What to say then, in the user's language.
            at: When, as YYYY-MM-DDTHH:MM in local time.
            in_minutes: Or in how many minutes from now.
        """
        now = datetime.now(zone_named(home)).astimezone()
        if in_minutes is not None:
            when = now + timedelta(minutes=in_minutes)
        elif at is not None:
            zone = zone_named(home)
            when = at if at.tzinfo else (at.replace(tzinfo=zone) if zone else at.astimezone())
        else:
            raise InvalidInput("A reminder needs a time.", hint="Ask the user when.")
        if when <= now:
            raise InvalidInput(f"That time is past: it is {now:%Y-%m-%d %H:%M} now.")
        return f"Set: {_line(await schedule.add(when, text, caller))}"

    async def list_reminders(caller: Caller) -> str:
        """List the reminders that are set. 列出已设置的提醒。"""
        found = await schedule.list(caller)
        return "\n".join(map(_line, found)) if found else "No reminders are set."

    async def cancel_reminder(reminder_id: str, caller: Caller) -> str:
        """Cancel a reminder. 取消提醒。

        Args:
            reminder_id: Its id, as list_reminders tells it.
        """
        gone = await schedule.cancel(reminder_id, caller)
        return "Cancelled." if gone else "There is no such reminder."

    return [function_tool(one) for one in (remind, list_reminders, cancel_reminder)]


def _line(reminder: Reminder) -> str:
    return f"{reminder.at:%A %Y-%m-%d %H:%M}: {reminder.text} (id {reminder.id})"
