"""A WebSocket's messages by plain calls, past ASGI's queue, its tasks and the framework's wrappers.

At 50 messages a second and session those cost more than what is done with most messages. Only
what can be done at once goes this way; everything else takes the ordinary one, and so does all
under another server than the project's own, where :func:`line_of` finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

EXTENSION = "kaikou.line"
_NEEDED = ("conn", "queue", "transport", "writable", "disconnected", "close_sent", "handshake_complete")
"""What is used of uvicorn's protocol. A version without one of these is served the ordinary way."""


class Line:
    """One accepted socket, as the server sees it. Used on the event loop only."""

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol
        self.tap: Callable[[str | bytes], bool] | None = None
        """Shown each message that has none before it waiting; False where it must be queued for
        ``receive`` as usual. Must not raise."""

    def write(self, message: str | bytes) -> bool:
        """Send at once. False where the message has to wait its turn, or the socket is going."""
        protocol = self._protocol
        if not protocol.writable.is_set() or protocol.disconnected or protocol.close_sent:
            return False
        if not protocol.handshake_complete:
            return False
        try:
            if isinstance(message, str):
                protocol.conn.send_text(message.encode())
            else:
                protocol.conn.send_binary(message)
        except InvalidState:
            return False
        protocol.transport.write(b"".join(protocol.conn.data_to_send()))
        return True


class LineProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which offers its :class:`Line` as an ASGI extension."""

    _line: Line | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        scope: dict[str, Any] | None = getattr(self, "scope", None)  # none where the handshake failed
        if scope is not None and all(hasattr(self, name) for name in _NEEDED):
            self._line = Line(self)
            scope["extensions"][EXTENSION] = self._line

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            # A socket that was answered with a response is no handshake that the app forgot.
            self.handshake_complete = True

    def send_receive_event_to_app(self) -> None:
        tap = self._line.tap if self._line is not None else None
        if tap is not None and self.queue.empty() and not self.close_sent and len(self.frames) == 1:
            data = bytes(self.frames[0])
            try:
                message = data.decode() if self.curr_msg_data_type == "text" else data
            except UnicodeDecodeError:
                pass  # uvicorn closes the socket for it
            else:
                if tap(message):
                    self.frames = []
                    return
        super().send_receive_event_to_app()


def line_of(websocket: WebSocket) -> Line | None:
    """The socket's line, or None under a server that has none."""
    found = websocket.scope.get("extensions", {}).get(EXTENSION)
    return found if isinstance(found, Line) else None
