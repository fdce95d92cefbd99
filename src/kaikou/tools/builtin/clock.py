"""What time it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kaikou.errors import InvalidInput
from kaikou.tools.builtin.parts import Parts
from kaikou.tools.function import FunctionTool, function_tool


def tools(parts: Parts) -> Sequence[FunctionTool]:
    def get_time(zone: str = "") -> str:
        """Tell the date, the weekday and the time now. 现在的日期和时间。

        Args:
            zone: IANA time zone such as Asia/Tokyo for another place; leave it out for here.
        """
        now = datetime.now(zone_named(zone or parts.settings.time_zone))
        return f"{now.astimezone(now.tzinfo):%A %Y-%m-%d %H:%M (%Z, UTC%z)}"

    return [function_tool(get_time, title="Time")]


def zone_named(name: str) -> ZoneInfo | None:
    """The zone; None, the machine's own, where no name is given. InvalidInput ``unknown_zone``."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"There is no time zone {name!r}.", code="unknown_zone") from None
