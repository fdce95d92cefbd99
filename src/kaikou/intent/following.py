"""What is said right after a tool was called: the answer to what it asked, or the call put right.

"Remind me in a while." — "In how many minutes?" — "Twenty." Such words ask for nothing by themselves; what
they are about is in the call before them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from kaikou.engines.ports import Message, Tool, ToolCall
from kaikou.intent.examples import example_of
from kaikou.intent.matching import Fit, as_said
from kaikou.intent.words import joined

_LONGEST = 60
_LEAD = re.compile(
    r"^(?:(?:no|nope|sorry|oh|wait|actually|not that|hang on|well|and|or|okay|ok|rather|i said|i meant|i mean"
    r"|make it|make that|change it to|change that to|let's say|better|what about|how about)\b[\s]*)+"
    r"|^(?:不对|不是|不|错了|说错了|哦|等等|等一下|那么?|我说的是|我是说|我的意思是|我是想说|是|改成|改到|改为|换成|应该是|还是"
    r"|要不|对不起|抱歉|就)+"
)
_TAIL = re.compile(
    r"(?:\s*\b(?:please|instead|rather|then|thanks|thank you))+$|(?:呢|吧|好了|呀|啊|哦|谢谢)+$"
)
_TOO = re.compile(r"都|也|\b(?:instead|rather|too|as well)\b")
_NOTHING = re.compile(
    r"(?:no|yes|yeah|sure|ok|okay|none|nothing|never mind|nevermind|forget it"
    r"|(?:no )?thanks|(?:no )?thank you|what|why|stop|wait|hello|bye"
    r"|不用了?|不要了?|算了|没事了?|谢谢你?|好的?|嗯|对|是|行|可以|什么|为什么|再见)"
)


def following(words: str, messages: Sequence[Message], tools: Sequence[Tool]) -> Fit | None:
    """The call before, as these words complete or correct it; None where they do neither. Without a word of
    correction ("no", "I meant", "what about") they count only where a question was asked."""
    before = _before(messages)
    if before is None or len(words) > _LONGEST:
        return None
    call, asked = before
    tool = next((one for one in tools if one.name == call.name and one.follow), None)
    said = joined(words)
    bare = _TAIL.sub("", _LEAD.sub("", said)).strip()
    marked_so = asked or bare != said or _TOO.search(said)
    if tool is None or not bare or _NOTHING.fullmatch(bare) or not marked_so:
        return None
    for text in tool.follow:
        given = example_of(tool, text).arguments(bare)
        if given is not None:
            fresh = {name: as_said(value, words) for name, value in given.items()}
            marked = {tool.again: True} if tool.again else {}
            return Fit(tool, {**_arguments(call), **fresh, **marked})
    return None


def _before(messages: Sequence[Message]) -> tuple[ToolCall, bool] | None:
    """The last call of the turn before this one's, and whether its reply was a question."""
    turns = [at for at, one in enumerate(messages) if one.role == "user"]
    if len(turns) < 2:
        return None
    past = messages[turns[-2] + 1 : turns[-1]]
    calls = [call for one in past for call in one.tool_calls]
    spoken = " ".join(one.content for one in past if one.role == "assistant")
    return (calls[-1], "?" in spoken or "？" in spoken) if calls else None


def _arguments(call: ToolCall) -> dict[str, Any]:
    try:
        given = json.loads(call.arguments or "{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}
