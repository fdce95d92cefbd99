"""One session over MQTT and UDP, from a hello to a goodbye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from kaikou.api.runtime import Runtime
from kaikou.api.xiaozhi.desk import Desk
from kaikou.api.xiaozhi.hello import read_hello
from kaikou.api.xiaozhi.identity import Claim, registry_of
from kaikou.api.xiaozhi.link import Link
from kaikou.api.xiaozhi.mqtt.datagrams import Datagrams, Stream
from kaikou.api.xiaozhi.opening import Session, Wire, announce, open_session
from kaikou.devices.device import Device
from kaikou.errors import KaikouError

Body = dict[str, Any]


class Talk:
    """Made for a hello; ``open`` answers it. ``publish`` sends a message to the device, ``over`` is told
    with a reason once the session ended by itself. All but ``open`` never waits."""

    def __init__(
        self,
        runtime: Runtime,
        desk: Desk,
        datagrams: Datagrams,
        claim: Claim,
        device: Device | None,
        hello: Body,
        *,
        publish: Callable[[bytes], None],
        over: Callable[[Talk, str], None],
    ) -> None:
        self._runtime = runtime
        self._desk = desk
        self._claim = claim
        self._device = device
        self._hello = read_hello(hello)
        self._publish = publish
        self._over = over
        self._stream = Stream(datagrams, self._hello.format, self._hear, self._drop)
        self._session: Session | None = None
        self._link: Link | None = None
        self._closed = False
        desk.unbound += device is None

    async def open(self, server: str, udp_port: int) -> None:
        """Answer the hello; the device finds the sound at ``server``. KaikouError where there is no
        place; the talk is to be closed then, too."""
        told = {
            "version": 3,
            "udp": {
                "server": server,
                "port": udp_port,
                "encryption": "aes-128-ctr",
                "key": self._stream.key.hex(),
                "nonce": self._stream.nonce.hex(),
            },
        }
        wire = Wire("udp", self._stream, self._send, self._drop, self._leave, told)
        session = await open_session(self._runtime, self._desk, self._claim, self._device, self._hello, wire)
        if self._closed:  # the device went while the session was opened
            session.close()
            await session.conversation.close("device gone")
            return
        self._session = session
        self._link = Link(self._claim.device_id, "mqtt", session, self._leave)
        if await announce(self._runtime, self._claim, self._device, self._link) and not self._closed:
            session.open()

    @property
    def id(self) -> str:
        """The session's id; empty until it is opened."""
        return self._session.conversation.id if self._session is not None else ""

    def receive(self, message: Body) -> None:
        """A message of the device. Raises KaikouError where the conversation cannot do it."""
        if self._session is not None:
            self._session.receive(message)

    def close(self) -> Session | None:
        """Free everything but the conversation, which the caller closes. Safe to call twice."""
        if self._closed:
            return None
        self._closed = True
        self._stream.close()
        self._desk.unbound -= self._device is None
        if self._link is not None:
            registry_of(self._runtime).detach(self._link)
        if self._session is not None:
            self._session.close()
        return self._session

    def _hear(self, packet: bytes) -> None:
        if self._session is None:
            return
        try:
            self._session.hear(packet)
        except KaikouError as error:
            self._drop(error.code)

    def _send(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self._stream.send(message)
        else:
            self._publish(message.encode())

    def _leave(self, reason: str) -> None:
        """The server ends the session: the device is told, and answers nothing."""
        if self._closed:
            return
        self._publish(orjson.dumps({"type": "goodbye", "session_id": self.id}))
        self._over(self, reason)

    def _drop(self, reason: str) -> None:
        self._desk.figures.dropped[reason] += 1
