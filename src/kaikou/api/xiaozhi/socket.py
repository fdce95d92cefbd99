"""``/xiaozhi/v1/``: a device's socket, from its handshake to the last freed task."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from kaikou.api.ended import first_of
from kaikou.api.line import line_of
from kaikou.api.outbox import Outbox, SlowClient
from kaikou.api.runtime import Runtime, live_service, runtime_of
from kaikou.api.xiaozhi import phrases
from kaikou.api.xiaozhi.desk import Desk, desk_of
from kaikou.api.xiaozhi.framing import BadFrame, framing_of
from kaikou.api.xiaozhi.hello import ClientHello, read_hello
from kaikou.api.xiaozhi.identity import Claim, admit, claim_of, registry_of
from kaikou.api.xiaozhi.link import Link
from kaikou.api.xiaozhi.opening import Session, Wire, announce, open_session
from kaikou.devices.device import Device
from kaikou.devices.registry import ANEW
from kaikou.errors import KaikouError, LimitReached

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

NORMAL, POLICY, TRY_LATER, REPLACED = 1000, 1008, 1013, 4001


class Ended(Exception):
    """The connection ends. ``code`` None: the device is gone already."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.get("/xiaozhi/v1")
@router.get("/xiaozhi/v1/")
async def look() -> PlainTextResponse:
    """A person, or a proxy's health check."""
    return PlainTextResponse("Server is running\n")


@router.websocket("/xiaozhi/v1")
@router.websocket("/xiaozhi/v1/")
async def device_socket(websocket: WebSocket) -> None:
    """A device. Refused with 401 or 403 before it is accepted where it is not who it says."""
    runtime = runtime_of(websocket)
    desk = desk_of(runtime)
    try:
        claim = claim_of(websocket)
        device = await admit(runtime, claim)
        if device is None and desk.unbound >= runtime.settings.xiaozhi.max_unbound:
            raise LimitReached("Too many devices wait to be bound.", code="too_many_unbound", status=503)
        live_service(runtime)
    except KaikouError as error:
        desk.figures.refused[error.code] += 1
        address = websocket.client.host if websocket.client else ""
        log.warning("a device was refused", extra={"code": error.code, "address": address})
        await _deny(websocket, error)
        return
    await websocket.accept()
    await Connection(websocket, runtime, desk, claim, device).serve()


async def _deny(websocket: WebSocket, error: KaikouError) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        body = {"success": False, "message": str(error), "code": error.code}
        await websocket.send_denial_response(JSONResponse(body, status_code=error.status))
    else:
        await websocket.close(POLICY, error.code)


class Connection:
    """One socket: hello, the receive loop, the send loop, and leaving."""

    def __init__(
        self, websocket: WebSocket, runtime: Runtime, desk: Desk, claim: Claim, device: Device | None
    ) -> None:
        self._websocket = websocket
        self._runtime = runtime
        self._desk = desk
        self._claim = claim
        self._device = device
        self._framing = framing_of(claim.protocol_version, gateway=claim.gateway)
        self._line = line_of(websocket)
        self._settings = settings = runtime.settings.xiaozhi
        self._outbox: Outbox[str | bytes] = Outbox(
            write=self._line.write if self._line else None,
            max_messages=settings.outbox_messages,
            max_chars=settings.outbox_bytes,
            send_timeout=settings.send_seconds,
        )
        self._session: Session | None = None
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Run to the end, and free everything."""
        self._desk.figures.connected += 1
        self._desk.unbound += self._device is None
        link: Link | None = None
        registry = registry_of(self._runtime)
        end = Ended(None, "failed")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._outbox.drain(self._send))
                group.create_task(self._watch())
                self._session = await self._begin()
                link = Link(self._claim.device_id, "websocket", self._session, self.leave)
                if await announce(self._runtime, self._claim, self._device, link):
                    self._session.open()
                    if self._line is not None:
                        self._line.tap = self._take
                # A task of its own: the framework's many coroutines are not woken with each message.
                group.create_task(self._receive())
        except* Ended as ends:
            end = first_of(ends)
        except* SlowClient:
            end = Ended(TRY_LATER, "slow_client")
        except* (WebSocketDisconnect, RuntimeError) as lost:
            # Starlette raises RuntimeError when a send finds the socket closed; anything else is news.
            if self._websocket.client_state is WebSocketState.CONNECTED and lost.subgroup(RuntimeError):
                log.error("a device's socket failed", exc_info=lost)
            end = Ended(None, "disconnected")
        finally:
            self._desk.figures.connected -= 1
            self._desk.unbound -= self._device is None
            self._desk.figures.ended[end.reason] += 1
            if self._line is not None:
                self._line.tap = None
            if link is not None:
                registry.detach(link)
            if self._session is not None:
                self._session.close()
                await self._session.conversation.close("device gone")
            await self._close(end)

    def leave(self, reason: str) -> None:
        """End the connection once what was said is sent. Safe to call twice."""
        if not self._ended.done():
            self._ended.set_result(reason)

    # -- coming in

    async def _begin(self) -> Session:
        hello = await self._await_hello()
        try:
            wire = Wire("websocket", self._framing, self._outbox.put, self._drop, self.leave)
            return await open_session(self._runtime, self._desk, self._claim, self._device, hello, wire)
        except KaikouError as error:
            language = self._device.language if self._device else None
            body = {
                "type": "alert",
                "status": phrases.failed(language),
                "message": str(error),
                "emotion": "sad",
            }
            self._outbox.put(orjson.dumps(body).decode())
            await self._outbox.flushed()
            raise Ended(TRY_LATER, error.code) from None

    async def _await_hello(self) -> ClientHello:
        try:
            async with asyncio.timeout(self._settings.hello_seconds):
                while True:
                    message = self._read(await self._next())
                    if isinstance(message, dict) and message.get("type") == "hello":
                        return read_hello(message)
                    self._drop("before_hello")
        except TimeoutError:
            raise Ended(POLICY, "no_hello") from None

    # -- being there

    async def _receive(self) -> None:
        while True:
            self._take(await self._next())

    async def _next(self) -> str | bytes:
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise Ended(None, "disconnected")
        text: str | None = received.get("text")
        return text if text is not None else received.get("bytes") or b""

    def _take(self, raw: str | bytes) -> bool:
        """Do what a message says; never raises. True: it was done at once."""
        session = self._session
        assert session is not None, "messages are taken once the session is open"
        try:
            message = self._read(raw)
            if isinstance(message, dict):
                session.receive(message)
            elif message is not None:
                session.hear(message)
        except KaikouError as error:
            self._drop(error.code)
        except Exception:
            log.exception("a device's message failed")
            self._drop("failed")
        return True

    def _read(self, raw: str | bytes) -> dict[str, Any] | bytes | None:
        """A JSON object, an audio packet, or None for what cannot be used (counted, and forgotten)."""
        text = raw
        if isinstance(raw, bytes):
            try:
                frame = self._framing.unpack(raw)
            except BadFrame as bad:
                self._drop(str(bad))
                return None
            if not frame.json:
                return frame.payload
            text = frame.payload
        if len(text) > self._settings.max_text_chars:
            self._drop("too_long")
            return None
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            self._drop("malformed_json")
            return None
        if isinstance(message, dict) and isinstance(message.get("type"), str):
            return message
        self._drop("malformed_json")
        return None

    def _drop(self, reason: str) -> None:
        self._desk.figures.dropped[reason] += 1

    async def _send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._websocket.send_text(message)
        else:
            await self._websocket.send_bytes(message)

    async def _watch(self) -> None:
        """End for reasons of the server's own."""
        overflowed = asyncio.ensure_future(self._outbox.overflowed.wait())
        either: set[asyncio.Future[Any]] = {self._ended, overflowed}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            overflowed.cancel()
        if not self._ended.done():
            raise SlowClient
        await self._outbox.flushed()
        raise Ended(REPLACED if self._ended.result() == ANEW else NORMAL, self._ended.result())

    async def _close(self, end: Ended) -> None:
        if end.code is None or self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(self._settings.send_seconds):
                await self._websocket.close(end.code, end.reason[:100])
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return  # it went first
