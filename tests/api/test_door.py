"""The door answers before the app is there, and hands over once it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from kaikou.api.door import Door
from kaikou.errors import SettingsError


class Server:
    """A door with its lifespan run by hand, and a client."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://kaikou")
        self._events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.sent: list[str] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Server:
        async def send(message: dict[str, str]) -> None:
            self.sent.append(message["type"])

        self._task = asyncio.create_task(self.door({"type": "lifespan"}, self._events.get, send))
        await self._events.put({"type": "lifespan.startup"})
        while not self.sent:
            await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._events.put({"type": "lifespan.shutdown"})
        assert self._task is not None
        await asyncio.wait_for(self._task, 5)
        await self.client.aclose()


class Building:
    """An app whose building takes until ``ready`` is set."""

    def __init__(self, error: Exception | None = None) -> None:
        self.ready = asyncio.Event()
        self.closed = False
        self.error = error

    @asynccontextmanager
    async def build(self) -> AsyncIterator[Starlette]:
        await self.ready.wait()
        if self.error is not None:
            raise self.error
        yield Starlette(routes=[Route("/{path:path}", lambda _request: PlainTextResponse("the app"))])
        self.closed = True


async def test_the_port_answers_before_the_app_is_built() -> None:
    building = Building()
    async with Server(Door(building.build, failed=lambda: None)) as server:
        assert server.sent == ["lifespan.startup.complete"]
        alive = await server.client.get("/health")
        assert (alive.status_code, alive.json()["status"], alive.json()["model_loaded"]) == (
            200,
            "healthy",
            False,
        )
        deep = (await server.client.get("/api/health")).json()
        assert deep["status"] == "starting"
        assert {"stt", "llm", "tts", "session_manager", "request_manager"} <= set(deep["services"])
        assert (await server.client.get("/ready")).status_code == 503
        page = await server.client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert "content-security-policy" in page.headers
        as_json = await server.client.get("/", headers={"accept": "application/json"})
        assert as_json.json()["status"] == "starting"

        waiting = asyncio.create_task(server.client.get("/v1/models"))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        building.ready.set()
        assert (await asyncio.wait_for(waiting, 5)).text == "the app"
        assert (await server.client.get("/health")).text == "the app"
    assert building.closed


async def test_an_app_that_cannot_be_built_stops_the_server() -> None:
    building = Building(SettingsError("The port is green."))
    failed: list[bool] = []
    door = Door(building.build, failed=lambda: failed.append(True))
    async with Server(door) as server:
        waiting = asyncio.create_task(server.client.get("/v1/models"))
        await asyncio.sleep(0.01)
        building.ready.set()
        assert (await asyncio.wait_for(waiting, 5)).status_code == 503
    assert failed == [True]
    assert isinstance(door.error, SettingsError)


async def test_leaving_early_cancels_the_building() -> None:
    building = Building()
    async with Server(Door(building.build, failed=lambda: pytest.fail("nothing failed"))):
        await asyncio.sleep(0)
    assert not building.closed
