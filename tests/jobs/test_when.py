"""Times as people say them, seen from Wednesday, 25 November 2026, 10:30 in Shanghai."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaikou.errors import KaikouError
from kaikou.jobs.clock import local
from kaikou.jobs.when.numbers import chinese, english
from kaikou.jobs.when.reading import read_when

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)

ONCE = {
    # from now
    "十分钟后提醒我关火": ("11-25 10:40", "关火"),
    "10分钟后": ("11-25 10:40", ""),
    "半小时后叫我": ("11-25 11:00", ""),
    "一个半小时后": ("11-25 12:00", ""),
    "一小时半之后": ("11-25 12:00", ""),
    "两个小时三十分钟后": ("11-25 13:00", ""),
    "1.5小时后": ("11-25 12:00", ""),
    "过20分钟提醒我收衣服": ("11-25 10:50", "收衣服"),
    "再过一刻钟": ("11-25 10:45", ""),
    "十分钟": ("11-25 10:40", ""),
    "三天后": ("11-28 10:30", ""),
    "三天后早上八点": ("11-28 08:00", ""),
    "两个月后": ("01-25 10:30", ""),
    "in ten minutes": ("11-25 10:40", ""),
    "In 10 minutes remind me to turn off the stove": ("11-25 10:40", "turn off the stove"),
    "in an hour and a half": ("11-25 12:00", ""),
    "in half an hour": ("11-25 11:00", ""),
    "two hours and 15 minutes from now": ("11-25 12:45", ""),
    "twenty-five minutes": ("11-25 10:55", ""),
    "set a timer for 5 minutes": ("11-25 10:35", ""),
    "in a couple of hours": ("11-25 12:30", ""),
    "in 2 days at noon": ("11-27 12:00", ""),
    "in 3 weeks": ("12-16 10:30", ""),
    # a day, a part of it, a clock
    "明天早上七点叫我起床": ("11-26 07:00", "起床"),
    "明早七点半": ("11-26 07:30", ""),
    "明天下午兩點半": ("11-26 14:30", ""),
    "明天五点叫我起床": ("11-26 05:00", "起床"),
    "明天三点开会": ("11-26 15:00", "开会"),
    "明天八点提醒我交作业": ("11-26 08:00", "交作业"),
    "明天": ("11-26 09:00", ""),
    "明天上午": ("11-26 10:00", ""),
    "后天下午三点一刻": ("11-27 15:15", ""),
    "大后天中午": ("11-28 12:00", ""),
    "今晚八点": ("11-25 20:00", ""),
    "今晚两点": ("11-26 02:00", ""),
    "凌晨两点": ("11-26 02:00", ""),
    "晚上十二点": ("11-26 00:00", ""),
    "午夜": ("11-26 00:00", ""),
    "中午一点": ("11-25 13:00", ""),
    "八点": ("11-25 20:00", ""),
    "八点一起吃饭提醒我": ("11-25 20:00", "一起吃饭"),
    "十一点": ("11-25 11:00", ""),
    "七点零五分": ("11-25 19:05", ""),
    "七点二十": ("11-25 19:20", ""),
    "差五分九点": ("11-25 20:55", ""),
    "九点差一刻": ("11-25 20:45", ""),
    "20:30": ("11-25 20:30", ""),
    "早上8:05": ("11-26 08:05", ""),
    "20点整": ("11-25 20:00", ""),
    "tomorrow at 7": ("11-26 07:00", ""),
    "tomorrow at 3": ("11-26 15:00", ""),
    "wake me up tomorrow at 5": ("11-26 05:00", ""),
    "tomorrow morning at seven thirty": ("11-26 07:30", ""),
    "at half past eight": ("11-25 20:30", ""),
    "quarter to nine tonight": ("11-25 20:45", ""),
    "ten past eleven": ("11-25 11:10", ""),
    "tonight": ("11-25 20:00", ""),
    "this afternoon": ("11-25 15:00", ""),
    "8pm": ("11-25 20:00", ""),
    "8:15 p.m.": ("11-25 20:15", ""),
    "12 am": ("11-26 00:00", ""),
    "eight o'clock": ("11-25 20:00", ""),
    "at midnight": ("11-26 00:00", ""),
    "the day after tomorrow at 6:45": ("11-27 06:45", ""),
    "remind me to take 2 pills at 9": ("11-25 21:00", "take 2 pills"),
    "set an alarm for 6:30": ("11-26 06:30", ""),
    # days of the week, dates
    "下周三下午三点": ("12-02 15:00", ""),
    "周五晚上七点": ("11-27 19:00", ""),
    "周三九点": ("11-25 21:00", ""),
    "星期天上午十点提醒我给妈妈打电话": ("11-29 10:00", "给妈妈打电话"),
    "下下个星期一": ("12-07 09:00", ""),
    "这周六": ("11-28 09:00", ""),
    "下周": ("12-02 09:00", ""),
    "5月3日上午9点": ("05-03 09:00", ""),
    "十二月二十五号": ("12-25 09:00", ""),
    "2027年1月1日零点": ("01-01 00:00", ""),
    "下个月3号": ("12-03 09:00", ""),
    "3号": ("12-03 09:00", ""),
    "31号": ("12-31 09:00", ""),
    "next monday at 9am": ("11-30 09:00", ""),
    "on friday at 5 pm": ("11-27 17:00", ""),
    "this sunday": ("11-29 09:00", ""),
    "on May 3rd at 10": ("05-03 10:00", ""),
    "3 May 2027 14:00": ("05-03 14:00", ""),
    "december twenty-fifth at noon": ("12-25 12:00", ""),
    "on the 1st": ("12-01 09:00", ""),
    "next week": ("12-02 09:00", ""),
    # ISO
    "2026-12-01T08:00": ("12-01 08:00", ""),
    "2026-12-01 08:00:00": ("12-01 08:00", ""),
    "2026-12-01T08:00:00+01:00": ("12-01 15:00", ""),
    "2026-12-01T00:30Z": ("12-01 08:30", ""),
    "2026/12/1": ("12-01 09:00", ""),
    "2026-12-01 at 8 pm": ("12-01 20:00", ""),
    "2026-12-01下午三点": ("12-01 15:00", ""),
    # timers, alarms, and asking for them
    "set a 10 minute timer": ("11-25 10:40", ""),
    "Start a timer for five minutes.": ("11-25 10:35", ""),
    "定个十分钟的闹钟": ("11-25 10:40", ""),
    "倒计时五分钟": ("11-25 10:35", ""),
    "帮我设一个明天早上七点的闹钟": ("11-26 07:00", ""),
    "Set an alarm for six thirty tomorrow morning.": ("11-26 06:30", ""),
    "Don't let me forget to call Bo at three this afternoon.": ("11-25 15:00", "call Bo"),
    "请在晚上八点提醒我给妈妈打电话": ("11-25 20:00", "给妈妈打电话"),
    "别让我忘了下午五点接孩子": ("11-25 17:00", "接孩子"),
    "in two and a half hours": ("11-25 13:00", ""),
    "three quarters of an hour from now": ("11-25 11:15", ""),
    "tomorrow at half six": ("11-26 06:30", ""),
    "at 19 30": ("11-25 19:30", ""),
    "next month on the 5th": ("12-05 09:00", ""),
    "明天一早": ("11-26 08:00", ""),
    # as they are said
    "明天这个时候": ("11-26 10:30", ""),
    "下周这会儿提醒我交房租": ("12-02 10:30", "交房租"),
    "三天后同一时间": ("11-28 10:30", ""),
    "两分半钟后": ("11-25 10:32", ""),
    "三刻钟后": ("11-25 11:15", ""),
    "半个钟头之后": ("11-25 11:00", ""),
    "下午两点半左右": ("11-25 14:30", ""),
    "周五晚提醒我打包": ("11-27 20:00", "打包"),
    "晚八点": ("11-25 20:00", ""),
    "这周末": ("11-28 09:00", ""),
    "这周五": ("11-27 09:00", ""),
    "下周五": ("12-04 09:00", ""),
    "十分钟后提醒我吃晚饭": ("11-25 10:40", "吃晚饭"),
    "今天晚上提醒我早点睡": ("11-25 20:00", "早点睡"),
    "下午三点提醒我吃完饭再吃药": ("11-25 15:00", "吃完饭再吃药"),
    "一会儿十点四十提醒我开会": ("11-25 10:40", "开会"),
    "五分钟后再提醒我一次": ("11-25 10:35", ""),
    "this time tomorrow": ("11-26 10:30", ""),
    "remind me tomorrow at the same time to water the plants": ("11-26 10:30", "water the plants"),
    "this time next week": ("12-02 10:30", ""),
    "a week from today": ("12-02 09:00", ""),
    "two weeks from friday": ("12-11 09:00", ""),
    "tuesday week": ("12-08 09:00", ""),
    "this friday": ("11-27 09:00", ""),
    "half past six tonight": ("11-25 18:30", ""),
    "the day after tomorrow at noon": ("11-27 12:00", ""),
    "on the weekend at ten": ("11-28 10:00", ""),
    "at lunchtime": ("11-25 12:00", ""),
    "at seven sharp": ("11-25 19:00", ""),
    "in an hour or so": ("11-25 11:30", ""),
    "eight in the evening": ("11-25 20:00", ""),
    "remind me seven thirty tomorrow morning to call Bo": ("11-26 07:30", "call Bo"),
    "in ten minutes remind me to say good night": ("11-25 10:40", "say good night"),
    "remind me tomorrow to buy the morning paper": ("11-26 09:00", "buy the morning paper"),
    "remind me at six to buy milk after work": ("11-25 18:00", "buy milk after work"),
}

AGAIN = {
    "每天早上八点": ("every day at 08:00", ""),
    "天天七点半": ("every day at 07:30", ""),
    "每个工作日早上八点提醒我吃药": ("every weekday at 08:00", "吃药"),
    "周一到周五八点": ("every weekday at 08:00", ""),
    "每周一到周六早上6点": (
        "every Monday, Tuesday, Wednesday, Thursday, Friday and Saturday at 06:00",
        "",
    ),
    "每周一三五晚上七点": ("every Monday, Wednesday and Friday at 19:00", ""),
    "每周一、周三和周五晚上七点": ("every Monday, Wednesday and Friday at 19:00", ""),
    "每个星期天九点": ("every Sunday at 09:00", ""),
    "每周末九点": ("every weekend at 09:00", ""),
    "每天晚上十二点": ("every day at 00:00", ""),
    "每周五晚上十二点": ("every Saturday at 00:00", ""),
    "每晚十点": ("every day at 22:00", ""),
    "每月5号上午十点交房租": ("every month on day 5 at 10:00", "交房租"),
    "每年5月3日": ("every year on May 3 at 09:00", ""),
    "每小时提醒我喝水": ("every hour", "喝水"),
    "每隔半小时": ("every 30 minutes", ""),
    "每两个小时": ("every 2 hours", ""),
    "remind me every weekday at 8 to take my pills": ("every weekday at 08:00", "take my pills"),
    "every day at 7:30 am": ("every day at 07:30", ""),
    "daily at noon": ("every day at 12:00", ""),
    "every monday and thursday at 6 pm": ("every Monday and Thursday at 18:00", ""),
    "every monday, wednesday and friday at six in the evening": (
        "every Monday, Wednesday and Friday at 18:00",
        "",
    ),
    "on sundays at 10": ("every Sunday at 10:00", ""),
    "monday to friday at 8": ("every weekday at 08:00", ""),
    "every weekend": ("every weekend at 09:00", ""),
    "every morning": ("every day at 08:00", ""),
    "every 90 minutes": ("every 90 minutes", ""),
    "every half hour": ("every 30 minutes", ""),
    "hourly": ("every hour", ""),
    "monthly on the 5th at 10am": ("every month on day 5 at 10:00", ""),
    "every year on May 3": ("every year on May 3 at 09:00", ""),
    "every other hour": ("every 2 hours", ""),
    "Mondays at eight": ("every Monday at 08:00", ""),
    "每天这个时候提醒我吃药": ("every day at 10:30", "吃药"),
    "每个工作日早上七点": ("every weekday at 07:00", ""),
    "除了周末每天七点": ("every weekday at 07:00", ""),
    "every weekday at 7": ("every weekday at 07:00", ""),
    "every day except the weekend at 7": ("every weekday at 07:00", ""),
}


@pytest.mark.parametrize("text", ONCE)
def test_a_time_once(text: str) -> None:
    found = read_when(text, NOW, ZONE)
    at = local(found.at, ZONE)
    assert (f"{at:%m-%d %H:%M}", found.rest, found.repeat) == (*ONCE[text], None)


@pytest.mark.parametrize("text", AGAIN)
def test_a_time_that_comes_again(text: str) -> None:
    found = read_when(text, NOW, ZONE)
    assert found.repeat is not None and (found.repeat.text, found.rest) == AGAIN[text]
    assert found.at > NOW


@pytest.mark.parametrize(
    "text",
    [
        *("", "吃饭", "take a walk", "昨天", "25点", "2月30号", "2026-13-01", "0分钟后", "饭后"),
        *("隔天早上八点", "每两天早上八点", "每天早晚八点", "吃完晚饭以后提醒我", "明天提醒我下班后买菜"),
        *("every other day at eight", "every second tuesday at 9", "an hour before midnight", "after dinner"),
        *("remind me tomorrow after lunch to call Bo", "every monday except monday at 8"),
    ],
)
def test_no_time(text: str) -> None:
    with pytest.raises(KaikouError) as refused:
        read_when(text, NOW, ZONE)
    assert refused.value.code == "time_not_understood" and refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        *(
            "一会儿",
            "过一会儿提醒我喝水",
            "待会儿",
            "等会儿叫我",
            "过会儿",
            "等一下提醒我",
            "过几分钟",
            "稍后",
            "晚点提醒我",
        ),
        *(
            "晚一点提醒我关灯",
            "in a while",
            "remind me in a bit to call Bo",
            "later",
            "a little later",
            "soon",
        ),
        *("in a moment", "in a few minutes", "remind me at some point"),
    ],
)
def test_later_without_a_time_is_asked_for(text: str) -> None:
    with pytest.raises(KaikouError) as refused:
        read_when(text, NOW, ZONE)
    assert refused.value.code == "time_vague"


@pytest.mark.parametrize("text", ["上周三", "今天早上八点", "2026-11-25T10:30", "2020-01-01", "today at 9am"])
def test_a_time_that_is_past(text: str) -> None:
    with pytest.raises(KaikouError) as refused:
        read_when(text, NOW, ZONE)
    assert refused.value.code == "time_is_past"


def test_seconds_are_counted_from_now() -> None:
    assert read_when("30秒后", NOW, ZONE).at - NOW == timedelta(seconds=30)
    assert read_when("in 90 seconds", NOW, ZONE).at - NOW == timedelta(seconds=90)


def test_what_it_is_for_tells_morning_from_evening() -> None:
    assert local(read_when("明天五点", NOW, ZONE, about="起床").at, ZONE).hour == 5
    assert local(read_when("明天五点", NOW, ZONE, about="开会").at, ZONE).hour == 17


def test_a_february_date_waits_for_a_leap_year() -> None:
    at = local(read_when("2月29日", NOW, ZONE).at, ZONE)
    assert (at.year, at.month, at.day) == (2028, 2, 29)


@pytest.mark.parametrize(
    "text,number", [("十", 10), ("二十五", 25), ("两", 2), ("一百零五", 105), ("二零二六", 2026), ("15", 15)]
)
def test_chinese_numbers(text: str, number: int) -> None:
    assert chinese(text) == number


def test_english_numbers() -> None:
    assert [english(text) for text in ("seventeen", "ninety-nine", "twenty five", "30")] == [17, 99, 25, 30]


WORDS = st.sampled_from(
    "十 二十 半 个 小时 分钟 后 明天 每 周 三 点 刻 差 早上 5月 31号 下 at half past in every monday "
    "8:30 99:99 一会儿 除了 这个时候 饭后 except soon before this time later 隔 "
    "tomorrow the 30th of february noon 2026-02-30 0 a and\u0130".split()
)


@given(st.lists(WORDS, max_size=8).map(" ".join) | st.lists(WORDS, max_size=8).map("".join))
def test_any_words_give_a_time_to_come_or_a_refusal(text: str) -> None:
    try:
        assert read_when(text, NOW, ZONE).at > NOW
    except KaikouError as refused:
        assert refused.code in {"time_not_understood", "time_vague", "time_is_past"}
