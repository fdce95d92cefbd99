"""One device's MQTT connection: signed in, kept alive, its messages handed to its session.

No task belongs to a connection. What waits (signing in, opening a session) runs in a task for as long
as it takes, and nothing is read meanwhile: what the device sends stays in order, and in its own buffers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import orjson

from kaikou.api.runtime import live_service
from kaikou.api.xiaozhi import phrases
from kaikou.api.xiaozhi.identity import Claim, registry_of
from kaikou.api.xiaozhi.mqtt import packets as mqtt
from kaikou.api.xiaozhi.mqtt.credentials import PUBLISH_TOPIC, claim_of, topic_of
from kaikou.api.xiaozhi.mqtt.standby import Standby
from kaikou.api.xiaozhi.mqtt.talk import Talk
from kaikou.devices.device import Device, Sighting
from kaikou.errors import KaikouError, LimitReached, Unauthorized

if TYPE_CHECKING:
    from kaikou.api.xiaozhi.mqtt.broker import Broker

log = logging.getLogger(__name__)

LARGEST_CONNECT = 2 * 1024
_TOPIC_BYTES = 256
_AT_ONCE = 32
"""Packets taken before others have their turn."""
LONGEST_SILENCE = 600.0
"""Of a client that names no keep-alive; firmware says 240 s."""


class Client(asyncio.Protocol):
    """``broker`` holds what all connections share."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._desk = broker.desk
        self._runtime = broker.runtime
        self._settings = broker.runtime.settings.xiaozhi.mqtt
        self._loop = asyncio.get_running_loop()
        self._reader = mqtt.Reader(LARGEST_CONNECT)
        self._transport: asyncio.Transport | None = None
        self._claim: Claim | None = None
        self._talk: Talk | None = None
        self._working: asyncio.Task[None] | None = None
        self._again: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._silence = 0.0
        self._seen = 0.0
        self._ended = False
        self._topic = ""
        self._standby: Standby | None = None

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        assert self._transport is not None
        self._transport.set_write_buffer_limits(high=self._settings.max_unsent_bytes // 4)
        if not self._broker.enter(self):
            self.end("too_many_clients")
            return
        seconds = self._runtime.settings.xiaozhi.hello_seconds
        self._timer = self._loop.call_later(seconds, self.end, "no_hello")

    def connection_lost(self, exc: Exception | None) -> None:
        self.end("disconnected")

    def data_received(self, data: bytes) -> None:
        self._seen = self._loop.time()
        self._reader.feed(data)
        self._pump()

    def pause_writing(self) -> None:
        self._stalled = self._loop.call_later(self._settings.stalled_seconds, self.end, "slow_client")

    def resume_writing(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def end(self, reason: str) -> None:
        """Close the connection and the session on it. Safe to call twice."""
        if self._ended:
            return
        self._ended = True
        for handle in (self._timer, self._stalled, self._again):
            if handle is not None:
                handle.cancel()
        self._close_talk()
        if self._standby is not None:
            registry_of(self._runtime).detach(self._standby)
        self._broker.leave(self)
        self._desk.figures.ended[reason] += 1
        if self._claim is not None:
            self._desk.figures.connected -= 1
        if self._transport is not None:
            # Unsent bytes of one that does not read would keep the socket open for ever.
            if reason in {"slow_client", "silent"}:
                self._transport.abort()
            else:
                self._transport.close()

    @property
    def device_id(self) -> str:
        return self._claim.device_id if self._claim is not None else ""

    # -- packets

    def _pump(self) -> None:
        """Take what is complete, in order, until something has to wait."""
        self._again = None
        for _ in range(_AT_ONCE):
            if self._ended or self._working is not None:
                return
            try:
                packet = self._reader.next()
                if packet is None:
                    self._read_on()
                    return
                self._take(packet)
            except mqtt.Malformed as wrong:
                if isinstance(wrong, mqtt.WrongVersion):
                    self._write(mqtt.connack(mqtt.WRONG_VERSION))
                self._drop(str(wrong))
                self.end("malformed")
                return
        assert self._transport is not None
        self._transport.pause_reading()
        self._again = self._loop.call_soon(self._pump)

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _take(self, packet: mqtt.Packet) -> None:
        if isinstance(packet, mqtt.Connect) == (self._claim is not None):
            raise mqtt.Malformed("out_of_order")  # 3.1: CONNECT first, and once
        match packet:
            case mqtt.Connect():
                self._sign_in(packet)
            case mqtt.Publish(topic, payload, packet_id):
                if packet_id is not None:
                    self._write(mqtt.puback(packet_id))
                if topic == PUBLISH_TOPIC:
                    self._message(payload)
                else:
                    self._drop("unknown_topic")
            case mqtt.Subscribe(packet_id, filters):
                # What is for this device comes without a subscription; nothing else is to be had.
                codes = bytes(0 if one == self._topic else 0x80 for one in filters)
                self._write(mqtt.suback(packet_id, codes))
            case mqtt.Unsubscribe(packet_id):
                self._write(mqtt.unsuback(packet_id))
            case mqtt.Ping():
                self._write(mqtt.pingresp())
            case mqtt.Disconnect():
                self.end("disconnected")

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what waits; reading goes on after it."""
        assert self._transport is not None
        self._transport.pause_reading()
        self._working = self._broker.spawn(self._worked(work))

    async def _worked(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a device's message failed")
            self._drop("failed")
        self._working = None
        self._pump()

    # -- signing in

    def _sign_in(self, packet: mqtt.Connect) -> None:
        assert self._transport is not None and self._timer is not None
        peer = self._transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        try:
            claim = claim_of(packet, registry_of(self._runtime).tokens, address)
        except KaikouError as error:
            self._desk.figures.refused[error.code] += 1
            log.warning("a device was refused", extra={"code": error.code, "address": address})
            self._write(mqtt.connack(mqtt.WRONG_PASSWORD if isinstance(error, Unauthorized) else 3))
            self.end("refused")
            return
        self._claim = claim
        self._topic = topic_of(claim.device_id)
        self._desk.figures.connected += 1
        self._broker.know(self)
        mqtt_settings = self._runtime.settings.xiaozhi.mqtt
        self._reader.most = mqtt_settings.max_message_bytes + _TOPIC_BYTES
        self._timer.cancel()
        # 3.1.2.10: one and a half times what the client promised.
        self._silence = 1.5 * packet.keep_alive or LONGEST_SILENCE
        self._timer = self._loop.call_later(self._silence, self._look)
        self._write(mqtt.connack(mqtt.ACCEPTED))
        self._broker.spawn(self._stand_by())

    async def _stand_by(self) -> None:
        """Let a bound device be found while it is in no conversation."""
        assert self._claim is not None
        registry = registry_of(self._runtime)
        try:
            device = await registry.sighted(self._sighting)
        except KaikouError as error:
            self._drop(error.code)
            return
        free = registry.online(self._claim.device_id) is None
        if device is not None and free and self._talk is None and not self._ended:
            self._standby = Standby(device.id, device.language or None, registry, self._tell)
            await registry.attach(self._standby)

    def _look(self) -> None:
        """Is the device still there? Looked at when it should have spoken, not at every packet."""
        left = self._seen + self._silence - self._loop.time()
        if left <= 0 and self._working is None:
            self.end("silent")
        else:
            self._timer = self._loop.call_later(max(left, 1.0), self._look)

    # -- messages

    def _message(self, payload: bytes) -> None:
        try:
            message = orjson.loads(payload)
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            self._drop("malformed_json")
            return
        talk = self._talk
        match message["type"]:
            case "hello":
                self._work(self._hello(message))
            case "goodbye":
                # One for a session that is over already is an echo, and never answered.
                if talk is not None and message.get("session_id") in (None, "", talk.id):
                    self._desk.figures.ended["goodbye"] += 1
                    self._close_talk()
                    self._broker.spawn(self._stand_by())
            case _ if talk is None:
                self._drop("before_hello")
            case _:
                try:
                    talk.receive(message)
                except KaikouError as error:
                    self._drop(error.code)
                except Exception:
                    log.exception("a device's message failed")
                    self._drop("failed")

    async def _hello(self, message: dict[str, Any]) -> None:
        """A session anew; the one before is over, whether its goodbye came or not."""
        self._close_talk()
        claim = self._claim
        assert claim is not None
        device: Device | None = None
        try:
            live_service(self._runtime)
            # Asked each time: a device may be bound or unbound while it is connected.
            device = await registry_of(self._runtime).sighted(self._sighting)
            most = self._runtime.settings.xiaozhi.max_unbound
            if device is None and self._desk.unbound >= most:
                raise LimitReached("Too many devices wait to be bound.", code="too_many_unbound", status=503)
            if self._ended:
                return
            broker = self._broker
            talk = self._talk = Talk(
                self._runtime,
                self._desk,
                broker.datagrams,
                claim,
                device,
                message,
                publish=self._publish,
                over=self._over,
            )
            await talk.open(broker.address_for(claim, self._local), broker.udp_port)
        except KaikouError as error:
            self._close_talk()
            self._desk.figures.refused[error.code] += 1
            language = device.language if device is not None else None
            self._tell(type="alert", status=phrases.failed(language), message=str(error), emotion="sad")
            self._tell(type="goodbye")

    def _over(self, talk: Talk, reason: str) -> None:
        if talk is self._talk:
            self._desk.figures.ended[reason] += 1
            self._close_talk()
            self._broker.spawn(self._stand_by())

    def _close_talk(self) -> None:
        talk, self._talk = self._talk, None
        session = talk.close() if talk is not None else None
        if session is not None:
            self._broker.spawn(session.conversation.close("device gone"))

    @property
    def _sighting(self) -> Sighting:
        assert self._claim is not None
        return Sighting(self._claim.device_id, self._claim.client_id, address=self._claim.address)

    @property
    def _local(self) -> str:
        assert self._transport is not None
        return str(self._transport.get_extra_info("sockname")[0])

    # -- to the device

    def _tell(self, **body: Any) -> None:
        self._publish(orjson.dumps(body))

    def _publish(self, payload: bytes) -> None:
        self._write(mqtt.publish(self._topic, payload))

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > self._settings.max_unsent_bytes:
            self._loop.call_soon(self.end, "slow_client")

    def _drop(self, reason: str) -> None:
        self._desk.figures.dropped[reason] += 1
