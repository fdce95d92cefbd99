"""Emotion tags and emoji in a reply: shown, never spoken.

A reply may say how it feels with a tag (``[happy] Nice to see you``) or an emoji. The 21 names
are those that xiaozhi devices can draw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

EMOTIONS: dict[str, str] = {
    "neutral": "😶",
    "happy": "🙂",
    "laughing": "😆",
    "funny": "😂",
    "sad": "😔",
    "angry": "😠",
    "crying": "😭",
    "loving": "😍",
    "embarrassed": "😳",
    "surprised": "😯",
    "shocked": "😱",
    "thinking": "🤔",
    "winking": "😉",
    "cool": "😎",
    "relaxed": "😌",
    "delicious": "🤤",
    "kissy": "😘",
    "confident": "😏",
    "sleepy": "😴",
    "silly": "😜",
    "confused": "🙄",
}
"""Emotion name to the emoji that pictures it."""

_BY_EMOJI = {emoji: name for name, emoji in EMOTIONS.items()} | {
    "😀": "happy", "😃": "happy", "😄": "happy", "😊": "happy", "🙂": "happy", "☺": "happy", "👍": "happy",
    "🎉": "happy", "😁": "laughing", "🤣": "funny", "😅": "embarrassed", "😢": "sad", "🙁": "sad", "☹": "sad",
    "😞": "sad", "😡": "angry", "🥰": "loving", "❤": "loving", "😮": "surprised", "😲": "surprised",
    "🤯": "shocked", "😋": "delicious", "😗": "kissy", "🥱": "sleepy", "😝": "silly", "😕": "confused",
}  # fmt: skip

_IN_CHINESE = {
    "平静": "neutral", "开心": "happy", "高兴": "happy", "微笑": "happy", "大笑": "laughing", "搞笑": "funny",
    "难过": "sad", "悲伤": "sad", "伤心": "sad", "生气": "angry", "愤怒": "angry", "哭泣": "crying",
    "喜爱": "loving", "爱": "loving", "尴尬": "embarrassed", "害羞": "embarrassed", "惊讶": "surprised",
    "吃惊": "surprised", "震惊": "shocked", "思考": "thinking", "眨眼": "winking", "酷": "cool",
    "放松": "relaxed", "美味": "delicious", "亲亲": "kissy", "自信": "confident", "困": "sleepy",
    "调皮": "silly", "困惑": "confused", "疑惑": "confused",
}  # fmt: skip
"""Small models translate the tags they were asked for."""

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U00002600-\U000027bf\U00002b00-\U00002bff\U0001f1e6-\U0001f1ff"
    "\U00002190-\U000021ff\U0000fe00-\U0000fe0f\U0000200d\U000020e3\U000e0020-\U000e007f]"
)
_TAG = re.compile(r"[\[【]\s*(" + "|".join([*EMOTIONS, *_IN_CHINESE]) + r")\s*[\]】]", re.IGNORECASE)
_CLOSED = re.compile(r"[\]】]")
_LONGEST_TAG = max(map(len, EMOTIONS)) + 4


@dataclass(frozen=True, slots=True)
class Emotion:
    name: str
    emoji: str


def strip_emoji(text: str) -> str:
    """The text without emoji, pictographs and variation marks."""
    return _EMOJI.sub("", text)


class EmotionFilter:
    """Takes tags and emoji out of streamed text.

    ``feed`` returns the words that may be shown and spoken; text that might still become a tag
    is held back until it is known. ``emotion`` is the first one met, tag before emoji within
    a piece.
    """

    def __init__(self) -> None:
        self._held = ""
        self._started = False
        self.emotion: Emotion | None = None

    def feed(self, delta: str) -> str:
        text = self._held + delta
        self._held = ""
        opening = max(text.rfind("["), text.rfind("【"))
        if opening >= 0 and not _CLOSED.search(text, opening) and len(text) - opening < _LONGEST_TAG:
            text, self._held = text[:opening], text[opening:]
        return self._clean(text)

    def finish(self) -> str:
        """What was held back, now that no more comes."""
        text, self._held = self._held, ""
        return self._clean(text)

    def _clean(self, text: str) -> str:
        if not text:
            return ""
        if self.emotion is None:
            tag = _TAG.search(text)
            if tag:
                name = tag.group(1).lower()
                self._see(_IN_CHINESE.get(name, name))
            else:
                for character in text:
                    if character in _BY_EMOJI:
                        self._see(_BY_EMOJI[character])
                        break
        text = _EMOJI.sub("", _TAG.sub("", text))
        if not self._started:
            text = text.lstrip()
            self._started = bool(text)
        return text

    def _see(self, name: str) -> None:
        self.emotion = Emotion(name, EMOTIONS[name])
