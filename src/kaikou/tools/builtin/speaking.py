"""Sentences of built-in tools for listeners, in Chinese or else in English."""

from __future__ import annotations

from datetime import datetime

from kaikou.tools.ports import Caller, speaks_chinese

_DAYS = "一二三四五六日"
_PARTS = ((5, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))


def time_of_day(now: datetime, caller: Caller) -> str:
    """Such as 下午三点二十五分, or 3:25 PM."""
    if speaks_chinese(caller):
        part = next(name for until, name in _PARTS if now.hour < until)
        hour = now.hour - 12 if now.hour > 12 else now.hour
        minutes = f"{now.minute}分" if now.minute else "整"
        return f"{part}{hour}点{minutes}"
    return f"{now.hour % 12 or 12}:{now.minute:02d} {'AM' if now.hour < 12 else 'PM'}"


def day(now: datetime, caller: Caller) -> str:
    """Such as 11月22日星期日, or Sunday, November 22."""
    if speaks_chinese(caller):
        return f"{now.month}月{now.day}日星期{_DAYS[now.weekday()]}"
    return f"{now:%A}, {now:%B} {now.day}"
