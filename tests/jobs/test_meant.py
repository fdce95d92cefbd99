"""Which reminder somebody means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kaikou.jobs.clock import local
from kaikou.jobs.meant import meant
from kaikou.jobs.recurrence import Repeat
from kaikou.jobs.reminder import Reminder
from kaikou.jobs.when.reading import bare, read_when

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)


def reminder(name: str, text: str, when: str, minutes_ago: int) -> Reminder:
    made = NOW - timedelta(minutes=minutes_ago)
    at = read_when(when, NOW, ZONE).at
    return Reminder(
        name, "remind", text, "", "", at, ZONE, None, None, None, None, None, "waiting", None, made, made
    )


STOVE, PILLS, CALL, ALARM = THERE = (
    reminder("stove", "关火", "十分钟后", 1),
    reminder("pills", "吃药", "明天早上八点", 9),
    reminder("call", "call Bo", "at nine tonight", 8),
    reminder("alarm", "", "tomorrow at seven", 7),
)


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("取消刚才那个提醒", "stove"),
        ("cancel the last reminder", "stove"),
        ("取消关火的提醒", "stove"),
        ("不用提醒我吃药了", "pills"),
        ("八点的闹钟取消掉", "pills"),
        ("Please delete the reminder about Bo", "call"),
        ("Cancel the nine o'clock reminder", "call"),
        ("forget the alarm for seven", "alarm"),
        ("cancel my 7 am alarm", "alarm"),
        ("取消所有提醒", "stove pills call alarm"),
        ("把提醒都取消", "stove pills call alarm"),
        ("Cancel all my reminders", "stove pills call alarm"),
        ("all", "stove pills call alarm"),
        ("call", "call"),
        ("取消买菜的提醒", ""),
        ("cancel the reminder to buy milk", ""),
        ("turn off the alarm at eleven", ""),
    ],
)
def test_what_is_meant(which: str, names: str) -> None:
    found, sure = meant(which, THERE, NOW)
    assert sure and [one.id for one in found] == names.split()


def test_what_was_set_here_last_is_meant_before_what_was_set_elsewhere() -> None:
    assert meant("取消刚才那个提醒", THERE, NOW, last="call") == ([CALL], True)
    assert meant("cancel that reminder", THERE, NOW, last="call") == ([CALL], True)


def test_several_are_asked_about() -> None:
    assert meant("cancel the reminder", THERE, NOW) == (list(THERE), False)
    assert meant("明天早上那个闹钟帮我关了", THERE, NOW) == ([PILLS, ALARM], False)
    assert meant("cancel the reminder", [PILLS], NOW) == ([PILLS], True)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("nine", "11-26 09:00"),
        ("at three", "11-26 15:00"),
        ("九点", "11-26 09:00"),
        ("the day after tomorrow", "11-27 08:00"),
        ("后天", "11-27 08:00"),
        ("tomorrow evening", "11-26 20:00"),
        ("in ten minutes", "11-25 10:40"),
    ],
)
def test_a_time_put_right_keeps_what_is_not_said(words: str, at: str) -> None:
    before = (read_when("明天早上八点", NOW, ZONE).at, None)
    assert f"{local(read_when(words, NOW, ZONE, before=before).at, ZONE):%m-%d %H:%M}" == at


def test_a_rhythm_put_right() -> None:
    morning = read_when("明天早上八点", NOW, ZONE).at
    made = read_when("every day", NOW, ZONE, before=(morning, None)).repeat
    assert made is not None and made.text == "every day at 08:00"
    moved = read_when(
        "nine", NOW, ZONE, before=(morning, Repeat(days=(0, 1), time=local(morning, ZONE).time()))
    )
    assert moved.repeat is not None and moved.repeat.text == "every Monday and Tuesday at 09:00"
    evening = read_when("at nine tonight", NOW, ZONE).at
    assert local(read_when("half past ten", NOW, ZONE, before=(evening, None)).at, ZONE).hour == 22


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Remind me in a while to drink some water.", "drink some water"),
        ("一会儿提醒我喝水", "喝水"),
        ("wake me up", ""),
        ("关火", "关火"),
        ("call Bo at nine", "call Bo at nine"),
    ],
)
def test_what_a_request_is_about(text: str, about: str) -> None:
    assert bare(text) == about
