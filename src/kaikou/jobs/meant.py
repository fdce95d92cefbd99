"""Which of the reminders that are set somebody means: by its text, its time, "the last", or all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from kaikou.errors import InvalidInput
from kaikou.jobs.clock import local
from kaikou.jobs.reminder import Reminder
from kaikou.jobs.when.numbers import WORDS
from kaikou.jobs.when.reading import read_when

_EVERY = re.compile(
    r"\b(?:all|everything|every one|both)\b"
    r"|所有|全部|全都|一切|(?:提醒|闹钟|计时器?)都|都(?:取消|删|关|不要|清)"
)
_LAST = re.compile(
    r"\b(?:last|latest|just (?:set|made|now)|you just)\b|刚才|刚刚|刚设|刚定|上一个|最后一?个|最近的?那?个"
)
_ABOUT_ASKING = re.compile(
    r"\b(?:please|can|could|you|i|we|my|your|the|a|an|that|this|it|one|for|to|at|on|of|about|me|is|and|with|don't|won't|will|do|not|need"
    r"|want|no|more|any|longer|cancel|delete|remove|forget|clear|erase|stop|turn|switch|off|drop|get|rid|reminders?"
    r"|reminding|remind|alarms?|timers?|countdowns?|set|up|now|just|last|never|mind|take)\b"
    r"|请|帮我?|麻烦|给我|把|将|取消|删除?|清除|清空|关掉?|关闭|去掉|停掉?|停止|撤销|不要|不用|不需要|再|提醒事项|提醒|闹钟|闹铃|定时器?|计时器?|倒计时"
    r"|刚才|刚刚|上一?个|最后|那|这|个|的|了|掉|吧|我|你|一下|关于|叫"
)
_CLOCK = re.compile(rf"点|时|分|[:：]|\d|o'clock|\b(?:half|quarter|noon|midnight|{WORDS})\b", re.IGNORECASE)
_MOST_OF = 0.6
_TERM = re.compile(r"[a-z0-9']{2,}|[\u4e00-\u9fff]")


def meant(
    which: str, there: Sequence[Reminder], now: datetime, *, last: str | None = None
) -> tuple[list[Reminder], bool]:
    """Those meant, and whether that is sure: not where several fit words that name one. ``last`` is the id
    of the one that was set last where these words were said."""
    wanted = which.strip().casefold()
    if found := [one for one in there if one.id == wanted]:
        return found, True
    for fits in (_said(wanted, there), [] if _EVERY.search(wanted) else _timed(which, there, now)):
        if fits:
            return fits, len(fits) == 1
    if _EVERY.search(wanted):
        return list(there), True
    if last and (_LAST.search(wanted) or not _named(wanted)) and (own := [o for o in there if o.id == last]):
        return own, True
    if _LAST.search(wanted) and there:
        return [max(there, key=lambda one: one.created_at)], True
    # "The reminder", and nothing that tells which.
    return ([], True) if _named(wanted) else (list(there), len(there) <= 1)


def _named(wanted: str) -> set[str]:
    """What is left of the words besides those that ask."""
    return set(_TERM.findall(_ABOUT_ASKING.sub(" ", wanted)))


def _said(wanted: str, there: Sequence[Reminder]) -> list[Reminder]:
    """Those whose text the words name: as it is, else most of what the words name."""
    texts = [(one, one.text.casefold()) for one in there if one.text]
    if whole := [one for one, text in texts if _holds(wanted, text) or _holds(text, wanted)]:
        return whole
    named = _named(wanted)
    shares = [(len(named & set(_TERM.findall(text))) / max(len(named), 1), one) for one, text in texts]
    best = max((share for share, _ in shares), default=0.0)
    return [one for share, one in shares if share == best] if best >= _MOST_OF else []


def _holds(text: str, words: str) -> bool:
    """Whether they are in it, as words: "all" is not in "call"."""
    return bool(words) and re.search(rf"(?<![a-z]){re.escape(words)}(?![a-z])", text) is not None


def _timed(which: str, there: Sequence[Reminder], now: datetime) -> list[Reminder]:
    """Those at the time that the words name; where they name no clock, those of the day."""
    waiting = [(one, one.at) for one in there if one.at is not None]
    zone = waiting[0][0].zone if waiting else ""
    named = bool(_CLOCK.search(which))
    # "The alarm at seven" is that of any day's seven o'clock: seen from just before it.
    for seen_from in (now, *(at - timedelta(seconds=1) for _, at in waiting if named)):
        try:
            at = read_when(which, seen_from, zone).at
        except InvalidInput:
            return []
        day = local(at, zone).date()
        found = [
            one
            for one, own in waiting
            if (abs(own - at) < timedelta(minutes=1) if named else local(own, zone).date() == day)
        ]
        if found:
            return found
    return []
