"""``core.utils.current_time``: now, in words."""

from __future__ import annotations

from datetime import datetime

WEEKDAY_MAP = {
    "Monday": "星期一",
    "Tuesday": "星期二",
    "Wednesday": "星期三",
    "Thursday": "星期四",
    "Friday": "星期五",
    "Saturday": "星期六",
    "Sunday": "星期日",
}


def get_current_time() -> str:
    return f"{datetime.now():%H:%M}"


def get_current_date() -> str:
    return f"{datetime.now():%Y-%m-%d}"


def get_current_weekday() -> str:
    return list(WEEKDAY_MAP.values())[datetime.now().weekday()]


def get_current_lunar_date() -> str:
    """Such as ``二〇二六年十月十三``."""
    from lunar_python import Lunar

    lunar = Lunar.fromDate(datetime.now())
    return f"{lunar.getYearInChinese()}年{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}"


def get_current_time_info() -> tuple[str, str, str, str]:
    """Time, date, weekday, lunar date."""
    return get_current_time(), get_current_date(), get_current_weekday(), get_current_lunar_date()
