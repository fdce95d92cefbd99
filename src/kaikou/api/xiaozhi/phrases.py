"""The few sentences the surface itself has an agent say."""

from __future__ import annotations

import re

_NOT_WORDS = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """For comparing what was said: no case, blanks or punctuation."""
    return _NOT_WORDS.sub("", text).casefold()


def _chinese(language: str | None) -> bool:
    return not language or language.lower().startswith("zh")


def woken(language: str | None) -> str:
    """The answer to the wake word where the agent has no greeting."""
    return "我在。" if _chinese(language) else "I'm here."


def farewell(language: str | None) -> str:
    """Leave is taken so."""
    return "那我先下线啦，再见！" if _chinese(language) else "I'll leave you for now. Goodbye!"


def say_code(code: str, language: str | None) -> str:
    """The binding code, digit by digit."""
    if _chinese(language):
        return f"请在设备页面输入{'，'.join(code)}，绑定这台设备。"
    return f"To bind this device, enter {', '.join(code)} on the devices page."


def show_code(code: str, language: str | None) -> tuple[str, str]:
    """Title and text of the binding code on a display."""
    return ("激活设备", f"绑定码 {code}") if _chinese(language) else ("Activation", f"Code {code}")


def failed(language: str | None) -> str:
    """Title of an error on a display."""
    return "错误" if _chinese(language) else "Error"


def message(language: str | None) -> str:
    """Over words that are shown because they cannot be spoken now."""
    return "消息" if _chinese(language) else "Message"
