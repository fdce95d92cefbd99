"""The words a reminder is told with."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from kaikou.jobs.clock import local
from kaikou.jobs.reminder import Reminder

_HAN = re.compile(r"[\u4e00-\u9fff]")
LATE = timedelta(minutes=2)


def said(reminder: Reminder, now: datetime) -> str:
    """What is spoken; a reminder told late says for when it was."""
    if reminder.kind != "remind":
        return reminder.text
    text = reminder.text.strip()
    chinese = bool(_HAN.search(text)) or (not text and (reminder.language or "").lower().startswith("zh"))
    due = reminder.at
    late = due is not None and now - due > LATE
    if chinese:
        at = f"{_clock_chinese(local(due, reminder.zone))}的" if late and due else ""
        return (
            f"{at}提醒：{text}" if text and at else (f"提醒您：{text}" if text else f"{at}闹钟，时间到了。")
        )
    at = f" for {local(due, reminder.zone):%H:%M}" if late and due else ""
    return f"A reminder{at}: {text}" if text else f"The alarm{at}: time is up."


def _clock_chinese(at: datetime) -> str:
    return f"{at.hour}点{at.minute}分" if at.minute else f"{at.hour}点"
