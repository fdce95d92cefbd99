"""What time a text means: an ISO time, or one said in Chinese or English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kaikou.errors import InvalidInput
from kaikou.jobs.clock import local, moment
from kaikou.jobs.recurrence import Repeat
from kaikou.jobs.when import chinese, english
from kaikou.jobs.when.parts import Parts, carry, resolve, this_date

MAX_CHARS = 500
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ISO = re.compile(
    r"(?<!\d)(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2})"
    r"(?:(?:[T ]|, ?)(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?(?![\d:])",
    re.IGNORECASE,
)
_WAKING = re.compile(
    r"起床|叫醒|叫我起|醒来|早起|闹钟|鬧鐘|\bwake|\bget (?:me )?up\b|\balarm\b", re.IGNORECASE
)
_FILLER_CHINESE = re.compile(
    r"^[\s,，。、的]*(?:请|麻烦|帮我|记得|到时候?|你|在|再|别让我忘了|别忘了)*(?:给我)?(?:设(?:置|定)?|定|订|上)?(?:一?个)?的?"
    r"(?:闹钟|提醒|计时器|倒计时|计时|定时器?|闹铃)?[\s,，:：]*(?:提醒|叫|喊|通知|告诉)?(?:我|一下|一次|我们)*(?:要|该|记得|去)?[\s,，:：的]*"
)
_FILLER_ENGLISH = re.compile(
    r"^[\s,.]*(?:please |can you |could you |i(?:'d| would) like you to )*"
    r"(?:(?:(?:set|make|add|create|start|get|give|schedule|i need|i want|i'd like) (?:up )?(?:me "
    r")?)?(?:an? |the |my )?"
    r"(?:alarm clock|alarm|timer|reminder|countdown)|(?:don't|do not) let me forget|(?:remind|tell|alert"
    r"|notify) (?:me|us)|(?:wake|get) (?:me|us)(?: up)?)?"
    r"(?:\s*(?:to|that|about|for|:))*[\s,.:]*",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"(?:提醒|叫|喊|通知)(?:我|一下|我们)|闹钟|计时|别让我忘|\b(?:remind|wake|tell|alert|notify) (?:me|us)\b"
    r"|\b(?:alarm|timer|reminder|let me forget)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"[\s,，]*(?:(?:请|记得)?(?:提醒|通知|叫)(?:我|一下)*|please)?[\s。.!！?？]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class When:
    """The moment (UTC), whether it comes again, and the text without the words that say so."""

    at: datetime
    repeat: Repeat | None
    rest: str


def bare(text: str) -> str:
    """What a reminder is about, where ``text`` asks for one: "remind me at eight to call Bo" is "call Bo"."""
    if not _REQUEST.search(text):
        return text
    plain = _plain(text)
    return _rest(text, (chinese if _HAN.search(plain) else english).read(plain).spans)


def read_when(
    text: str,
    now: datetime,
    zone: str = "",
    *,
    about: str = "",
    before: tuple[datetime, Repeat | None] | None = None,
) -> When:
    """What time ``text`` names, seen from ``now`` in ``zone``. ``about`` is what it is for: "get up" at
    five is not the afternoon's. ``before`` is the time (and rhythm) that ``text`` corrects: what it
    doesn't say stays. InvalidInput ``time_not_understood``, ``time_vague``, ``time_is_past``."""
    text = text[:MAX_CHARS]
    found = _read(text, now, zone, before, waking=bool(_WAKING.search(f"{text} {about}")))
    if found is None:
        raise InvalidInput(
            f"No time was understood in {text.strip()[:80]!r}.",
            code="time_not_understood",
            hint="Say it as: in 10 minutes, tomorrow at 7:30, every weekday at 8; "
            "十分钟后, 明天早上七点半, 每个工作日八点; or 2026-05-03T08:00.",
            param="when",
        )
    if found.at <= now:
        raise InvalidInput("That time is past.", code="time_is_past", param="when")
    return found


def _plain(text: str) -> str:
    plain = text.translate(chinese.SIMPLER).lower().replace("’", "'").replace("：", ":")
    # Lower case of a few letters is longer: places must not move.
    return plain if len(plain) == len(text) else text


def _read(
    text: str, now: datetime, zone: str, before: tuple[datetime, Repeat | None] | None, *, waking: bool
) -> When | None:
    plain = _plain(text)
    parts = Parts()
    if iso := _ISO.search(plain):
        try:
            day = date(*map(int, re.split("[-/]", iso["date"])))
        except ValueError:
            return None
        if iso["time"]:
            hour, minute, *seconds = iso["time"].split(":")
            try:
                naive = datetime(
                    day.year, day.month, day.day, int(hour), int(minute), int(float((seconds or ["0"])[0]))
                )
            except ValueError:
                return None
            at = (
                datetime.fromisoformat(naive.isoformat() + iso["zone"].upper().replace("Z", "+00:00"))
                if iso["zone"]
                else moment(naive, zone)
            )
            return When(at, None, _rest(text, [iso.span()]))
        plain = plain[: iso.start()] + "\0" * (iso.end() - iso.start()) + plain[iso.end() :]
        parts.days = this_date(day.year, day.month, day.day)
        parts.spans.append(iso.span())
    reader = chinese if _HAN.search(plain) else english
    more = reader.read(plain)
    if more.vague and more.empty and not iso:
        raise InvalidInput(
            f"{text.strip()[:80]!r} doesn't say how soon.",
            code="time_vague",
            hint="Ask in how many minutes.",
            param="when",
        )
    if iso:
        more.days = parts.days
        more.spans.extend(parts.spans)
    if more.empty or more.unclear:
        return None
    if before is not None:
        carry(more, local(before[0], zone), before[1])
    at, repeat = resolve(more, now, zone, waking=waking)
    if more.later and at - now < timedelta(seconds=1):
        return None
    return When(at, repeat, _rest(text, more.spans))


def _rest(text: str, spans: list[tuple[int, int]]) -> str:
    """The text without the spans and the words that only ask for a reminder."""
    kept = "".join(
        character for at, character in enumerate(text) if not any(start <= at < end for start, end in spans)
    )
    filler = _FILLER_CHINESE if _HAN.search(text) else _FILLER_ENGLISH
    kept = _ASKED.sub("", filler.sub("", " ".join(kept.split()), count=1))
    return kept.strip(" ,，。.、!！:：的").strip()
