"""Before a Realtime session: the subprotocol, and how a client is told that it is refused."""

from __future__ import annotations

import asyncio
import logging

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from kaikou.api.openai.server_events import error_event
from kaikou.errors import KaikouError

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""For telling a client that its socket ends."""

# The SDKs reconnect by themselves after 1001, 1005, 1006, 1011, 1012, 1013 and 1015, and no other code.
NORMAL, POLICY, FAILED, TRY_LATER, TAKEN_OVER = 1000, 1008, 1011, 1013, 4001


def pick_subprotocol(offered: list[str]) -> str | None:
    """``realtime`` where it is offered; else the first that carries no key (a browser gives up on
    a server that chooses none)."""
    if "realtime" in offered:
        return "realtime"
    return next((name for name in offered if not name.startswith("openai-")), None)


def refusal(error: KaikouError) -> str:
    """The event that tells why there will be no session."""
    return orjson.dumps({"event_id": "event_refused", **error_event(error)}).decode()


async def turn_away(websocket: WebSocket, error: KaikouError) -> None:
    """Tell an accepted client that there is no room, and close."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await websocket.send_text(refusal(error))
            await websocket.close(TRY_LATER, error.code)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        log.debug("a refused client was gone")
