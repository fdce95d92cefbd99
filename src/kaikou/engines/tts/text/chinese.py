"""How numbers, dates, money and the like are said in Mandarin.

The readings themselves come from ``misaki.zh_normalization`` (Apache-2.0); here they become rules that
keep positions, and what it lacks (money, times of day, phone numbers with digits) is added.
"""

from __future__ import annotations

import re

from misaki.zh_normalization import chronology, num, phonecode, quantifier

from kaikou.engines.tts.text.rules import Rule, Say

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_CURRENCIES = {
    "$": "美元",
    "US$": "美元",
    "£": "英镑",
    "€": "欧元",
    "¥": "元",
    "￥": "元",
    "₹": "卢比",
    "₩": "韩元",
}
_UNITS = {
    "km/h": "公里每小时", "m/s": "米每秒", "km²": "平方公里", "m²": "平方米", "m³": "立方米",
    "cm²": "平方厘米",
    "km": "公里", "cm": "厘米", "mm": "毫米", "nm": "纳米", "m": "米", "kg": "公斤", "mg": "毫克", "g": "克",
    "ml": "毫升", "mL": "毫升", "L": "升", "ms": "毫秒", "s": "秒", "min": "分钟", "h": "小时",
    "kWh": "千瓦时",
    "kW": "千瓦", "W": "瓦", "V": "伏", "dB": "分贝", "mAh": "毫安时", "kcal": "千卡", "Hz": "赫兹",
    "kHz": "千赫",
    "MHz": "兆赫", "GHz": "吉赫",
}  # fmt: skip
_SYMBOLS = {
    "&": "和", "%": "百分号", "+": "加", "=": "等于", "×": "乘", "÷": "除以", "−": "减", "±": "正负",
    "<": "小于",
    ">": "大于", "≤": "小于等于", "≥": "大于等于", "≈": "约等于", "≠": "不等于", "→": "到",
    "°": "度", "℃": "摄氏度",
    "℉": "华氏度", "#": "井号", "№": "第", "$": "美元", "¥": "元", "€": "欧元", "£": "英镑",
    "½": "二分之一", "¼": "四分之一", "¾": "四分之三", "⅓": "三分之一", "⅔": "三分之二", "@": "艾特",
}  # fmt: skip
_DRAWN = "[~～]"
"""A range between what is counted, "about" before a number; anywhere else a word's end drawn out."""
_COUNTED = re.compile(
    r"[个只位条张本台部件块天次年岁名种家杯瓶间周点碗双层千百万亿]|小时|分钟|公里|公斤|美元|米|元"
)


def _number(text: str) -> str:
    plain = text.replace(",", "")
    whole, point, fraction = plain.partition(".")
    if len(whole) > 16 or (len(whole) > 1 and whole.startswith("0")):
        spoken = num.verbalize_digit(whole)
    else:
        spoken = num.verbalize_cardinal(whole)
    return str(spoken) + (f"点{num.verbalize_digit(fraction)}" if point else "")


def _counted(match: re.Match[str]) -> str:
    """A plain number; 2 before what is counted is 两."""
    minus = "负" if match["minus"] else ""
    value = match["value"]
    more = match["more"] or ""
    if value == "2" and _COUNTED.match(match.string, match.end()):
        return f"{minus}两"
    if not minus and re.fullmatch(r"\d{5,}", value) and not _COUNTED.match(match.string, match.end()):
        return str(num.verbalize_digit(value, alt_one=len(value) >= 7))
    return minus + _number(value) + more


def _version(match: re.Match[str]) -> str:
    return "点".join(num.verbalize_digit(part) for part in match.group().split("."))


def _money(match: re.Match[str]) -> str:
    scale = match["scale"] or ""
    return f"{_number(match['amount'])}{scale}{_CURRENCIES[match['sign'].upper()]}"


def _clock(match: re.Match[str]) -> str | None:
    hour, minute, second = int(match[1]), int(match[2]), match[3]
    if hour > 24 or minute > 59:
        return None
    spoken = ("两" if hour == 2 else num.verbalize_cardinal(match[1])) + "点"
    if minute == 30 and not second:
        return f"{spoken}半"
    if minute:
        spoken += ("零" if minute < 10 else "") + f"{num.verbalize_cardinal(match[2])}分"
    return spoken + (f"{num.verbalize_cardinal(second)}秒" if second else "")


def _clock_range(match: re.Match[str]) -> str | None:
    parts = [_CLOCK.match(half) for half in re.split(r"[-~～–—至到]", match.group(), maxsplit=1)]
    spoken = [_clock(part) for part in parts if part]
    return "到".join(text for text in spoken if text) if len(spoken) == 2 and all(spoken) else None


def _year(match: re.Match[str]) -> str:
    return str(num.verbalize_digit(match[1]))


def _range(match: re.Match[str]) -> str:
    percent = "百分之" if match[3] else ""
    return f"{percent}{_number(match[1])}到{percent}{_number(match[2])}"


def _to(match: re.Match[str]) -> str:
    return "到"


def _phone(match: re.Match[str]) -> str:
    return "，".join(num.verbalize_digit(part, alt_one=True) for part in re.findall(r"\d+", match.group()))


def _decimal_percent(match: re.Match[str]) -> str:
    return f"{'负' if match['minus'] else ''}百分之{_number(match['value'])}"


def _measure(match: re.Match[str]) -> str:
    value = "两" if match["value"] == "2" else _number(match["value"])
    return f"{'负' if match['minus'] else ''}{value}{_UNITS[match['unit']]}"


def _of(pattern: str, say: Say) -> Rule:
    return Rule(re.compile(pattern), say)


_CLOCK = re.compile(r"(\d{1,2})[:：](\d\d)(?:[:：](\d\d))?(?!\d)")
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_MINUS = r"(?P<minus>(?<![\w)\d])[-−])?"

RULES: tuple[Rule, ...] = (
    Rule(chronology.RE_DATE2, chronology.replace_date2),
    _of(r"([12]\d{3}|\d\d)(?=年(?!级|纪|龄))", _year),
    _of(r"\d{1,2}[:：]\d\d\s?[-~～–—至到]\s?\d{1,2}[:：]\d\d(?!\d)", _clock_range),
    Rule(_CLOCK, _clock),
    _of(r"(\d+)[:：](\d+)(?![\d:：])", lambda match: f"{_number(match[1])}比{_number(match[2])}"),
    Rule(phonecode.RE_MOBILE_PHONE, _phone),
    _of(r"400-?\d{3}-?\d{4}(?!\d)|0\d{2,3}-\d{7,8}(?!\d)|\d{3,4}-\d{4}-\d{4}(?!\d)", _phone),
    _of(rf"(?P<sign>US\$|[$£€¥￥₹₩])\s?(?P<amount>{_NUMBER})(?P<scale>[百千]?[万亿])?(?:美元|元)?", _money),
    Rule(quantifier.RE_TEMPERATURE, quantifier.replace_temperature),
    _of(rf"({_NUMBER})%?\s?[-~～–—]\s?({_NUMBER})(?!\s?=|[A-Za-z0-9-])(%)?", _range),
    _of(r"[-–−](?=\s?\d[\d.]*\s?=)", lambda _: "减"),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})%", _decimal_percent),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})\s?(?P<unit>{_UNIT})(?![A-Za-z0-9/])", _measure),
    _of(r"(\d+)/(\d+)(?![\d/])", lambda match: f"{_number(match[2])}分之{_number(match[1])}"),
    _of(r"\d+(?:\.\d+){2,}", _version),
    _of(rf"{_MINUS}(?P<value>{_NUMBER})(?P<more>[多余几])?(?![A-Za-z])", _counted),
    _of(rf"(?<=[\d一二三四五六七八九十日月年点分天]){_DRAWN}(?=[\d一二三四五六七八九十周星])", _to),
    _of(rf"(?<![\u4e00-\u9fff]){_DRAWN}(?=\d)", lambda _: "约"),
    _of(rf"(?<=约){_DRAWN}", lambda _: ""),
    _of(rf"[{re.escape(''.join(_SYMBOLS))}]", lambda match: _SYMBOLS[match.group()]),
)  # fmt: skip
"""Tried in order at a digit or a symbol of a Chinese sentence."""
