"""When something comes next: over months' ends, leap years and changes of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.errors import KaikouError
from kaikou.jobs.clock import local, moment
from kaikou.jobs.recurrence import EVERY_DAY, WEEKDAYS, Repeat, repeat_of

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def following(repeat: Repeat, start: datetime, zone: str, count: int) -> list[str]:
    found, at = [], start
    for _ in range(count):
        at = repeat.next(at, zone, at)
        found.append(f"{local(at, zone):%m-%d %H:%M %z}")
    return found


def test_every_day_keeps_its_hour_when_the_clocks_change() -> None:
    daily = Repeat(days=EVERY_DAY, time=time(8))
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert following(daily, spring, BERLIN, 2) == ["03-29 08:00 +0200", "03-30 08:00 +0200"]
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert following(daily, autumn, BERLIN, 2) == ["10-25 08:00 +0100", "10-26 08:00 +0100"]
    before, after = (moment(datetime(2026, 10, day, 8), BERLIN) for day in (24, 25))
    assert after - before == timedelta(hours=25)


def test_an_hour_that_is_left_out_comes_later_and_one_shown_twice_counts_once() -> None:
    night = Repeat(days=EVERY_DAY, time=time(2, 30))
    assert following(night, datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN, 2) == [
        "03-29 03:30 +0200",
        "03-30 02:30 +0200",
    ]
    assert following(night, datetime(2026, 10, 24, 12, tzinfo=UTC), BERLIN, 2) == [
        "10-25 02:30 +0200",
        "10-26 02:30 +0100",
    ]


def test_days_of_the_week_and_of_the_month() -> None:
    friday = datetime(2026, 11, 27, 4, tzinfo=UTC)
    weekdays = Repeat(days=WEEKDAYS, time=time(8))
    assert [one[:5] for one in following(weekdays, friday, SHANGHAI, 2)] == ["11-30", "12-01"]
    last = Repeat(month_day=31, time=time(9))
    assert [one[:5] for one in following(last, friday, SHANGHAI, 5)] == [
        "11-30", "12-31", "01-31", "02-28", "03-31",
    ]  # fmt: skip
    birthday = Repeat(month=2, month_day=29, time=time(9))
    assert [one[:5] for one in following(birthday, friday, SHANGHAI, 2)] == ["02-28", "02-29"]


def test_a_rhythm_goes_on_from_where_it_was() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rhythm = Repeat(minutes=60)
    assert rhythm.next(start + timedelta(hours=5, minutes=7), SHANGHAI, start) == start + timedelta(hours=6)
    assert rhythm.next(start, SHANGHAI, start) == start + timedelta(hours=1)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.sets(st.integers(0, 6), min_size=1),
    st.times(),
    st.sampled_from([BERLIN, SHANGHAI, "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_next_time_is_later_and_none_lies_between(
    after: datetime, days: set[int], at: time, zone: str
) -> None:
    repeat = Repeat(days=tuple(sorted(days)), time=at.replace(second=0, microsecond=0))
    start = after.replace(tzinfo=UTC)
    found = repeat.next(start, zone, start)
    assert start < found <= start + timedelta(days=8)
    assert local(found, zone).weekday() in days or at.hour < 4  # a left out hour may pass midnight
    between = start + (found - start) / 2
    assert repeat.next(between, zone, between) == found


@pytest.mark.parametrize(
    "values",
    [
        {"days": [0, 4], "time": "08:00"},
        {"month_day": 5, "time": "23:59"},
        {"month": 2, "month_day": 29, "time": "00:00"},
        {"every_minutes": 90},
    ],
)
def test_json_and_back(values: dict[str, Any]) -> None:
    assert repeat_of(values).values() == values


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"days": []},
        {"days": [7], "time": "08:00"},
        {"days": [1], "time": "25:00"},
        {"days": "no", "time": "08:00"},
        {"month_day": 32, "time": "08:00"},
        {"month_day": 30, "month": 2, "time": "08:00"},
        {"every_minutes": 0},
        {"every_minutes": None},
    ],
)
def test_nonsense_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(KaikouError) as refused:
        repeat_of(values)
    assert refused.value.code == "invalid_repeat"


@pytest.mark.parametrize(
    ("repeat", "said"),
    [
        (Repeat(days=EVERY_DAY, time=time(8)), "每天8点"),
        (Repeat(days=(0, 2), time=time(20, 30)), "每周一、周三20点30分"),
        (Repeat(days=(0, 1, 2, 3, 4), time=time(7)), "每个工作日7点"),
        (Repeat(month_day=5, time=time(9)), "每月5号9点"),
        (Repeat(month_day=3, month=5, time=time(9)), "每年5月3号9点"),
        (Repeat(minutes=90), "每90分钟"),
        (Repeat(minutes=60), "每小时"),
    ],
)
def test_how_it_repeats_is_told_in_chinese(repeat: Repeat, said: str) -> None:
    assert repeat.in_chinese == said
