"""Values of such a file: what says something, and what only stands for what is to be filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(
    r"你的|您的|填写|(?<![a-z])your[-_ ]|xxxx|-xxx$|^<.*>$|^(?:none|null)$", re.IGNORECASE
)


def is_placeholder(text: str) -> bool:
    """Whether the words tell what to write there, as the shipped file does."""
    return _PLACEHOLDER.search(text) is not None


def says_nothing(value: Any) -> bool:
    """Whether nothing is lost where nobody reads it."""
    if isinstance(value, Mapping):
        return all(map(says_nothing, value.values()))
    if isinstance(value, list):
        return all(map(says_nothing, value))
    if isinstance(value, str):
        return not value.strip() or is_placeholder(value)
    return value is None or value is False


def texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValueError("a list is needed")
    return [str(one) for one in value if str(one).strip()]


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


def recordings_kept(value: Any) -> bool | None:
    """``delete_audio: false`` keeps recordings; true is the default here."""
    return None if truth(value) else True


def devices(value: Any) -> list[str] | None:
    """Without the address that the shipped file shows as an example: whoever claims it would be let in."""
    return [one for one in texts(value) if one.strip() != "11:22:33:44:55:66"] or None


def port_of(value: Any) -> int:
    """The port of ``host:port``."""
    return int(str(value).rpartition(":")[2])
