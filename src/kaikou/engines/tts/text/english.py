"""How numbers, dates, money and the like are said in English."""

from __future__ import annotations

import re

from kaikou.engines.tts.text.numbers import cardinal, code, digits, number, ordinal, roman, year
from kaikou.engines.tts.text.rules import Rule, Say

_MONTHS = ("January February March April May June July August September October November December").split()
_MONTH_NAMES = {name[:3].lower(): name for name in _MONTHS} | {"sept": "September"}
_MONTH = (
    "(?:" + "|".join([*_MONTHS, *(name[:3] + r"\.?" for name in _MONTHS if name != "May"), r"Sept\.?"]) + ")"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "t": "trillion"}

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yuan", "yuan", "", ""),
    "￥": ("yuan", "yuan", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₩": ("won", "won", "", ""),
}
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"), "mph": ("mile per hour", "miles per hour"),
    "m/s": ("meter per second", "meters per second"), "kbps": ("kilobit per second", "kilobits per second"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Gbps": ("gigabit per second", "gigabits per second"),
    "km²": ("square kilometer", "square kilometers"), "m²": ("square meter", "square meters"),
    "m³": ("cubic meter", "cubic meters"), "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"), "nm": ("nanometer", "nanometers"), "m": ("meter", "meters"),
    "mi": ("mile", "miles"), "ft": ("foot", "feet"), "in": ("inch", "inches"), "yd": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"), "mg": ("milligram", "milligrams"), "g": ("gram", "grams"),
    "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"), "mL": ("milliliter", "milliliters"), "L": ("liter", "liters"),
    "ms": ("millisecond", "milliseconds"), "s": ("second", "seconds"), "sec": ("second", "seconds"),
    "min": ("minute", "minutes"), "mins": ("minute", "minutes"), "h": ("hour", "hours"),
    "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"), "GHz": ("gigahertz", "gigahertz"), "Hz": ("hertz", "hertz"),
    "KB": ("kilobyte", "kilobytes"), "kB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"), "TB": ("terabyte", "terabytes"), "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"), "W": ("watt", "watts"), "V": ("volt", "volts"),
    "mAh": ("milliampere hour", "milliampere hours"), "dB": ("decibel", "decibels"),
    "kcal": ("kilocalorie", "kilocalories"), "cal": ("calorie", "calories"), "px": ("pixel", "pixels"),
}  # fmt: skip
_ABBREVIATIONS = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "prof": "professor", "jr": "junior",
    "sr": "senior", "vs": "versus", "etc": "et cetera", "e.g": "for example", "i.e": "that is",
    "approx": "approximately", "dept": "department", "est": "established", "fig": "figure",
    "inc": "incorporated",
    "ltd": "limited", "ave": "avenue", "blvd": "boulevard", "rd": "road", "gen": "general", "col": "colonel",
    "capt": "captain", "sgt": "sergeant", "lt": "lieutenant", "gov": "governor", "sen": "senator",
    "rev": "reverend",
    "vol": "volume", "pp": "pages", "al": "al",
}  # fmt: skip
_NEEDS_DOT = frozenset(
    ("ms", "est", "fig", "inc", "ave", "gen", "col", "sen", "gov", "rev", "vol", "al", "rd")
)
_FRACTIONS = {"½": "one half", "¼": "one quarter", "¾": "three quarters", "⅓": "one third", "⅔": "two thirds",
              "⅛": "one eighth"}  # fmt: skip
_SYMBOLS = {
    "&": "and", "@": "at", "%": "percent", "‰": "per mille", "+": "plus", "=": "equals", "×": "times",
    "÷": "divided by", "−": "minus", "±": "plus or minus", "<": "less than", ">": "greater than",
    "≤": "at most",
    "≥": "at least", "≈": "about", "≠": "is not equal to", "→": "to", "°": "degrees", "℃": "degrees Celsius",
    "℉": "degrees Fahrenheit", "#": "number", "№": "number", "§": "section", "$": "dollars", "£": "pounds",
    "€": "euros", "¥": "yuan",
}  # fmt: skip


def _plural(value: str, singular: str, plural: str) -> str:
    return singular if value == "1" else plural


def _money(match: re.Match[str]) -> str:
    one, many, small_one, small_many = _CURRENCIES[match["sign"].upper()]
    amount, scale = match["amount"], match["scale"]
    minus = "minus " if match["minus"] else ""
    if scale:
        return f"{minus}{number(amount)} {_SCALE.get(scale.lower(), scale.lower())} {many}"
    whole, _, fraction = amount.replace(",", "").partition(".")
    if len(fraction) != 2 or not small_one:
        return f"{minus}{number(amount)} {_plural(amount, one, many)}"
    cents = int(fraction)
    parts = [f"{number(whole)} {_plural(whole, one, many)}"] if int(whole) or not cents else []
    if cents:
        parts.append(f"{cardinal(cents)} {small_one if cents == 1 else small_many}")
    return minus + " and ".join(parts)


def _address(match: re.Match[str]) -> str | None:
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", match.group()).rstrip("/.,;:!?)'\"")
    text = text.partition("?")[0].partition("#")[0]
    named = {".": " dot ", "/": " slash ", "@": " at ", "-": " dash ", "_": " underscore ", ":": " colon "}
    spoken = "".join(named.get(char, char) for char in text)
    return re.sub(r"\d+", lambda found: f" {code(found.group())} ", spoken)


def _clock(match: re.Match[str]) -> str | None:
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
    if hour > 24 or minute > 59:
        return None
    if minute:
        spoken = f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif half:
        spoken = cardinal(hour)
    else:
        spoken = f"{cardinal(hour)} o'clock" if hour <= 12 else f"{cardinal(hour)} hundred"
    if match["second"]:
        spoken += f" and {cardinal(int(match['second']))} seconds"
    return f"{spoken} {'A' if half[0] in 'aA' else 'P'} M" if half else spoken


def _iso_date(match: re.Match[str]) -> str | None:
    return _date(int(match["year"]), int(match["month"]), int(match["day"]))


def _slash_date(match: re.Match[str]) -> str | None:
    first, second = int(match["a"]), int(match["b"])
    month, day = (first, second) if first <= 12 else (second, first)
    return _date(int(match["year"]), month, day)


def _date(in_year: int, month: int, day: int) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{_MONTHS[month - 1]} {ordinal(day)}, {year(in_year)}"


def _month_day(match: re.Match[str]) -> str | None:
    day = int(match["day"])
    if not 1 <= day <= 31:
        return None
    written = match["month"].rstrip(".").lower()
    month = _MONTH_NAMES[written if written == "sept" else written[:3]]
    spoken = f"{month} {ordinal(day)}" if match.re is _MONTH_DAY else f"the {ordinal(day)} of {month}"
    return f"{spoken}, {year(int(match['year']))}" if match["year"] else spoken


def _fraction(match: re.Match[str]) -> str:
    above, below = int(match[1]), int(match[2])
    if below == 2 and above == 1:
        return "one half"
    if 2 < below <= 20 and 0 < above < below:
        part = "quarter" if below == 4 else ordinal(below)
        return f"{cardinal(above)} {part}{'' if above == 1 else 's'}"
    return f"{cardinal(above)} {'' if (above, below) == (24, 7) else 'over '}{cardinal(below)}"


def _decade(match: re.Match[str]) -> str:
    value = match[1]
    spoken = year(int(value)) if len(value) == 4 else cardinal(int(value))
    return f"{spoken[:-1]}ies" if spoken.endswith("y") else f"{spoken}s"


def _measured_range(match: re.Match[str]) -> str | None:
    return None if _is_word(match) else f"{number(match[1])} to {number(match[2])} {_UNITS[match['unit']][1]}"


def _is_word(match: re.Match[str]) -> bool:
    """Nothing is five inches in "5 in stock": those end what is said, or stand right behind the number."""
    before = match.string[match.start("unit") - 1]
    return match["unit"] == "in" and before == " " and match.string.startswith(" ", match.end())


def _measure(match: re.Match[str]) -> str | None:
    if _is_word(match):
        return None
    one, many = _UNITS[match["unit"]]
    minus = "minus " if match["minus"] else ""
    return f"{minus}{number(match['value'])} {_plural(match['value'], one, many)}"


def _temperature(match: re.Match[str]) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit", "℃": " Celsius", "℉": " Fahrenheit"}.get(
        match["scale"][-1], ""
    )
    minus = "minus " if match["minus"] else ""
    return f"{minus}{number(match['value'])} {_plural(match['value'], 'degree', 'degrees')}{scale}"


def _percent(match: re.Match[str]) -> str:
    return f"{'minus ' if match['minus'] else ''}{number(match['value'])} percent"


def _mixed_fraction(match: re.Match[str]) -> str:
    return f"{number(match[1])} and {_FRACTIONS[match[2]].replace('one half', 'a half')}"


def _integer(match: re.Match[str]) -> str:
    minus = "minus " if match["minus"] else ""
    value = match["value"]
    if not minus and len(value) == 4 and value.isdecimal() and "1100" <= value <= "2099":
        return year(int(value))
    return minus + number(value)


def _range(match: re.Match[str]) -> str:
    years = all(len(match[group]) == 4 and match[group].isdecimal() for group in (1, 2))
    say = (lambda text: year(int(text))) if years else number
    tail = " percent" if match[3] else ""
    return f"{say(match[1])} to {say(match[2])}{tail}"


def _abbreviation(match: re.Match[str]) -> str | None:
    name = match[1].lower()
    if not match[2] and (name in _NEEDS_DOT or name not in _ABBREVIATIONS or name == "al"):
        return None
    return _ABBREVIATIONS.get(name)


def _saint_or_street(match: re.Match[str]) -> str:
    return "saint" if re.match(r"\s+[A-Z]", match.string[match.end() :]) else "street"


def _numeral(say: Say) -> Say:
    return lambda match: None if roman(match["roman"]) is None else say(match)


def _version(written: str) -> str:
    return " point ".join(number(part) for part in written.split("."))


def _grouped_digits(match: re.Match[str]) -> str:
    return ", ".join(digits(group) for group in re.findall(r"\d+", match.group()))


def _of(pattern: str, say: Say, flags: int = 0) -> Rule:
    return Rule(re.compile(pattern, flags), say)


_MONTH_DAY = re.compile(
    rf"(?P<month>{_MONTH})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:)(?:,?\s+(?P<year>[12]\d{{3}})\b)?"
)
_DAY_MONTH = re.compile(
    rf"(?:the\s+)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b"
    r"(?:,?\s+(?P<year>[12]\d{3})\b)?"
)
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_DOMAINS = "com|org|net|io|ai|dev|cn|edu|gov|co|app"
_SCALES = "thousand|million|billion|trillion|bn|mn|[kKmMbB]"
_NUMBERED = "Chapter|Part|Act|Scene|Volume|Book|Section|War|Phase|Type|Level|Class"
_HALF = r"(?P<half>[aApP]\.?\s?[mM]\b(?:\.(?=,|\s+[\w(]))?)"
_MINUS = r"(?P<minus>(?<![\w)])[-−])?"

ANYWHERE: tuple[Rule, ...] = (
    _of(r"(?:https?://|www\.)[!-~]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address, re.ASCII),
    _of(rf"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:{_DOMAINS})(?:/[\w./-]*\w)?\b", _address, re.ASCII),
    _of(r"([CF])#(?![A-Za-z0-9])", lambda match: f"{match[1]} sharp"),
)
"""What is read as English in any sentence."""

RULES: tuple[Rule, ...] = (
    *ANYWHERE,
    _of(r"[vV](\d+(?:\.\d+)+)(?![\w.])", lambda match: f"version {_version(match[1])}"),
    _of(r"(?P<year>[12]\d{3})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?!\d)", _iso_date),
    _of(r"(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<year>[12]\d{3})(?!\d)", _slash_date),
    Rule(_MONTH_DAY, _month_day),
    Rule(_DAY_MONTH, _month_day),
    _of(rf"(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?!\d)(?:\s?{_HALF})?", _clock),
    _of(rf"(?P<hour>\d{{1,2}})(?P<minute>)(?P<second>)\s?{_HALF}", _clock),
    _of(rf"{_MINUS}(?P<sign>US\$|[$£€¥￥₹₩])\s?(?P<amount>{_NUMBER})(?:\s?(?P<scale>{_SCALES})\b)?", _money),
    _of(rf"({_NUMBER})\s?[–-]\s?({_NUMBER})\s?(?P<unit>{_UNIT})(?![\w/])", _measured_range),
    _of(rf"({_NUMBER})\s?[–-]\s?({_NUMBER})(?!\s?=|[\w-])(%)?", _range),
    _of(r"[-–−](?=\s?\d[\d.]*\s?=)", lambda _: "minus"),
    _of(r"\+?\d{1,3}[ -]\(?\d{3}\)?[ -]\d{3}[ -]\d{4}\b", _grouped_digits),
    _of(r"\(\d{3}\)\s?\d{3}-\d{4}\b|(?:\d{3}-)?\d{3}-\d{4}\b", _grouped_digits),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})\s?(?P<scale>°\s?[CF]\b|°|℃|℉)", _temperature),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})\s?%", _percent),
    _of(r"'?(\d0|[12]\d\d0)'?s\b", _decade),
    _of(r"(\d+)(?:st|nd|rd|th)\b", lambda match: ordinal(int(match[1])) if len(match[1]) < 16 else None),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})(?:\s|-)?(?P<unit>{_UNIT})(?![\w/])", _measure),
    _of(r"(\d{1,3})\s?/\s?(\d{1,3})(?![\d/])", _fraction),
    _of(r"(\d+)\s?[x×]\s?(\d+)(?!\w)", lambda match: f"{number(match[1])} by {number(match[2])}"),
    _of(r"\d+(?:\.\d+){2,}", lambda match: _version(match.group())),
    _of(r"(\d+)([½¼¾⅓⅔⅛])", _mixed_fraction),
    _of("[½¼¾⅓⅔⅛]", lambda match: _FRACTIONS[match.group()]),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})(?![A-Za-z])", _integer),
    _of(rf"(?P<name>{_NUMBERED})\s+(?P<roman>[IVXL]+)\b",
        _numeral(lambda match: f"{match['name']} {cardinal(roman(match['roman']) or 0)}")),
    _of(r"(?P<name>[A-Z][a-z]+)\s+(?P<roman>[IVX]{2,}|V)\b(?!\.)",
        _numeral(lambda match: f"{match['name']} the {ordinal(roman(match['roman']) or 0)}")),
    _of(r"[Nn]o\.\s?(?=\d)|[#№]\s?(?=\d)", lambda _: "number"),
    _of(r"St\.(?=\s|$)", _saint_or_street),
    _of(r"(e\.g|i\.e|[A-Za-z]{2,6})(\.)?(?![\w'])", _abbreviation),
    _of(r"w/o\b", lambda _: "without"),
    _of(r"~(?=\s?[\d$£€¥])", lambda _: "about"),
    _of(rf"[{re.escape(''.join(_SYMBOLS))}]", lambda match: _SYMBOLS[match.group()]),
)  # fmt: skip
"""Tried in order at the start of a word, a number or a symbol."""
