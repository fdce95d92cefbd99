"""When something that comes again comes next."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from kaikou.errors import InvalidInput
from kaikou.jobs.clock import local, moment

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
WEEKDAYS = (0, 1, 2, 3, 4)
WEEKEND = (5, 6)
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LEAST_MINUTES = 1


@dataclass(frozen=True, slots=True)
class Repeat:
    """Exactly one of: on ``days`` of the week (Monday is 0), on ``month_day`` (of ``month`` alone, where
    given; the last day of shorter months), or each ``minutes``. All but the last at ``time``."""

    days: tuple[int, ...] = ()
    month_day: int | None = None
    month: int | None = None
    minutes: int | None = None
    time: time = time(9)

    def next(self, after: datetime, zone: str, anchor: datetime) -> datetime:
        """The first time later than ``after``, in UTC. ``anchor`` is a time it came or was to come:
        a rhythm of minutes goes on from there."""
        if self.minutes is not None:
            step = timedelta(minutes=self.minutes)
            return anchor + max(0, (after - anchor) // step + 1) * step
        day = local(after, zone).date() - timedelta(days=1)
        while True:
            if self._on(day.weekday(), day.day, day.month, calendar.monthrange(day.year, day.month)[1]):
                found = moment(datetime.combine(day, self.time), zone)
                if found > after:
                    return found
            day += timedelta(days=1)

    def _on(self, weekday: int, day: int, month: int, length: int) -> bool:
        if self.month_day is None:
            return weekday in self.days
        if self.month is None:
            return day == min(self.month_day, length)
        # A day of a month that has it in some years only is kept on the last day in the others.
        return month == self.month and day == min(self.month_day, length)

    @property
    def text(self) -> str:
        """In English words."""
        if self.minutes is not None:
            hours, rest = divmod(self.minutes, 60)
            if rest:
                return "every minute" if self.minutes == 1 else f"every {self.minutes} minutes"
            return "every hour" if hours == 1 else f"every {hours} hours"
        return f"{self._days_text()} at {self.time:%H:%M}"

    def _days_text(self) -> str:
        if self.month_day is not None:
            if self.month is not None:
                return f"every year on {calendar.month_name[self.month]} {self.month_day}"
            return f"every month on day {self.month_day}"
        known = {EVERY_DAY: "every day", WEEKDAYS: "every weekday", WEEKEND: "every weekend"}
        if self.days in known:
            return known[self.days]
        names = [_NAMES[day] for day in self.days]
        return "every " + (" and ".join([", ".join(names[:-1]), names[-1]]) if names[1:] else names[0])

    @property
    def in_chinese(self) -> str:
        """In Chinese words, as they are spoken: 每天8点, 每周一、周三20点30分."""
        if self.minutes is not None:
            hours, rest = divmod(self.minutes, 60)
            if rest:
                return f"每{self.minutes}分钟" if self.minutes > 1 else "每分钟"
            return f"每{hours}小时" if hours > 1 else "每小时"
        clock = f"{self.time.hour}点" + (f"{self.time.minute}分" if self.time.minute else "")
        if self.month_day is not None:
            return f"每{f'年{self.month}月' if self.month is not None else '月'}{self.month_day}号{clock}"
        known = {EVERY_DAY: "每天", WEEKDAYS: "每个工作日", WEEKEND: "每个周末"}
        return (
            known.get(self.days, "每" + "、".join(f"周{'一二三四五六日'[day]}" for day in self.days)) + clock
        )

    def values(self) -> dict[str, Any]:
        """As JSON."""
        if self.minutes is not None:
            return {"every_minutes": self.minutes}
        at = f"{self.time:%H:%M}"
        if self.month_day is None:
            return {"days": list(self.days), "time": at}
        of_month = {"month_day": self.month_day, "time": at}
        return of_month if self.month is None else {"month": self.month, **of_month}


def repeat_of(values: Mapping[str, Any]) -> Repeat:
    """From JSON. InvalidInput ``invalid_repeat`` where it makes no sense."""
    try:
        if "every_minutes" in values:
            minutes = int(values["every_minutes"])
            if not LEAST_MINUTES <= minutes <= 366 * 24 * 60:
                raise ValueError("minutes")
            return Repeat(minutes=minutes)
        at = time.fromisoformat(str(values.get("time") or "09:00")).replace(
            second=0, microsecond=0, tzinfo=None
        )
        if "month_day" in values:
            day, month = int(values["month_day"]), values.get("month")
            if not 1 <= day <= 31 or (month is not None and not 1 <= int(month) <= 12):
                raise ValueError("month_day")
            if month is not None and day > calendar.monthrange(2024, int(month))[1]:
                raise ValueError("month_day")
            return Repeat(month_day=day, month=None if month is None else int(month), time=at)
        days = tuple(sorted({int(day) for day in values["days"]}))
        if not days or not set(days) <= set(EVERY_DAY):
            raise ValueError("days")
        return Repeat(days=days, time=at)
    except (KeyError, ValueError, TypeError):
        raise InvalidInput(
            "That is no way to repeat something.",
            code="invalid_repeat",
            hint='Give {"days": [0, 2], "time": "08:00"}, {"month_day": 5, "time": "08:00"} '
            'or {"every_minutes": 60}.',
            param="repeat",
        ) from None
