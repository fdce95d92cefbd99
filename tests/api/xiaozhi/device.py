"""A device of our own making, and a server for it: what the firmware does, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
from api.live_server import Server, live_server, product
from asgi_server import serving
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from kaikou.accounts.middleware import GuardMiddleware
from kaikou.api import devices as devices_api
from kaikou.api import problems, xiaozhi
from kaikou.api.xiaozhi.desk import Desk, open_desk
from kaikou.api.xiaozhi.framing import Framing
from kaikou.api.xiaozhi.mqtt.broker import open_broker
from kaikou.audio.opus import OpusDecoder, OpusEncoder
from kaikou.devices.codes import BindingCodes
from kaikou.devices.firmware import FirmwareStore
from kaikou.devices.registry import DeviceRegistry
from kaikou.devices.tokens import DeviceTokens
from kaikou.engines.pool import Pool
from kaikou.engines.shelf import EngineShelf
from kaikou.store.devices import DeviceRepository
from kaikou.store.secrets import kept_secret

MAC, CLIENT = "aa:bb:cc:dd:ee:ff", "11111111-2222-3333-4444-555555555555"


@dataclass
class Home:
    """A running server as a device's owner sees it."""

    server: Server
    registry: DeviceRegistry
    desk: Desk
    port: int
    http: httpx.AsyncClient
    changes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ota(self, mac: str = MAC, client: str = CLIENT, **body: Any) -> dict[str, Any]:
        headers = {"Device-Id": mac, "Client-Id": client}
        answer = await self.http.post("/xiaozhi/ota/", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def bound(self, mac: str = MAC, client: str = CLIENT, **binding: Any) -> str:
        """Bind a device as its owner would; its token."""
        found = await self.ota(mac, client)
        if "activation" in found:
            body = {"code": found["activation"]["code"], **binding}
            answer = await self.http.post("/api/devices/bind", json=body)
            assert answer.status_code == 201, answer.text
        token: str = found["websocket"]["token"]
        return token

    @asynccontextmanager
    async def device(
        self, token: str | None = None, *, version: str = "1", path: str = "/xiaozhi/v1/", **hello: Any
    ) -> AsyncIterator[Device]:
        """A bound, connected device that said hello."""
        token = await self.bound() if token is None else token
        async with self.socket(token, version=version, path=path) as socket:
            device = Device(socket, Framing("mqtt" if "from=" in path else version))  # type: ignore[arg-type]
            await device.hello(**hello)
            yield device

    def socket(
        self,
        token: str,
        *,
        mac: str = MAC,
        client: str = CLIENT,
        version: str = "1",
        path: str = "/xiaozhi/v1/",
    ) -> Any:
        headers = {
            "Authorization": f"Bearer {token}",
            "Device-Id": mac,
            "Client-Id": client,
            "Protocol-Version": version,
        }
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            max_queue=None,
        )

    async def settled(self) -> None:
        await self.server.settled()


@dataclass
class Device:
    """Keeps every message with its time; decodes what it hears at the rate it was told."""

    socket: ClientConnection
    framing: Framing
    session: str = ""
    log: list[tuple[float, dict[str, Any] | bytes]] = field(default_factory=list)
    decoder: OpusDecoder | None = None
    encoder: OpusEncoder = field(default_factory=lambda: OpusEncoder(16_000, 60, complexity=0))
    pcm: list[np.ndarray] = field(default_factory=list)

    async def send(self, **message: Any) -> None:
        await self.socket.send(orjson.dumps({"session_id": self.session, **message}).decode())

    async def hello(self, **more: Any) -> dict[str, Any]:
        audio = {"format": "opus", "sample_rate": 16_000, "channels": 1, "frame_duration": 60}
        await self.socket.send(
            orjson.dumps(
                {"type": "hello", "version": 1, "transport": "websocket", "audio_params": audio, **more}
            ).decode()
        )
        answer = await self.until("hello")
        self.session = answer["session_id"]
        self.decoder = OpusDecoder(answer["audio_params"]["sample_rate"])
        return answer

    async def next(self, seconds: float = 10.0) -> dict[str, Any] | bytes:
        async with asyncio.timeout(seconds):
            received = await self.socket.recv()
        now = asyncio.get_running_loop().time()
        if isinstance(received, bytes):
            packet = self.framing.unpack(received).payload
            self.log.append((now, packet))
            if self.decoder is not None:
                self.pcm.append(self.decoder.decode(packet).samples)
            return packet
        message: dict[str, Any] = orjson.loads(received)
        self.log.append((now, message))
        return message

    async def until(self, kind: str, seconds: float = 10.0, **fields: Any) -> dict[str, Any]:
        """The next message of a type with those fields."""
        async with asyncio.timeout(seconds):
            while True:
                message = await self.next(seconds)
                if isinstance(message, bytes) or message["type"] != kind:
                    continue
                if all(message.get(name) == value for name, value in fields.items()):
                    return message

    async def speak(self, seconds: float, *, loud: bool = True) -> None:
        """Voice (or silence) as Opus packets, faster than time."""
        samples = (
            np.full(960, 0.4, np.float32) * np.sign(np.sin(np.arange(960) / 4)) if loud else np.zeros(960)
        )
        for _ in range(round(seconds / 0.06)):
            await self.packet(self.encoder.encode(samples.astype(np.float32)))

    async def packet(self, packet: bytes) -> None:
        await self.socket.send(self.framing.pack(packet, 0))

    async def ask(self) -> None:
        """One spoken turn in auto mode: two thirds of a second of voice, then silence."""
        await self.send(type="listen", state="start", mode="auto")
        await self.speak(0.66)
        await self.speak(1.8, loud=False)

    def names(self, after: int = 0) -> list[str]:
        """What came, in order: a run of audio is one ``audio``."""
        found: list[str] = []
        for _, one in self.log[after:]:
            name = "audio" if isinstance(one, bytes) else one["type"]
            if isinstance(one, dict) and name == "tts":
                name = f"tts {one['state']}"
            if name != "audio" or not found or found[-1] != "audio":
                found.append(name)
        return found

    def texts(self, kind: str, **fields: Any) -> list[str]:
        return [
            one["text"]
            for _, one in self.log
            if isinstance(one, dict)
            and one["type"] == kind
            and all(one.get(name) == value for name, value in fields.items())
            and "text" in one
        ]

    @property
    def packets(self) -> int:
        return sum(isinstance(one, bytes) for _, one in self.log)


@asynccontextmanager
async def home(folder: Path, *, more: Sequence[Any] = (), **changes: Any) -> AsyncIterator[Home]:
    """The devices' surface and its REST side on a free port. ``changes`` are settings."""
    async with live_server(folder, **changes) as server:
        runtime = server.runtime
        runtime.pool = Pool(runtime.settings.pool)
        runtime.shelf = EngineShelf(runtime.settings, runtime.pool, runtime.weights)
        desk = open_desk(runtime)
        changed: list[tuple[str, str]] = []
        settings = runtime.settings.xiaozhi
        runtime.devices = DeviceRegistry(
            DeviceRepository(runtime.database),
            FirmwareStore(folder / "firmware", settings.firmware_max_bytes),
            DeviceTokens(
                (await kept_secret(runtime.database, "devices")).encode(), settings.token_days * 86400
            ),
            BindingCodes(settings.code_minutes * 60),
            on_change=lambda one, change: changed.append((one, change)),
        )
        broker = await open_broker(runtime, desk) if settings.mqtt.enabled else None
        app = FastAPI()
        app.state.runtime = runtime
        problems.install(app)
        app.include_router(devices_api.router)
        app.include_router(xiaozhi.router)
        app.add_middleware(GuardMiddleware, guard=runtime.guard)
        try:
            async with serving(product(app, runtime.settings.limits.max_frame_bytes)) as (port, server.asgi):
                base = f"http://127.0.0.1:{port}"
                async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
                    yield Home(server, runtime.devices, desk, port, http, changed)
                runtime.draining = True
        finally:
            if broker is not None:
                await broker.close()
            await runtime.devices.close()
            await runtime.shelf.close()
            await runtime.pool.close()
