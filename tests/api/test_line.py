"""A socket's line past ASGI: offered by the server, in order, and never instead of what must wait."""

from __future__ import annotations

import asyncio

from api.live_server import product
from asgi_server import serving
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect

from kaikou.api.line import line_of
from kaikou.api.outbox import Outbox


class App:
    """Takes what begins with a digit at once; the rest goes through ``receive``. Answers each."""

    def __init__(self) -> None:
        self.at_once: list[str | bytes] = []
        self.queued: list[str] = []
        self.order: list[str | bytes] = []
        self.answering = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        line = line_of(websocket)
        assert line is not None
        assert not line.write("before it is accepted")
        await websocket.accept()
        outbox: Outbox[str] = Outbox(write=line.write)
        draining = asyncio.create_task(outbox.drain(websocket.send_text))

        def take(message: str | bytes) -> bool:
            if not message[:1].isdigit():
                return False
            self.at_once.append(message)
            self.order.append(message)
            outbox.put(f"at once {len(self.at_once)}")
            return True

        line.tap = take
        try:
            while True:
                text = await websocket.receive_text()
                self.queued.append(text)
                self.order.append(text)
                await self.answering.wait()
                outbox.put(f"queued {len(self.queued)}")
        except WebSocketDisconnect:
            line.tap = None
            assert not line.write("after it is gone")
        finally:
            draining.cancel()


async def test_what_can_be_done_at_once_does_not_wait_for_the_app() -> None:
    app = App()
    async with serving(product(app, 1024)) as (port, _), connect(f"ws://127.0.0.1:{port}/") as client:
        await client.send("1")
        assert await client.recv() == "at once 1"
        await client.send(b"2")
        assert await client.recv() == "at once 2"
        assert app.at_once == ["1", b"2"]
        # Handled by the app's task, which is busy: those after it may still be done at once.
        await client.send("words")
        while not app.queued:
            await asyncio.sleep(0.01)
        await client.send("3")
        assert await client.recv() == "at once 3"
        app.answering.set()
        assert await client.recv() == "queued 1"


async def test_nothing_overtakes_what_is_queued() -> None:
    app = App()
    async with serving(product(app, 1024)) as (port, _), connect(f"ws://127.0.0.1:{port}/") as client:
        for text in ("a", "b", "3", "c"):
            await client.send(text)
        while not app.queued:
            await asyncio.sleep(0.01)
        # The app is busy with the first; "b" waits, so "3" waits behind it.
        app.answering.set()
        for _ in range(4):
            await client.recv()
    assert app.order == ["a", "b", "3", "c"]


async def test_a_message_in_pieces_goes_the_ordinary_way() -> None:
    app = App()
    app.answering.set()
    async with serving(product(app, 1024)) as (port, _), connect(f"ws://127.0.0.1:{port}/") as client:
        await client.send(["1", "2"])
        assert await client.recv() == "queued 1"
    assert app.queued == ["12"] and not app.at_once
