"""From a frame to what it does, and from whatever goes wrong to an ``error`` event."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from kaikou.api.openai import client_events as ce
from kaikou.api.openai.live_session import LiveSession
from kaikou.api.openai.server_events import error_body, error_event
from kaikou.errors import InvalidInput, KaikouError

log = logging.getLogger(__name__)

LARGE_FRAME = 64 * 1024
"""Characters beyond which a frame is parsed off the loop."""


async def read_frame(frame: str | bytes, limit: int) -> dict[str, Any]:
    """The JSON object in a frame. InvalidInput; ``message_too_large`` beyond ``limit`` bytes."""
    if len(frame) > limit:
        raise InvalidInput(
            f"The message has {len(frame)} bytes; at most {limit} are taken.",
            code="message_too_large",
            hint="Send audio in smaller pieces.",
        )
    if len(frame) > LARGE_FRAME:
        return await asyncio.to_thread(ce.read, frame)
    return ce.read(frame)


def client_event_id(raw: dict[str, Any]) -> str | None:
    """The id the client gave its event, where it gave a usable one."""
    found = raw.get("event_id")
    return found if isinstance(found, str) else None


def report(session: LiveSession, error: BaseException, event_id: str | None) -> None:
    """Tell the client; the session lives on. What nobody foresaw goes to the log as well."""
    if isinstance(error, KaikouError):
        session.emit(error_event(error, event_id))
        return
    log.error("a realtime event could not be handled", exc_info=error)
    body = error_body("server_error", "internal_error", "The server failed on this event.", event_id=event_id)
    session.emit({"type": "error", "error": body})
