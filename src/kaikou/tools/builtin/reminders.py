"""Reminders and timers."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Reminder, Rhythm


def tools(parts: Parts) -> Sequence[FunctionTool]:
    schedule = parts.ports.schedule
    if schedule is None:
        return []

    async def remind(caller: Caller, text: str = "", when: str = "", repeat: Rhythm = "") -> str:
        """Set a reminder, an alarm or a timer, once or repeating. 设置提醒、闹钟或计时器（可重复）。

        Args:
            text: What to remind of, in the user's words, such as 关火 or take my pills.
            when: The time in the user's words, such as 十分钟后, 明天早上七点, every weekday at 8.
            repeat: Leave it out unless the user wants it again and again.
        """
        return f"Set: {_line(await schedule.add(text, when, repeat, caller))}"

    async def list_reminders(caller: Caller) -> str:
        """List the reminders and alarms that are set. 列出已设置的提醒和闹钟。"""
        found = await schedule.list(caller)
        return "\n".join(map(_line, found)) if found else "No reminders are set."

    async def cancel_reminder(which: str, caller: Caller) -> str:
        """Cancel a reminder or an alarm. 取消提醒或闹钟。

        Args:
            which: Its id, words of its text, or all.
        """
        gone = await schedule.cancel(which, caller)
        return "\n".join(f"Cancelled: {_line(one)}" for one in gone) or "There is no such reminder."

    return [function_tool(one) for one in (remind, list_reminders, cancel_reminder)]


def _line(reminder: Reminder) -> str:
    again = f", {reminder.repeats}" if reminder.repeats else ""
    return f"{reminder.at:%A %Y-%m-%d %H:%M}{again}: {reminder.text or 'alarm'} (id {reminder.id})"
