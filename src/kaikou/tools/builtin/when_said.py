"""Days and times as far as examples of tools need to know them: ``jobs/when`` reads them."""

from __future__ import annotations

_WEEKDAY = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_NUMBERS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|first|second|third"
)
DAY = (
    rf"(?:(?:today|tomorrow|tonight|now|right now|currently|later|at the moment|the day after tomorrow"
    rf"|(?:this|tomorrow) (?:morning|afternoon|evening|week|weekend)|next week|(?:on |over |at )?the weekend"
    rf"|(?:on |this |next )?{_WEEKDAY})\b\s*)++"
    r"|(?:今天|今日|今儿|明天|明日|明儿|后天|大后天|今晚|今早|明早|明晚|现在|这会儿|目前|早上|上午|中午|下午|晚上|夜里"
    r"|周末|这周|下周|本周|这几天|这两天|最近|未来几天|(?:下|这|本)?(?:周|星期|礼拜)[一二三四五六日天]|待会儿?|等会儿?|等下)++"
)
"""A day, in lower case without marks. What was taken is not given back: no text can take long."""

_UNIT = "(?:second|sec|minute|min|hour|hr|day|week|month|year)s?"
TIME = (
    rf"(?:(?:in|at|on|by|every|each|next|this|half|past|quarter|to|o'clock|am|pm|a|an|the|and|couple|of|after"
    rf"|before|from|now|for|about|noon|midnight|tomorrow|today|tonight|morning|afternoon|evening|night|weekdays?"
    rf"|weekend|{_WEEKDAY}s?|{_UNIT}|\d+(?:st|nd|rd|th|am|pm)?|(?:{_NUMBERS})(?:-(?:{_NUMBERS}))?"
    r"|(?:january|february|march|april|may|june|july|august|september|october|november|december)|[ap] "
    r"m)\b\s*)++"
    r"|(?:[零〇一二两三四五六七八九十百半\d]|分钟?|点钟?|秒钟?|刻钟?|小时|钟头|天|日|号|月|年|周末?|星期|礼拜|工作日|早上?|晚上?|中午"
    r"|上午|下午|凌晨|傍晚|夜里|半夜|今|明|后天|大后天|下个?|每个?|隔|过|个|末|之后|以后|后|的|时候?|再|等|到|整|差|底|初|内|里"
    r"|一会儿|待会儿?|\s)++"
)
"""Any words that say when, and nothing else; in lower case without marks."""
