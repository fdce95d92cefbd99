"""What time it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from kaikou.errors import InvalidInput
from kaikou.tools.builtin import speaking
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.builtin.sentences import SAID
from kaikou.tools.function import FunctionTool, function_tool
from kaikou.tools.ports import Caller, Outcome, speaks_chinese

EXAMPLES = (
    "the time",
    "[have you] got the time",
    "(what|which) (time|day|date|weekday) (is it|it is|is today|do we have|have we got|are we on) "
    "[today|now|here|exactly|by now|at the moment]",
    "(what|which) (day|date) of the (week|month) (is it|it is|is today|do we have) [today]",
    "(what|what's|whats|what is) (the time|the current time|the exact time|the date|the day|today's date"
    "|the current date|the weekday|today) [today|now|here|exactly|right now|at the moment]",
    "(give|tell|read) me the [current|exact] (time|date|day)",
    "[what's|what is] [the] [current] time (in|for) {zone} [now|right now]",
    "(what|which) time is it [now|right now|exactly] (in|for) {zone} [now|right now]",
    "[现在]{zone}[那边|现在|当地][是](几点|几点钟|什么时间)[了]",
    "{zone}[现在|当地][的]时间[是多少]",
    "what (time|day|date|weekday) (it is|today is) [today|now]",
    "(what the|what today's) (time|date|day) is",
    "[do] you (know|have) (what time it is|the time|what day it is)",
    "[i] (lost track of time|forgot my watch|have no watch) what is it [now]",
    "how late is it",
    "(is it|are we) (past|after|before) (noon|midnight) [already|yet|now]",
    "is (it|today) (monday|tuesday|wednesday|thursday|friday|saturday|sunday) "
    "[or (monday|tuesday|wednesday|thursday|friday|saturday|sunday)] [today]",
    "[这会儿|现在|目前|此刻|当前|都|已经|这都|现在都][到|到底](几点|几点钟|几点几分)[了]",
    "[这会儿|现在|目前|此刻|当前|已经|北京时间][的时间][都][是](几点|几点钟|几点几分|啥时候|什么时间|什么时候|几时)[了]",
    "[现在|当前|目前|准确][的](时间|日期|时刻)[是多少]",
    "报[一下|个|一个]时[间]",
    "(报|说|看|你看|瞧|告诉我)[一下|一看|下|看|看看][(现在|当前|目前)[的]]时间",
    "[今天|今儿|今儿个|今日|现在|今天的日期][到底]是(几号|多少号|几月几号|几月几日|哪一天|哪天|什么日子|什么日期)",
    "[今天|今儿|今儿个|今日|明天|现在][到底][是](星期|礼拜|周)几[几月几号|几月几日]",
    "[今天|今儿|今儿个|今日](几号|多少号|几月几号|几月几日)[(星期|礼拜|周)几]",
    "[今天|今儿|今儿个|今日]是(周|星期|礼拜)(一|二|三|四|五|六|日|天)[还是(周|星期|礼拜)(一|二|三|四|五|六|日|天)]",
    "[今天|今天的]日期",
)

CITIES = {
    "东京": "Asia/Tokyo", "伦敦": "Europe/London", "纽约": "America/New_York", "巴黎": "Europe/Paris",
    "柏林": "Europe/Berlin", "莫斯科": "Europe/Moscow", "悉尼": "Australia/Sydney", "首尔": "Asia/Seoul",
    "新加坡": "Asia/Singapore", "洛杉矶": "America/Los_Angeles", "旧金山": "America/Los_Angeles",
    "芝加哥": "America/Chicago", "多伦多": "America/Toronto", "温哥华": "America/Vancouver",
    "香港": "Asia/Hong_Kong", "台北": "Asia/Taipei", "曼谷": "Asia/Bangkok", "迪拜": "Asia/Dubai",
    "罗马": "Europe/Rome", "马德里": "Europe/Madrid", "北京": "Asia/Shanghai", "上海": "Asia/Shanghai",
    "beijing": "Asia/Shanghai", "san francisco": "America/Los_Angeles", "washington": "America/New_York",
    "boston": "America/New_York", "miami": "America/New_York", "seattle": "America/Los_Angeles",
}  # fmt: skip
"""Places that no zone is named after, and Chinese names."""
_HAN_CITIES = "|".join(one for one in CITIES if not one.isascii())
SLOTS = (
    "{*} (in|over in|for) {zone} [{*}]",
    "[{*}]{zone}(那边|那儿|现在|当地|几点|是几点|是什么时候|时间)[{*}]",
)
PLACES = {"zone": rf"(?!the\b|my\b|other\b)[a-z][a-z' ]{{2,25}}?|{_HAN_CITIES}"}


def tools(parts: Parts) -> Sequence[FunctionTool]:
    def get_time(caller: Caller, zone: str = "") -> Outcome:
        """Tell the date, the weekday and the time now. 现在的日期和时间。

        Args:
            zone: IANA time zone such as Asia/Tokyo for another place; leave it out for here.
        """
        now = datetime.now(zone_named(zone_of(zone) or parts.settings.time_zone))
        now = now.astimezone(now.tzinfo)
        day, time = speaking.day(now, caller), speaking.time_of_day(now, caller)
        plain = f"现在是{time}，{day}。" if speaks_chinese(caller) else f"It is {time} on {day}."
        return Outcome(f"{now:%A %Y-%m-%d %H:%M (%Z, UTC%z)}", plain=plain)

    return [
        function_tool(
            get_time,
            title="Time",
            examples=EXAMPLES,
            places=PLACES,
            slots=SLOTS,
            said=SAID["get_time"],
            follow=("[in|for] {zone}", "{zone}[几点]"),
        )
    ]


def zone_of(place: str) -> str:
    """The name of the zone that a place's clocks go by; the place itself where none is known."""
    wanted = place.strip().casefold()
    if wanted in CITIES:
        return CITIES[wanted]
    ends = (name for name in sorted(available_timezones()) if "/" in name)
    return next(
        (name for name in ends if name.rpartition("/")[2].replace("_", " ").casefold() == wanted), place
    )


def zone_named(name: str) -> ZoneInfo | None:
    """The zone; None, the machine's own, where no name is given. InvalidInput ``unknown_zone``."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"There is no time zone {name!r}.", code="unknown_zone") from None
