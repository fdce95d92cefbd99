"""The parts of a time that a sentence names, and the moment they make together.

A language's reader fills in ``Parts``; what "8 o'clock" means (today or tomorrow, morning or
evening) is decided here, the same for every language.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from kaikou.jobs.clock import local, moment
from kaikou.jobs.recurrence import EVERY_DAY, Repeat

Period = Literal["dawn", "morning", "forenoon", "noon", "afternoon", "dusk", "evening", "night", "am", "pm"]
_USUAL: dict[Period, int] = {
    "dawn": 5, "morning": 8, "forenoon": 10, "noon": 12, "afternoon": 15, "dusk": 18, "evening": 20,
    "night": 22,
}  # fmt: skip
"""The hour meant where only a part of the day is named."""
_USUAL_HOUR = 9
"""Where only a day is named."""

Days = Callable[[date], Iterator[date]]
"""The days meant, seen from today: the first whose time is still to come counts."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock shows; ``exact``: on a clock of 24 hours."""

    hour: int
    minute: int = 0
    exact: bool = False


@dataclass(slots=True)
class Parts:
    """What was found, and where (spans of the text)."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    delay: timedelta = timedelta()
    months: int = 0
    later: bool = False
    """``delay`` was named."""
    days: Days | None = None
    period: Period | None = None
    clock: Clock | None = None
    repeat_days: tuple[int, ...] = ()
    repeat_month_day: int | None = None
    repeat_month: int | None = None
    repeat_minutes: int | None = None
    except_days: tuple[int, ...] = ()
    same_time: bool = False
    """The time of day is the present one's: this time tomorrow."""
    vague: bool = False
    """It says that it is to be later, and not when: in a while."""
    unclocked: bool = False
    """It names a time of day that no clock tells: after lunch."""
    impossible: bool = False
    """It names a time that isn't (the 30th of February), or a rhythm that can't be kept (every other day)."""

    @property
    def empty(self) -> bool:
        return not (self.later or self.days or self.period or self.clock or self.repeats)

    @property
    def unclear(self) -> bool:
        """Something names a time, and it can't be told which: no such date, after lunch, no day left."""
        untold = self.unclocked and self.clock is None and not self.later
        return self.impossible or untold or (bool(self.repeat_days) and not self.kept_days)

    @property
    def kept_days(self) -> set[int]:
        return set(self.repeat_days) - set(self.except_days)

    @property
    def repeats(self) -> bool:
        return bool(self.repeat_days or self.repeat_month_day or self.repeat_minutes)


# -- days


def in_days(count: int) -> Days:
    """So many days from today."""
    return lambda today: iter([today + timedelta(days=count)])


def this_date(year: int | None, month: int, day: int) -> Days:
    """A date; without a year, this year's or the next's. ValueError where there is none such."""
    date(year or 2024, month, day)

    def found(today: date) -> Iterator[date]:
        for one in (year,) if year else range(today.year, today.year + 9):
            if day <= calendar.monthrange(one, month)[1]:
                yield date(one, month, day)

    return found


def day_of_month(day: int, months_on: int | None = None) -> Days:
    """A day of this month, or the next that has it; ``months_on``: of the month so many further."""
    if not 1 <= day <= 31:
        raise ValueError(day)

    def found(today: date) -> Iterator[date]:
        for on in (months_on,) if months_on is not None else range(13):
            first = months_after(today.replace(day=1), on)
            if day <= calendar.monthrange(first.year, first.month)[1]:
                yield first.replace(day=day)

    return found


def weekday(day: int, weeks_on: int | None = None) -> Days:
    """A day of the week (Monday is 0): the next one, or that of the week so many further."""

    def found(today: date) -> Iterator[date]:
        monday = today - timedelta(days=today.weekday())
        if weeks_on is not None:
            yield monday + timedelta(days=day + 7 * weeks_on)
            return
        first = today + timedelta(days=(day - today.weekday()) % 7)
        yield from (first, first + timedelta(days=7))

    return found


def weeks_after(days: Days, weeks: int) -> Days:
    """The first of ``days`` so many weeks later: a week from Friday."""
    return lambda today: iter([next(iter(days(today))) + timedelta(weeks=weeks)])


def months_after(day: date, months: int) -> date:
    """The same day so many months on, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# -- all together


def resolve(parts: Parts, now: datetime, zone: str, *, waking: bool) -> tuple[datetime, Repeat | None]:
    """The moment (UTC) and its repetition. It may be past where a day was named. ``waking``: hours
    without a part of the day are those of the morning."""
    here = local(now, zone).replace(tzinfo=None)
    if parts.same_time and parts.clock is None and (parts.days or parts.repeats):
        parts.clock = Clock(here.hour, here.minute, exact=True)
    if parts.repeats:
        repeat = _repeat(parts, waking)
        return repeat.next(now, zone, now), repeat
    if parts.later and not (parts.clock or parts.period):
        if parts.months or (parts.delay >= timedelta(days=1) and not parts.delay.seconds):
            day = months_after(here.date(), parts.months) + parts.delay
            return moment(datetime.combine(day, here.time()), zone), None
        return now + parts.delay, None
    days = parts.days or (_soon if not parts.later else None)
    if days is None:
        day = months_after(here.date(), parts.months) + parts.delay
        days = in_days((day - here.date()).days)
    open_day = parts.days is None and not parts.later
    candidates = [
        datetime.combine(day, time()) + timedelta(hours=hour, minutes=minute)
        for day in days(here.date())
        for hour, minute in _hours(parts, waking, near=open_day or day == here.date())
    ]
    found = next((one for one in candidates if one > here), candidates[-1])
    return moment(found, zone), None


def carry(parts: Parts, at: datetime, repeat: Repeat | None) -> None:
    """Fill in from the time ``at`` (as clocks show it there) and its rhythm what words that correct it leave
    out: the day, or the time of day."""
    if parts.later or parts.repeat_minutes:
        return
    if parts.clock is None and parts.period is None:
        parts.clock = Clock(at.hour, at.minute, exact=True)
    elif parts.clock is not None and parts.period is None and at.hour >= 12:
        parts.period = "pm"
    if parts.days is None and not parts.repeats:
        if repeat is not None and repeat.days:
            parts.repeat_days = repeat.days
        elif repeat is not None and repeat.month_day:
            parts.repeat_month_day, parts.repeat_month = repeat.month_day, repeat.month
        else:
            parts.days = this_date(at.year, at.month, at.day)


def _soon(today: date) -> Iterator[date]:
    # Shortly after midnight, "two o'clock at night" belongs to the day before.
    yield from (today - timedelta(days=1), today, today + timedelta(days=1), today + timedelta(days=2))


def _repeat(parts: Parts, waking: bool) -> Repeat:
    if parts.repeat_minutes:
        return Repeat(minutes=parts.repeat_minutes)
    hour, minute = _hours(parts, waking, near=False)[0]
    over, hour = divmod(hour, 24)
    at = time(hour, minute)
    if parts.repeat_month_day is not None:
        return Repeat(month_day=parts.repeat_month_day, month=parts.repeat_month, time=at)
    days = tuple(sorted((day + over) % 7 for day in parts.kept_days))
    return Repeat(days=days or EVERY_DAY, time=at)


def _hours(parts: Parts, waking: bool, *, near: bool) -> list[tuple[int, int]]:
    """The times of day meant, as hours (24 and more: after midnight) and minutes; ``near``: the next
    that comes is meant."""
    clock, period = parts.clock, parts.period
    if clock is None:
        return [(_USUAL.get(period, _USUAL_HOUR) if period else _USUAL_HOUR, 0)]
    hour, minute = clock.hour, clock.minute
    if period is not None:
        return [(_of_period(hour, period), minute)]
    if clock.exact or hour == 0 or hour > 12:
        return [(hour, minute)]
    if waking:
        return [(hour % 12, minute)]
    if near:
        return [(hour % 12, minute), (hour % 12 + 12, minute)]
    # On another day people mean the afternoon's three o'clock and the morning's eight.
    return [(hour if 6 <= hour <= 12 else hour + 12, minute)]


def _of_period(hour: int, period: Period) -> int:
    if hour > 12:
        return hour
    match period:
        case "dawn" | "am":
            return hour % 12
        case "morning" | "forenoon":
            return hour
        case "noon":
            return hour + 12 if hour <= 3 else hour
        case "afternoon" | "dusk" | "pm":
            return hour % 12 + 12
        case "evening" | "night":
            return hour + 24 if hour <= 4 else (24 if hour == 12 else hour + 12)


Found = re.Match[str]
Rule = tuple[re.Pattern[str], Callable[[Found, "Parts"], bool]]
"""A pattern, and what takes a match of it into the parts: False where it says nothing there. Raises
ValueError for a time that cannot be."""


def read_by(rules: Sequence[Rule], text: str) -> Parts:
    """The parts of a time in ``text`` by a language's ``rules``, in their order; ``impossible`` where one
    makes no sense."""
    parts = Parts()
    rest = text
    for pattern, take in rules:
        for found in pattern.finditer(rest):
            try:
                taken = take(found, parts)
            except ValueError:
                parts.impossible = True
                continue
            if taken:
                parts.spans.append(found.span())
                # What was read once is not read again.
                gap = "\0" * (found.end() - found.start())
                rest = rest[: found.start()] + gap + rest[found.end() :]
    return parts
