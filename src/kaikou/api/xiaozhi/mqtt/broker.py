"""The broker's two ports, and the connections on them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any
from urllib.parse import urlsplit

from kaikou.api.listener import cannot_listen
from kaikou.api.runtime import Runtime
from kaikou.api.xiaozhi.desk import Desk
from kaikou.api.xiaozhi.identity import Claim
from kaikou.api.xiaozhi.mqtt.client import Client
from kaikou.api.xiaozhi.mqtt.datagrams import Datagrams
from kaikou.devices.registry import ANEW

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0


class Broker:
    """Made by :func:`open_broker`; belongs to one event loop."""

    def __init__(self, runtime: Runtime, desk: Desk) -> None:
        self.runtime = runtime
        self.desk = desk
        self.datagrams = Datagrams(self._drop)
        self._clients: set[Client] = set()
        self._known: dict[str, Client] = {}
        """Those signed in, by device."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. SettingsError where a port cannot be had."""
        loop = asyncio.get_running_loop()
        settings = self.runtime.settings
        mqtt = settings.xiaozhi.mqtt
        host = mqtt.host or settings.host
        try:
            self._server = await loop.create_server(lambda: Client(self), host, mqtt.port)
        except OSError as error:
            raise cannot_listen(host, mqtt.port, error, "xiaozhi.mqtt.port") from None
        try:
            await loop.create_datagram_endpoint(lambda: self.datagrams, (host, mqtt.udp_port))
        except OSError as error:
            self._server.close()
            raise cannot_listen(host, mqtt.udp_port, error, "xiaozhi.mqtt.udp_port") from None

    async def close(self) -> None:
        """End every connection, and wait until their conversations are closed."""
        if self._server is not None:
            self._server.close()
        for client in list(self._clients):
            client.end("server_stopping")
        self.datagrams.close()
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)
            for task in left:
                task.cancel()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def udp_port(self) -> int:
        return self.datagrams.port

    @property
    def clients(self) -> int:
        return len(self._clients)

    def address_for(self, claim: Claim, local: str) -> str:
        """Where a device finds this server: the setting, else what it called, else where it came in."""
        return self.runtime.settings.xiaozhi.mqtt.address or urlsplit(claim.base).hostname or local

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something short that waits; it ends with the broker at the latest. What fails is logged."""
        task = asyncio.get_running_loop().create_task(work, name="mqtt")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what a device began failed", exc_info=error)

    # -- of the connections

    def enter(self, client: Client) -> bool:
        """False where there is no place."""
        if len(self._clients) >= self.runtime.settings.xiaozhi.mqtt.max_clients:
            return False
        self._clients.add(client)
        return True

    def know(self, client: Client) -> None:
        """The client signed in. An older connection of its device is dead, whatever the network says."""
        before = self._known.get(client.device_id)
        self._known[client.device_id] = client
        if before is not None:
            before.end(ANEW)

    def leave(self, client: Client) -> None:
        self._clients.discard(client)
        if self._known.get(client.device_id) is client:
            del self._known[client.device_id]

    def _drop(self, reason: str) -> None:
        self.desk.figures.dropped[reason] += 1


async def open_broker(runtime: Runtime, desk: Desk) -> Broker:
    """The broker of this server, listening; to be closed with it."""
    broker = Broker(runtime, desk)
    await broker.open()
    desk.broker = broker
    return broker
