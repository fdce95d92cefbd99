"""A port for a program that is told which one to take, some seconds later."""

from __future__ import annotations

import errno
import secrets
import socket

_PORTS = range(20_000, 32_000)
"""Below those that systems give to whoever asks for any: another test's server or client may be given a free
one of these in the meantime."""


def free_port() -> int:
    """Free now, and by chance one that no other process of tests picks."""
    while True:
        port = secrets.choice(_PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return port
