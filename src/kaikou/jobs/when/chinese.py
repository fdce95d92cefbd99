"""Times in Chinese: 十分钟后, 明天早上七点半, 每个工作日八点, 下周三下午三点一刻, 5月3日 …"""

from __future__ import annotations

import re
from datetime import timedelta

from kaikou.jobs.recurrence import EVERY_DAY, WEEKDAYS, WEEKEND
from kaikou.jobs.when.numbers import CHINESE as N
from kaikou.jobs.when.numbers import chinese as number
from kaikou.jobs.when.parts import (
    Clock,
    Found,
    Parts,
    Period,
    Rule,
    day_of_month,
    in_days,
    read_by,
    this_date,
    weekday,
)

SIMPLER = str.maketrans("點鐘週號後兩禮時過這個間裡裏隔從", "点钟周号后两礼时过这个间里里隔从")
"""Traditional characters of times, one for one, so that places in the text stay what they are."""

_WEEK = "(?:周|星期|礼拜)"
_NAMES = "一二三四五六日天"
_DAY = f"[{_NAMES}1-7]"
_HOUR = "小时|钟头"
_PIECE = (
    rf"(?:(?P<half>半个?(?:{_HOUR})|半天|半分钟)"
    rf"|(?P<n>\d+\.\d+|{N})个?(?P<more>半)?个?(?P<unit>秒钟?|分钟|分|刻钟|{_HOUR}|天|日|星期|礼拜|周|月)(?P<half_after>半钟?)?)"
)
_LENGTH = re.sub(r"\?P<\w+>", "?:", rf"{_PIECE}(?:[零又加]?{_PIECE})*")
"""A stretch of time: 十分钟, 一个半小时, 一小时零五分钟."""
_SECONDS = {"秒": 1, "分": 60, "刻": 900, "小": 3600, "钟": 3600, "天": 86_400, "日": 86_400,
            "星": 604_800, "礼": 604_800, "周": 604_800}  # fmt: skip
_HALVES = {"半个": 1800, "半小": 1800, "半钟": 1800, "半天": 43_200, "半分": 30}

_DAYS = {"大后天": 3, "后天": 2, "明天": 1, "明日": 1, "明儿": 1, "今天": 0, "今日": 0, "今儿": 0}
_SHORT: dict[str, tuple[int, Period]] = {
    "今早": (0, "morning"), "今晨": (0, "morning"), "今晚": (0, "evening"), "今夜": (0, "night"),
    "明早": (1, "morning"), "明晨": (1, "morning"), "明晚": (1, "evening"), "后晚": (2, "evening"),
}  # fmt: skip
_PERIODS: dict[str, Period] = {
    "凌晨": "dawn", "清晨": "morning", "清早": "morning", "早上": "morning", "早晨": "morning",
    "一大早": "morning", "大早": "morning", "一早": "morning", "上午": "forenoon", "中午": "noon",
    "正午": "noon", "下午": "afternoon", "午后": "afternoon", "傍晚": "dusk", "晚上": "evening",
    "晚间": "evening", "夜里": "night", "夜晚": "night", "夜间": "night", "深夜": "night",
    "半夜": "night", "午夜": "night", "早": "morning", "晚": "evening", "夜": "night",
}  # fmt: skip
_PERIOD = "|".join(sorted(_PERIODS, key=len, reverse=True))
_NAMED_PERIOD = "|".join(sorted((one for one in _PERIODS if len(one) > 1), key=len, reverse=True))
_WEEKS = {"": None, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_MINUTES = rf"(?:{N}分(?!钟)|[零〇]{N}|[一二三四五]?十[一二三四五六七八九]?|\d{{2}})"


def read(text: str) -> Parts:
    """The parts of a time in ``text`` (simplified characters); ``impossible`` where one makes no sense."""
    return read_by(_RULES, text)


def _day(name: str) -> int:
    return int(name) - 1 if name.isdecimal() else min(_NAMES.index(name), 6)


def _every_minutes(found: Found, parts: Parts) -> bool:
    unit = 1 if found["unit"] == "分钟" else 60
    parts.repeat_minutes = unit // 2 if found["half"] else unit * number(found["n"] or "1")
    return parts.repeat_minutes > 0


def _every_year(found: Found, parts: Parts) -> bool:
    month, day = number(found["month"]), number(found["day"])
    this_date(None, month, day)
    parts.repeat_month, parts.repeat_month_day = month, day
    return True


def _every_month(found: Found, parts: Parts) -> bool:
    day = number(found["day"])
    parts.repeat_month_day = day if 1 <= day <= 31 else None
    return parts.repeat_month_day is not None


def _every_span(found: Found, parts: Parts) -> bool:
    parts.repeat_days = tuple(range(_day(found["first"]), _day(found["last"]) + 1))
    return bool(parts.repeat_days)


def _every_day(found: Found, parts: Parts) -> bool:
    word = found.group()
    parts.repeat_days = WEEKDAYS if "工作日" in word else (WEEKEND if "末" in word else EVERY_DAY)
    return True


def _every_weekday(found: Found, parts: Parts) -> bool:
    parts.repeat_days = tuple(sorted({_day(name) for name in re.findall(_DAY, found["days"])}))
    return True


def _no_rhythm(found: Found, parts: Parts) -> bool:
    if found["n"] and number(found["n"]) == 1:
        return False
    raise ValueError("a rhythm of days that can't be kept")


def _but(found: Found, parts: Parts) -> bool:
    named = {_day(name) for name in re.findall(_DAY, found["days"])}
    parts.except_days = WEEKEND if "末" in found["days"] else tuple(named)
    return True


def _every_period(found: Found, parts: Parts) -> bool:
    parts.repeat_days, parts.period = EVERY_DAY, _PERIODS[found["period"]]
    return True


def _delay(found: Found, parts: Parts) -> bool:
    for one in re.finditer(_PIECE, found["length"]):
        if one["half"]:
            parts.delay += timedelta(seconds=_HALVES[one["half"][:2]])
        elif one["unit"] == "月":
            parts.months += number(one["n"])
        else:
            count = float(one["n"]) if "." in one["n"] else number(one["n"])
            half = 0.5 if one["more"] or one["half_after"] else 0.0
            parts.delay += timedelta(seconds=(count + half) * _SECONDS[one["unit"][0]])
    parts.later = True
    return True


def _relative_day(found: Found, parts: Parts) -> bool:
    parts.days = in_days(_DAYS[found.group()])
    return True


def _short(found: Found, parts: Parts) -> bool:
    days, parts.period = _SHORT[found.group()]
    parts.days = in_days(days)
    return True


def _of_week(found: Found, parts: Parts) -> bool:
    day = 5 if found["day"] == "末" else _day(found["day"])
    parts.days = weekday(day, _WEEKS[(found["which"] or "").rstrip("个")])
    return True


def _this_time(found: Found, parts: Parts) -> bool:
    parts.same_time = bool(parts.days or parts.repeats or parts.later)
    return parts.same_time


def _unclocked(found: Found, parts: Parts) -> bool:
    parts.unclocked = True
    return False


def _vague(found: Found, parts: Parts) -> bool:
    parts.vague = True
    return True


def _about(found: Found, parts: Parts) -> bool:
    return True


def _next_week(found: Found, parts: Parts) -> bool:
    parts.days = in_days(7)
    return True


def _date(found: Found, parts: Parts) -> bool:
    year = number(found["year"]) if found["year"] else None
    parts.days = this_date(year, number(found["month"]), number(found["day"]))
    return True


def _of_month(found: Found, parts: Parts) -> bool:
    on = {"": None, "下": 1, "这": 0, "本": 0}[(found["which"] or "")[:1]]
    parts.days = day_of_month(number(found["day"]), on)
    return True


def _digits(found: Found, parts: Parts) -> bool:
    hour, minute = int(found["hour"]), int(found["minute"])
    return _clock(parts, hour, minute, exact=found["hour"].startswith("0"))


def _hour(found: Found, parts: Parts) -> bool:
    minute = 0
    if found["half"]:
        minute = 30
    elif found["quarter"]:
        minute = 15 * number(found["quarter"])
    elif found["minute"]:
        minute = number(found["minute"].removesuffix("分").lstrip("零〇") or "零")
    return _clock(parts, number(found["hour"]), minute)


def _short_of(found: Found, parts: Parts) -> bool:
    less = found["less"]
    short = 15 * number(less[:-1]) if less.endswith("刻") else number(less.removesuffix("分"))
    hour, minute = divmod(number(found["hour"]) * 60 - short, 60)
    return _clock(parts, hour, minute)


def _clock(parts: Parts, hour: int, minute: int, *, exact: bool = False) -> bool:
    if not (0 <= hour <= 24 and 0 <= minute < 60) or parts.clock is not None:
        return False
    parts.clock = Clock(hour, minute, exact)
    return True


def _period(found: Found, parts: Parts) -> bool:
    if parts.period is not None or (parts.later and parts.delay < timedelta(days=1) and not parts.months):
        return False
    parts.period = _PERIODS[found.group()]
    if found.group() == "午夜" and parts.clock is None:
        parts.clock = Clock(12)
    return True


_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern), take)
    for pattern, take in (
        (rf"每(?:隔|过)?(?:(?P<half>半)|(?P<n>{N}))?个?(?P<unit>分钟|{_HOUR})", _every_minutes),
        (rf"每年的?(?P<month>{N})月(?P<day>{N})[日号]?", _every_year),
        (rf"每个?月的?(?P<day>{N})[日号]", _every_month),
        (rf"每隔?(?P<n>{N})个?(?:天|日|{_WEEK}|月)(?!{_DAY})|(?P<never>隔[天日周]|每天早晚)", _no_rhythm),
        (
            rf"除了?(?:每个?)?{_WEEK}(?P<days>末|{_DAY}(?:[、,和跟与]?{_WEEK}?{_DAY})*|末)(?:[之以]?外)?的?",
            _but,
        ),
        (rf"每?个?{_WEEK}(?P<first>{_DAY})[到至\-~]{_WEEK}?(?P<last>{_DAY})每?天?", _every_span),
        (r"每?个?逢?工作日(?:每天)?|每个?逢?周末|每一?[天日]|天天", _every_day),
        (rf"每个?逢?{_WEEK}(?P<days>{_DAY}(?:[、,和跟与]?(?:每?个?{_WEEK})?{_DAY})*)", _every_weekday),
        (rf"每个?(?P<period>{_PERIOD})", _every_period),
        ("|".join(_SHORT), _short),
        ("|".join(_DAYS), _relative_day),
        (rf"(?P<which>下下个?|下个?|上个?|这个?|本)?{_WEEK}(?P<day>{_DAY}|末)", _of_week),
        (rf"下个?{_WEEK}", _next_week),
        (
            rf"(?:(?P<year>\d{{4}}|[零〇一二三四五六七八九]{{4}})年)?(?P<month>{N})月(?P<day>{N})[日号]?",
            _date,
        ),
        (rf"(?P<which>下个?月|这个?月|本月)?的?(?P<day>{N})[日号]", _of_month),
        (r"(?<!\d)(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?::\d{2})?(?!\d)", _digits),
        (rf"差(?P<less>{N}分|[一两三]刻)(?P<hour>{N})点", _short_of),
        (rf"(?P<hour>{N})点钟?差(?P<less>{N}分|[一两三]刻)", _short_of),
        (r"[晚迟早]一?点儿?再?(?=$|\s|提醒|叫|给|告诉|喊)", _vague),
        (
            rf"(?P<hour>{N})(?:点|时(?!间))(?:钟|整)?"
            rf"(?:(?P<half>半)|(?P<quarter>[一两三])刻|过?(?P<minute>{_MINUTES}))?",
            _hour,
        ),
        (rf"再?[等过](?P<length>{_LENGTH})(?:之后|以后|后)?", _delay),
        (rf"(?P<length>{_LENGTH})(?:之后|以后|过后|后)", _delay),
        (rf"(?:倒计时|计时|定时)(?P<length>{_LENGTH})", _delay),
        (rf"(?P<length>{_LENGTH})的?(?=闹钟|闹铃|倒计时|计时|定时|提醒)", _delay),
        (rf"^\s*(?P<length>{_LENGTH})\s*$", _delay),
        (rf"{_NAMED_PERIOD}|[早晚夜](?=\0|$|\s|{N}|提醒|叫|喊|给我|的)", _period),
        (r"这个?(?:时候|时间|点儿?)|这会儿|此时|同一时间|同样的?时间|同一个?时候", _this_time),
        (
            r"饭[后前]|[饭餐]以?[后前]|吃完.{0,3}[饭餐]|睡[觉前]前?|[下放上](?:班|学|课)(?:的时候|以?后|前)?",
            _unclocked,
        ),
        (
            r"(?:再?过|再?等)?(?:一会儿?|(?<=[过等])会儿?|一下儿?(?=$|再|后|提醒|叫|告诉)|一阵子?)(?:之后|以后|后|再)?|(?:待|呆|回头|等)(?:一?会儿?|下)再?"
            r"|稍后|[晚迟]一?点儿?再?|不久|(?:再?过)?几(?:个?(?:小时|钟头)|分钟|秒钟?)(?:之后|以后|后)?|有空的?时候?",
            _vague,
        ),
        (r"(?<=\0)(?:左右|前后|准时|的?时候|那会儿|这样|到了)|(?:大概|大约|差不多)(?=在?\0)", _about),
    )
)
