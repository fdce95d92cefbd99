"""How long a silence ends a turn, and which sounds are no turn at all.

Semantic endpointing scales the silence that is waited for between a shortest and a longest
value: by the turn detector's probability (prosody), by how the transcript ends (words), and by
the session's eagerness. No single voter decides alone, because each errs often (smart-turn cut
at 60 % of a sentence is wrong in many cases).
"""

from __future__ import annotations

import re

from kaikou.dialogue.session import TurnPolicy

_EAGERNESS = {"low": 2.0, "medium": 1.0, "auto": 1.0, "high": 0.6}

_UNFINISHED_EN = frozenset(
    "a an the and or but so because if when while that which who of to in on at for from with by about "
    "as than then is are was were am be been do does did will would can could should may might must have "
    "has had my your his her its our their this these those i we they he she um uh er erm hmm like well "
    "not very really just also into between i'm it's that's there's let's i'd i'll".split()
)
_UNFINISHED_ZH = (
    "的", "和", "跟", "与", "但是", "可是", "不过", "因为", "所以", "如果", "要是", "虽然", "然后", "还有",
    "就是", "那个", "这个", "比如", "比如说", "而且", "或者", "在", "把", "被", "给", "对", "从", "向", "嗯",
    "呃", "啊那", "我想", "我觉得", "我是", "我要", "就",
)  # fmt: skip
_FINISHED_ZH = ("吗", "呢", "吧", "了", "谢谢", "再见", "好的", "对吧", "没有", "什么", "多少", "哪里")

_BACKCHANNELS = frozenset(
    "mm mmm mhm mmhm mmhmm mm-hmm uh-huh uhhuh uh huh hm hmm hmmm ah oh ooh okay ok yeah yep yes right "
    "sure wow um er ahem huh "
    "嗯 嗯嗯 哦 噢 喔 啊 呃 对 对对 对对对 好 好的 是 是的 是啊 唔 哎 诶 嘿 哈 哈哈 哈哈哈 行".split()
)
_WORDS = re.compile(r"[\w'-]+", re.UNICODE)


def is_backchannel(text: str) -> bool:
    """True for sounds of listening ("mhm", "嗯嗯") and for no words at all: they do not take the
    floor. A chain of them ("yeah, okay") counts too, up to three."""
    words = _WORDS.findall(text.lower())
    return len(words) <= 3 and all(word in _BACKCHANNELS for word in words)


def completeness(transcript: str) -> float:
    """What the words alone say, from -1 (clearly goes on) to +1 (clearly finished)."""
    text = transcript.strip()
    if not text:
        return 0.0
    bare = text.rstrip(".。!！?？,，;；:：、…—- ")
    mark = text[len(bare) :].strip()[:1]
    if text.endswith(("...", "…", ",", "，", "、", "—", "-")):
        return -1.0
    last = _WORDS.findall(bare.lower())[-1:]
    if last and last[0] in _UNFINISHED_EN and mark not in ("?", "？"):
        return -0.8
    if bare.endswith(_FINISHED_ZH):
        return 0.8
    # Whisper closes nearly every Chinese fragment with a full stop: the word outweighs it.
    if bare.endswith(_UNFINISHED_ZH):
        return -0.6
    if mark in ("?", "？", "!", "！"):
        return 1.0
    return 0.5 if mark in (".", "。") else 0.0


def required_silence(
    policy: TurnPolicy,
    *,
    score: float | None,
    waiting: bool,
    transcript: str | None,
    shortest: float,
    longest: float,
) -> float:
    """Milliseconds of silence that end the turn.

    ``score`` is the turn detector's probability of completeness, ``waiting`` that it is still
    being asked; ``transcript`` None means not yet known. Result is within
    [shortest, longest * eagerness factor].
    """
    if policy.mode == "server_vad":
        return float(policy.silence_ms)
    factor = _EAGERNESS[policy.eagerness]
    if waiting and score is None:
        return longest * factor
    belief = 0.5 if score is None else score
    if transcript is not None:
        belief += 0.25 * completeness(transcript)
    belief = min(1.0, max(0.0, belief))
    # Quadratic: a confident "finished" is near the shortest wait, a doubt soon waits long.
    return max(shortest, (shortest + (longest - shortest) * (1.0 - belief) ** 2) * factor)
