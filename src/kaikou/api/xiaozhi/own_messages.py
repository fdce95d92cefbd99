"""Messages to a device that are not the conversation's: an owner's ``custom`` payloads, a plugin's frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from kaikou.errors import InvalidInput

MOST_BYTES = 8_000
"""What fits into the firmware's buffer for a message over MQTT."""

_KEPT = frozenset({"hello", "goodbye", "mcp"})
"""What the session itself is kept by."""


def checked(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message, fit to be sent. InvalidInput ``not_sendable`` for what is none, is too long, or would have
    the device and the conversation disagree about who speaks."""
    kind = message.get("type")
    if not isinstance(kind, str) or not kind:
        raise _refused("a message is an object with a text as its type")
    if kind in _KEPT or (kind == "tts" and message.get("state") in ("start", "stop")):
        raise _refused(f"{kind} messages are the conversation's own")
    try:
        size = len(orjson.dumps(message))
    except TypeError as error:
        raise _refused(str(error)) from None
    if size > MOST_BYTES:
        raise _refused(f"it has {size} bytes, and devices take {MOST_BYTES}")
    return dict(message)


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"The message can't be sent to the device: {why}.", code="not_sendable")
