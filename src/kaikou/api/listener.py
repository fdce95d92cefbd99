"""The uvicorn server under the app: its socket, its protocol options, and how it stops."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from kaikou.api.line import LineProtocol
from kaikou.errors import SettingsError

CLOSE_SECONDS = 5
"""How long open requests may take to end once the port is closed."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. SettingsError where the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise cannot_listen(host, port, error) from None


def cannot_listen(host: str, port: int, error: OSError, param: str = "port") -> SettingsError:
    """Why the address cannot be listened on; ``param`` is the setting that names the port."""
    if error.errno == errno.EADDRINUSE:
        message = f"Port {port} on {host} is taken."
        hint = "Stop what uses it, or choose another: --port 8001."
    elif error.errno == errno.EACCES:
        message, hint = f"This user may not open port {port}.", "Choose a port above 1023."
    else:
        reason = error.strerror or str(error)
        message, hint = f"Cannot listen on {host}:{port}: {reason}.", "Check KAIKOU_HOST and KAIKOU_PORT."
    if param != "port":
        hint = f"Change {param}."
    return SettingsError(message, code="cannot_listen", hint=hint, param=param)


def options(
    app: ASGIApp, *, max_frame_bytes: int, certificate: Path | None = None, key: Path | None = None
) -> uvicorn.Config:
    """How uvicorn serves Kaikou. No pings (a device's own liveness decides), no deflate on sockets
    (audio does not compress, and it would cost a window per connection), no access log."""
    return uvicorn.Config(
        app,
        loop="asyncio" if sys.platform == "win32" else "uvloop",
        http="h11",
        ws=LineProtocol,
        # The surfaces answer a frame beyond the limit with an error; the line is cut only far beyond.
        ws_max_size=2 * max_frame_bytes,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=CLOSE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="on",
    )


class Listener(uvicorn.Server):
    """Serves one socket until a signal or :meth:`stop`.

    ``opened`` is called once the port answers. ``drain`` runs before the port is closed; it must be
    bounded by itself.
    """

    def __init__(
        self, config: uvicorn.Config, opened: Callable[[], None], drain: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._opened = opened
        self._drain = drain

    def stop(self) -> None:
        """End the server; callable from any thread."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._opened()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        draining = asyncio.ensure_future(self._drain())
        while not draining.done() and not self.force_exit:
            await asyncio.wait({draining}, timeout=0.1)
        draining.cancel()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM end the server, a second Ctrl-C at once. Unlike uvicorn's own, a signal
        that was obeyed is not raised again: a server that stopped as told exits with 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
