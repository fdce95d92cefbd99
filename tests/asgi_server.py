"""An app on a free port of this machine, in the loop of the test."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

GRACE = 3.0
"""Seconds that open requests may take to end once the test is over."""


@asynccontextmanager
async def serving(config: uvicorn.Config) -> AsyncIterator[tuple[int, uvicorn.Server]]:
    """The port, and the server for who looks inside. Started and stopped as ``uvicorn.Server`` does it, but
    without its rounds of a tenth of a second: several hundred tests would wait for some of them each."""
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listening = socket.create_server(("127.0.0.1", 0))
    await server.startup(sockets=[listening])
    await server.on_tick(0)  # the Date header
    try:
        yield listening.getsockname()[1], server
    finally:
        await _stop(server)
        listening.close()


async def _stop(server: uvicorn.Server) -> None:
    for one in server.servers:
        one.close()
    state = server.server_state
    for connection in list(state.connections):
        connection.shutdown()
    try:
        async with asyncio.timeout(GRACE):
            while state.connections or state.tasks:
                await asyncio.sleep(0.005)
    except TimeoutError:
        for task in state.tasks:
            task.cancel()
    await server.lifespan.shutdown()
