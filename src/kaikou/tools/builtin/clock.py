"""What time it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kaikou.errors import InvalidInput
from kaikou.tools.builtin import speaking
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome

EXAMPLES = (
    "what time is it",
    "what's the time",
    "what is the time",
    "the time",
    "what time it is",
    "what day it is",
    "what date is it",
    "what's the date",
    "what's the date today",
    "what is today's date",
    "what's today's date",
    "what day is it",
    "what day is it today",
    "what day is today",
    "what day of the week is it",
    "how late is it",
    "what day of the week it is",
    "几点",
    "现在几点",
    "现在几点钟",
    "几点钟",
    "什么时间",
    "现在是几点",
    "现在是什么时间",
    "几点了",
    "是几点",
    "现在时间",
    "报时",
    "几点几分",
    "今天几号",
    "今天是几号",
    "今天几月几号",
    "今天是几月几号",
    "今天星期几",
    "今天是星期几",
    "今天周几",
    "今天礼拜几",
    "今天是什么日子",
    "日期",
    "今天的日期",
)


def tools(parts: Parts) -> Sequence[FunctionTool]:
    def get_time(caller: Caller, zone: str = "") -> Outcome:
        """Tell the date, the weekday and the time now. 现在的日期和时间。

        Args:
            zone: IANA time zone such as Asia/Tokyo for another place; leave it out for here.
        """
        now = datetime.now(zone_named(zone or parts.settings.time_zone))
        now = now.astimezone(now.tzinfo)
        day, time = speaking.day(now, caller), speaking.time_of_day(now, caller)
        plain = f"现在是{day}，{time}。" if speaking.chinese(caller) else f"It is {time} on {day}."
        return Outcome(f"{now:%A %Y-%m-%d %H:%M (%Z, UTC%z)}", plain=plain)

    return [function_tool(get_time, title="Time", examples=EXAMPLES)]


def zone_named(name: str) -> ZoneInfo | None:
    """The zone; None, the machine's own, where no name is given. InvalidInput ``unknown_zone``."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"There is no time zone {name!r}.", code="unknown_zone") from None
