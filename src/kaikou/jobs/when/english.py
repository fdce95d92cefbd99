"""Times in English: in ten minutes, tomorrow at half past seven, every weekday at 8, on May 3rd …"""

from __future__ import annotations

import re
from datetime import timedelta

from kaikou.jobs.recurrence import EVERY_DAY, WEEKDAYS, WEEKEND
from kaikou.jobs.when.numbers import ENGLISH, ORDINAL, WORDS, ordinal
from kaikou.jobs.when.numbers import english as number
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
    weeks_after,
)

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?|sat(?:urday)?"
    r"|sun(?:day)?)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_UNITS = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "hr": 3600,
    "day": 86_400,
    "week": 604_800,
}
_PIECE = (
    r"(?:(?P<half>half an? hour|half a minute|half a day|(?:three quarters|(?:a )?quarter) of an hour)"
    rf"|(?P<n>\d+\.\d+|{ENGLISH}|an?|a couple(?: of)?)(?P<more_before> and a half)?[ -]?"
    r"(?P<unit>seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?)"
    r"(?P<more> and a half)?)"
)
_LENGTH = re.sub(r"\?P<\w+>", "?:", rf"{_PIECE}(?:,? (?:and )?{_PIECE})*")
_HALVES = {"half an": 1800, "half a ": 1800}
_PERIODS: dict[str, Period] = {
    "morning": "morning", "noon": "noon", "afternoon": "afternoon", "evening": "evening", "night": "night",
}  # fmt: skip
_AMPM = r"(?P<ampm>[ap]\.? ?m\b\.?)"
_HOUR = rf"(?:\d{{1,2}}|{WORDS})"


def read(text: str) -> Parts:
    """The parts of a time in ``text`` (lower case); ``impossible`` where one makes no sense."""
    return read_by(_RULES, text)


def _day(name: str) -> int:
    return next(n for n, one in enumerate(_WEEKDAYS) if one.startswith(name[:3]))


def _month(name: str) -> int:
    return _MONTHS.index(name[:3]) + 1


def _day_number(text: str) -> int:
    return number(text) if text.isdecimal() else ordinal(text)


def _every_minutes(found: Found, parts: Parts) -> bool:
    unit = 1 if (found["unit"] or "hour").startswith("min") else 60
    count = 2 if found["n"] == "other" else number(found["n"] or "1")
    parts.repeat_minutes = 30 if found["half"] else unit * count
    return parts.repeat_minutes > 0


def _every_day(found: Found, parts: Parts) -> bool:
    word = found.group()
    parts.repeat_days = (
        WEEKEND if "weekend" in word else (WEEKDAYS if re.search("week ?day|work", word) else EVERY_DAY)
    )
    return True


def _every_period(found: Found, parts: Parts) -> bool:
    parts.repeat_days = EVERY_DAY
    parts.period = _PERIODS[found["period"]]
    return True


def _every_weekday(found: Found, parts: Parts) -> bool:
    parts.repeat_days = tuple(sorted({_day(name) for name in re.findall(_WEEKDAY, found["days"])}))
    return True


def _no_rhythm(found: Found, parts: Parts) -> bool:
    raise ValueError("a rhythm of days that can't be kept")


def _but(found: Found, parts: Parts) -> bool:
    days = {_day(name) for name in re.findall(_WEEKDAY, found["days"])}
    parts.except_days = tuple(days | set(WEEKEND if "weekend" in found["days"] else ()))
    return True


def _every_span(found: Found, parts: Parts) -> bool:
    parts.repeat_days = tuple(range(_day(found["first"]), _day(found["last"]) + 1))
    return bool(parts.repeat_days)


def _every_month(found: Found, parts: Parts) -> bool:
    day = _day_number(found["day"])
    parts.repeat_month_day = day if 1 <= day <= 31 else None
    return parts.repeat_month_day is not None


def _every_year(found: Found, parts: Parts) -> bool:
    month, day = _month(found["month"]), _day_number(found["day"])
    this_date(None, month, day)
    parts.repeat_month, parts.repeat_month_day = month, day
    return True


def _delay(found: Found, parts: Parts) -> bool:
    for one in re.finditer(_PIECE, found["length"]):
        if one["half"]:
            half = one["half"]
            seconds = (
                900 * (3 if "three" in half else 1)
                if "quarter" in half
                else (1800 if "hour" in half else (30 if "minute" in half else 43_200))
            )
            parts.delay += timedelta(seconds=seconds)
            continue
        unit = one["unit"].rstrip("s")
        count = 2.0 if "couple" in one["n"] else (float(one["n"]) if "." in one["n"] else number(one["n"]))
        if unit == "month":
            parts.months += round(count)
        else:
            parts.delay += timedelta(
                seconds=(count + (0.5 if one["more"] or one["more_before"] else 0)) * _UNITS[unit]
            )
    parts.later = True
    return True


def _relative_day(found: Found, parts: Parts) -> bool:
    word = found.group()
    if "tonight" in word:
        parts.days, parts.period = in_days(0), "evening"
    else:
        parts.days = in_days(2 if "after" in word else (1 if "tomorrow" in word else 0))
    return True


def _this_period(found: Found, parts: Parts) -> bool:
    parts.days, parts.period = in_days(0), _PERIODS[found["period"]]
    return True


def _weekday(found: Found, parts: Parts) -> bool:
    weeks = {"this": 0, "next": 1}.get((found["which"] or "").strip())
    day = 5 if "weekend" in found["day"] else _day(found["day"])
    # "This Friday" on a Saturday is the one to come.
    parts.days = weekday(day, weeks if weeks else None)
    return True


def _weeks_from(found: Found, parts: Parts) -> bool:
    day = found["day"]
    first = in_days(int(day == "tomorrow")) if day in {"today", "tomorrow"} else weekday(_day(day))
    parts.days = weeks_after(first, number(found["n"] or "1"))
    return True


def _this_time(found: Found, parts: Parts) -> bool:
    parts.same_time = bool(parts.days or parts.repeats or parts.later)
    return parts.same_time


def _unclocked(found: Found, parts: Parts) -> bool:
    parts.unclocked = True
    return False


def _before(found: Found, parts: Parts) -> bool:
    raise ValueError("a time seen from another")


def _vague(found: Found, parts: Parts) -> bool:
    parts.vague = True
    return True


def _about(found: Found, parts: Parts) -> bool:
    return True


def _next_week(found: Found, parts: Parts) -> bool:
    parts.days = in_days(7)
    return True


def _date(found: Found, parts: Parts) -> bool:
    year = int(found["year"]) if found["year"] else None
    parts.days = this_date(year, _month(found["month"]), _day_number(found["day"]))
    return True


def _of_month(found: Found, parts: Parts) -> bool:
    parts.days = day_of_month(ordinal(found["day"]), 1 if found["next"] else None)
    return True


def _digits(found: Found, parts: Parts) -> bool:
    exact = found["hour"].startswith("0") and not found["ampm"]
    return _clock(parts, int(found["hour"]), int(found["minute"]), found["ampm"], exact=exact)


def _hour(found: Found, parts: Parts) -> bool:
    minute = number(found["minute"].removeprefix("oh ")) if found["minute"] else 0
    return _clock(parts, number(found["hour"]), minute, found["ampm"])


def _past(found: Found, parts: Parts) -> bool:
    word = found["minutes"]
    minutes = 30 if "half" in word else (15 if "quarter" in word else number(word.split(" min")[0]))
    if found["which"] in {"to", "before"}:
        minutes = -minutes
    hour, minute = divmod(number(found["hour"]) * 60 + minutes, 60)
    return _clock(parts, hour or 12, minute, found["ampm"])


def _clock(parts: Parts, hour: int, minute: int, ampm: str | None = None, *, exact: bool = False) -> bool:
    if not (0 <= hour <= 24 and 0 <= minute < 60) or parts.clock is not None:
        return False
    parts.clock = Clock(hour, minute, exact)
    if ampm:
        parts.period = "am" if ampm.startswith("a") else "pm"
    return True


def _noon(found: Found, parts: Parts) -> bool:
    if parts.clock is not None:
        return False
    noon = "midnight" not in found.group()
    parts.clock, parts.period = Clock(12), "noon" if noon else "night"
    return True


def _early(found: Found, parts: Parts) -> bool:
    if parts.period is not None:
        return False
    parts.period = "morning"
    return True


def _period(found: Found, parts: Parts) -> bool:
    if parts.period is not None or (parts.later and parts.delay < timedelta(days=1) and not parts.months):
        return False
    parts.period = _PERIODS[found["period"]]
    return True


_PERIOD = "(?P<period>morning|afternoon|evening|night)"
_EACH = r"\b(?:every|each)"
_NO = r"(?P<ampm>(?!))?"
"""Nothing: a group that another rule of the same reader has."""
_DATE_DAY = rf"(?P<day>{ORDINAL}|\d{{1,2}})"
_YEAR = r"(?:,? (?P<year>20\d\d)\b)?"
_LIST = rf"{_WEEKDAY}s?(?:(?:, and |,? ?and |, ?| ?& ?)(?:every )?{_WEEKDAY}s?)*"
_WORK = r"week ?days?|work(?:ing)? ?days?"
_AT = r"(?:at (?:about |around |exactly )?|by |around )"
_AFTER_ASKING = r"(?:^\s*|(?<=\bme )|(?<=\bus )|(?<=\bup )|(?<=\bfor )|(?<=\bit )|(?<=\bmeant )|(?<=\bmean ))"
_TENS = (
    "(?:ten|fifteen|(?:twenty|thirty|forty|fifty)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
)
_MINUTE = rf"(?: (?P<minute>(?:oh )?{WORDS}))?"
_PAST = rf"(?P<minutes>half|(?:a )?quarter|{ENGLISH}(?: minutes?)?) (?P<which>past|to|before|after)"

_RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern), take)
    for pattern, take in (
        (
            rf"{_EACH} (?:(?P<half>half(?: an)? )|(?P<n>{ENGLISH}|other) )?(?P<unit>minutes?|mins?|hours?)\b",
            _every_minutes,
        ),
        (r"\b(?P<unit>hour)ly\b(?P<half>(?!))?(?P<n>(?!))?", _every_minutes),
        (rf"{_EACH} year on (?:the )?(?P<month>{_MONTH}) (?:the )?{_DATE_DAY}\b", _every_year),
        (rf"{_EACH} (?P<month>{_MONTH}) (?:the )?{_DATE_DAY}\b", _every_year),
        (rf"\b(?:monthly|every month|each month) on (?:the )?{_DATE_DAY}\b", _every_month),
        (rf"\bon the (?P<day>{ORDINAL}) of (?:every|each) month\b", _every_month),
        (
            rf"\b(?:every |each |from )?(?P<first>{_WEEKDAY}) (?:to|through|till|until|-) "
            rf"(?P<last>{_WEEKDAY})\b",
            _every_span,
        ),
        (
            rf"{_EACH} (?:other|second|third|{ENGLISH}) (?:days?|weeks?|months?|week ?days?|{_WEEKDAY}s?)\b",
            _no_rhythm,
        ),
        (
            rf"\b(?:except|but not|excluding|apart from)(?: for)?(?: on)?(?: the)? "
            rf"(?P<days>weekends?|{_LIST})",
            _but,
        ),
        (rf"{_EACH} (?:single )?(?:{_WORK}|weekends?|days?)\b|\b(?:daily|everyday)\b", _every_day),
        (r"\b(?:on )?(?:week ?days|work(?:ing)? ?days|weekends)\b", _every_day),
        (rf"{_EACH} {_PERIOD}\b", _every_period),
        (rf"\b(?:every|each|weekly on|every week on) (?P<days>{_LIST})\b", _every_weekday),
        (r"\b(?:on )?(?P<days>(?:mon|tues|wednes|thurs|fri|satur|sun)days)\b", _every_weekday),
        (
            rf"\b(?P<n>a|one|two|three|\d) weeks? from (?P<day>today|tomorrow|{_WEEKDAY})\b",
            _weeks_from,
        ),
        (rf"\b(?:on )?(?P<day>{_WEEKDAY}) week\b(?P<n>(?!))?", _weeks_from),
        (r"\b(?:the )?day after tomorrow\b|\btomorrow\b|\btoday\b|\btonight\b", _relative_day),
        (rf"\bthis {_PERIOD}\b", _this_period),
        (
            rf"\b(?:on |at |over )?(?:the )?(?P<which>this |next |coming )?(?P<day>{_WEEKDAY}|weekend)\b",
            _weekday,
        ),
        (r"\bnext week\b", _next_week),
        (rf"\b(?:on )?(?:the )?(?P<month>{_MONTH})\.? (?:the )?{_DATE_DAY}\b(?!:){_YEAR}", _date),
        (rf"\b(?:on )?(?:the )?{_DATE_DAY}(?: of)? (?P<month>{_MONTH})\b{_YEAR}", _date),
        (rf"\b(?P<next>next month) on the (?P<day>{ORDINAL})\b", _of_month),
        (rf"\bon the (?P<day>{ORDINAL})\b(?P<next> of next month)?", _of_month),
        (r"\bfirst thing\b(?: in the morning)?", _early),
        (
            r"(?:\b(?:at|by|around|@) ?)?(?<![\d:])(?P<hour>\d{1,2})(?:[:.h]|(?<=\bat \d\d) "
            r")(?P<minute>\d{2})(?!\d)"
            rf"(?: ?{_AMPM})?",
            _digits,
        ),
        (rf"\b(?:at )?(?P<minutes>half)(?P<which>(?!))?{_NO} (?P<hour>{_HOUR})\b(?! hours?| an?\b)", _past),
        (rf"\b(?:at )?{_PAST} (?P<hour>{_HOUR})\b(?: ?{_AMPM})?(?: o'?clock)?", _past),
        (rf"\b{_AT}?(?P<hour>{_HOUR}){_MINUTE} ?{_AMPM}", _hour),
        (rf"\b{_AT}?(?P<hour>{_HOUR})(?P<minute>(?!))?{_NO} o'?clock\b", _hour),
        (rf"\b(?:in|after|for) (?P<length>{_LENGTH})\b(?: time\b)?", _delay),
        (rf"\b(?P<length>{_LENGTH}) (?:from now|later|from today)\b", _delay),
        (rf"\b(?P<length>{_LENGTH})[ -](?=(?:timer|alarm|countdown|reminder)\b)", _delay),
        (rf"\b(?:timer|alarm|countdown|count(?:ing)? down)(?: from)? (?P<length>{_LENGTH})\b", _delay),
        (rf"^\s*(?P<length>{_LENGTH})\s*$", _delay),
        (rf"\b{_LENGTH} (?:before|after|past) (?=noon|midday|midnight|lunch|dinner|supper|\0)", _before),
        (r"\b(?:at )?(?:noon|midday|midnight|lunch ?time)\b", _noon),
        (rf"\b{_AT}(?P<hour>{_HOUR}){_MINUTE}\b{_NO}(?! (?:times|people))", _hour),
        (rf"\bfor (?P<hour>{_HOUR}) (?P<minute>{WORDS})\b{_NO}", _hour),
        (rf"\bfor (?P<hour>{_HOUR})(?P<minute>(?!))?{_NO}(?=\s*(?:\0|[.!]?$))", _hour),
        (
            rf"{_AFTER_ASKING}(?P<hour>{_HOUR}){_MINUTE}{_NO}"
            r"(?=\s*(?:\0|[.!]?$|in the (?:morning|afternoon|evening)\b|at night\b))",
            _hour,
        ),
        (rf"\b(?P<hour>{_HOUR}) (?P<minute>{_TENS}){_NO}(?=\s*\0)", _hour),
        (rf"(?:\b(?:in the|at|of the) |(?<=\0 )|^\s*){_PERIOD}\b", _period),
        (r"\b(?:at )?(?:this|the same|same)(?: exact)? time\b", _this_time),
        (
            r"\b(?:after|before) (?:breakfast|lunch|dinner|supper|work|school|bed(?:time)?|class|the meal)\b",
            _unclocked,
        ),
        (
            r"\bin (?:a (?:little |short )?(?:while|bit|moment|sec|second|jiffy)"
            r"|a few (?:minutes|mins|hours|seconds)|some (?:minutes|time|hours))\b"
            r"|\b(?:a (?:little|bit) )?later(?: on)?\b|\b(?:soon|shortly)\b"
            r"|\b(?:at some point|some ?time(?: soon| later)?)\b",
            _vague,
        ),
        (r"(?<=\0 )(?:sharp|on the dot|exactly|precisely)\b|(?<=\0 )or so\b", _about),
    )
)
