"""The whole server, put together as ``kaikou serve`` does, with scripted engines on a free port."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from ports import free_port
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from kaikou import serving
from kaikou.cli.bench_live import measure
from kaikou.cli.caller_voice import babble
from kaikou.cli.load_values import Load
from kaikou.dialogue.conversation import Conversation
from kaikou.dialogue.sessions.register import Register
from kaikou.errors import SettingsError
from kaikou.settings.loading import LoadedSettings
from kaikou.settings.tree import Settings

SCRIPTED: dict[str, Any] = {
    "vad": {"engine": "energy"},
    "turn": {"engine": "none"},
    "stt": {"engine": "scripted"},
    "llm": {"engine": "scripted"},
    "tts": {"engine": "scripted"},
}


@dataclass
class Running:
    """A server that runs in this test's own event loop."""

    url: str
    client: httpx.AsyncClient
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def until_ready(self) -> None:
        async with asyncio.timeout(60):
            while (await self.client.get("/ready")).status_code != 200:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path, **changes: Any) -> AsyncIterator[Running]:
    settings = Settings.model_validate(SCRIPTED | {"data_dir": folder, "port": 0} | changes)
    opened: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(
        serving.run(LoadedSettings(settings), opened=opened.set_result, stop=stop), name="the server"
    )
    await asyncio.wait({task, opened}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    (url,) = opened.result()
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        try:
            yield Running(url, client, stop, task)
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)


async def until(true: Callable[[], object], seconds: float = 30) -> None:
    """The bound only ends a test that would hang."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def listen(client: httpx.AsyncClient, told: list[str]) -> None:
    """Keep the lines of the server's events until it ends them."""
    async with client.stream("GET", "/api/events") as answer:
        async for line in answer.aiter_lines():
            told.append(line)


def children() -> set[int]:
    """Process ids of this process's children."""
    found: set[int] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ends meanwhile
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return found


async def test_health_tells_the_truth_from_the_first_moment_to_the_last(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        first = (await server.client.get("/api/health")).json()
        assert first["status"] == "starting"
        assert (await server.client.get("/health")).json()["status"] == "healthy"

        await server.until_ready()
        deep = (await server.client.get("/api/health")).json()
        assert deep["status"] == "healthy"
        assert deep["services"].keys() >= {"stt", "llm", "tts", "session_manager", "request_manager"}
        assert {engine["kind"]: engine["state"] for engine in deep["engines"]} == dict.fromkeys(
            ("vad", "stt", "llm", "tts"), "ready"
        )
        assert all(engine["scripted"] for engine in deep["engines"] if engine["kind"] != "vad")
        assert deep["sessions"]["limit"] >= 2
        assert (await server.client.get("/health")).json()["model_loaded"] is True

        answer = await server.client.get("/", headers={"accept": "application/json"})
        assert answer.json()["services"].keys() == {
            "session_manager", "stt_service", "llm_service", "request_manager", "websocket_handler",
        }  # fmt: skip
        assert (await server.client.get("/")).headers["content-type"].startswith("text/html")
    with pytest.raises(httpx.ConnectError):
        await httpx.AsyncClient().get(server.url + "health")


async def test_an_engine_that_cannot_load_is_told(tmp_path: Path) -> None:
    changes = {"stt": {"engine": "whisper"}, "models": {"folder": tmp_path / "models", "offline": True}}
    async with running(tmp_path, **changes) as server:
        async with asyncio.timeout(60):
            while (answer := await server.client.get("/api/health")).json()["status"] == "starting":
                await asyncio.sleep(0.05)
        found = answer.json()
        assert answer.status_code == 503 and found["status"] == "unhealthy"
        assert found["services"]["stt"] == "unhealthy" and found["services"]["llm"] == "healthy"
        told = next(engine for engine in found["engines"] if engine["kind"] == "stt")
        assert told["state"] == "failed" and "models pull" in told["detail"]
        waiting = await server.client.get("/ready")
        assert waiting.status_code == 503 and "speech recognition" in waiting.json()["waiting_for"]
        assert (await server.client.get("/health")).status_code == 200


async def test_the_other_routes_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.until_ready()
        client = server.client
        metrics = (await client.get("/metrics")).text
        for name in (
            "kaikou_sessions ",
            "kaikou_pool_waiting{",
            "kaikou_engine_ready{",
            "process_resident_memory_bytes",
        ):
            assert name in metrics, name
        assert "/api/voices" in (await client.get("/openapi.json")).json()["paths"]
        docs = await client.get("/docs")
        assert docs.status_code == 200 and "http://" not in docs.text and "https://" not in docs.text
        settings = (await client.get("/api/settings")).json()["settings"]
        assert {row["name"]: row["value"] for row in settings}["stt.engine"] == "scripted"
        voices = (await client.get("/api/voices")).json()
        preview = await client.get(voices["voices"][0]["preview"])
        assert preview.headers["content-type"] == "audio/wav" and preview.content[:4] == b"RIFF"
        assert (await client.get("/app/anything")).status_code == 200
        assert (await client.get("/no/such/thing")).json()["code"] == "not_found"
        assert (await client.post("/health")).status_code == 405


async def test_events_begin_with_the_state_and_tell_of_sessions(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        await server.until_ready()
        socket = server.url.replace("http", "ws") + "v1/realtime?model=kaikou"
        async with server.client.stream("GET", "/api/events") as response:
            lines = response.aiter_lines()

            async def until(event: str) -> str:
                async with asyncio.timeout(30):
                    async for line in lines:
                        if line == f"event: {event}":
                            return await anext(lines)
                raise AssertionError("the stream ended")

            assert '"ready":true' in await until("state")
            async with connect(socket, compression=None):
                assert '"live":1' in await until("sessions")
            # The capacity, once it is measured, is told by the same event.
            while '"live":0' not in await until("sessions"):
                pass


async def test_the_bench_is_answered_and_measured(tmp_path: Path) -> None:
    quick = SCRIPTED["llm"] | {"scripted": {"first_token_ms": 0}}
    async with running(tmp_path, llm=quick, live={"max_sessions": 3}) as server:
        await server.until_ready()
        load = Load(server.url.replace("http", "ws") + "v1/realtime", seconds=3, think=0.1)
        (figures,) = await measure(load, [4], babble(0.8), os.getpid(), lambda detail, done: None)
        assert figures["refused"] == 1 and "session_limit_reached" in figures["refusal"]
        assert figures["answered"] >= 3 and figures["errors"] == 0
        assert figures["latency_ms"]["p50"] > load.silence_ms > 0
        assert figures["server"]["cpu_percent"] > 0 and figures["server"]["memory_mb"] > 20
        metrics = (await server.client.get("/metrics")).text
        assert 'kaikou_turns_total{surface="realtime"}' in metrics
        assert 'kaikou_turn_stage_seconds_count{stage="end_of_turn"}' in metrics


async def test_stopping_leaves_no_task_thread_or_child(tmp_path: Path) -> None:
    async with running(tmp_path) as warm:  # whatever a process makes once and keeps is made here
        await warm.until_ready()
    tasks, threads, processes = asyncio.all_tasks(), set(threading.enumerate()), children()

    async with running(tmp_path) as server:
        await server.until_ready()
        url = server.url.replace("http", "ws") + "v1/realtime?model=kaikou"
        async with connect(url, compression=None) as socket:
            assert '"session.created"' in str(await socket.recv())
            told: list[str] = []
            events = asyncio.create_task(listen(server.client, told))
            await until(lambda: told)
            server.stop.set()
            with pytest.raises(ConnectionClosed) as caught:
                async with asyncio.timeout(30):
                    while True:
                        await socket.recv()
            assert caught.value.rcvd is not None and caught.value.rcvd.code in {1001, 1012}
            await events
            assert "event: closing" in told
        await asyncio.wait_for(server.task, 30)

    idle = ("asyncio_", "AnyIO", "ThreadPoolExecutor")  # the loop's own pools: they live as long as it

    def left() -> set[str]:
        return {
            *(task.get_name() for task in asyncio.all_tasks() - tasks),
            *(one.name for one in set(threading.enumerate()) - threads if not one.name.startswith(idle)),
            *map(str, children() - processes),
        }

    with suppress(TimeoutError):
        await until(lambda: not left(), 10)
    assert left() == set()


async def test_a_client_that_dropped_holds_up_no_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might come back for a minute, but not to a server that stops."""
    dropped, detach = asyncio.Event(), Register.detach

    def noted(register: Register, conversation: Conversation) -> None:
        detach(register, conversation)
        dropped.set()

    monkeypatch.setattr(Register, "detach", noted)
    async with running(tmp_path) as server:
        await server.until_ready()
        url = server.url.replace("http", "ws") + "v1/realtime?model=kaikou"
        socket = await connect(url, compression=None)
        ours = {"type": "session.update", "session": {"kaikou": {"events": True}}}  # such a client may
        await socket.send(json.dumps(ours))
        while '"session.updated"' not in str(await socket.recv()):
            pass
        socket.transport.abort()
        await asyncio.wait_for(dropped.wait(), 30)
        server.stop.set()
        await asyncio.wait_for(server.task, 60)
    assert "graceful shutdown exceeded" not in caplog.text


async def test_beyond_loopback_it_refuses_to_start_without_a_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        async with running(tmp_path, host="0.0.0.0"):
            pass
    assert caught.value.code == "password_required"
    assert "KAIKOU_PASSWORD=" in caught.value.hint


async def test_the_guard_stands_before_everything_but_liveness(tmp_path: Path) -> None:
    async with running(tmp_path, password="correct horse") as server:
        await server.until_ready()
        for path in ("/api/health", "/metrics", "/docs", "/openapi.json", "/api/settings", "/api/events"):
            assert (await server.client.get(path)).status_code == 401, path
        for path in ("/", "/health", "/ready"):
            assert (await server.client.get(path)).status_code == 200, path
        key = {"authorization": "Bearer correct horse"}
        told = await server.client.get("/api/settings", headers=key)
        assert told.status_code == 200 and "correct horse" not in told.text


async def test_a_taken_port_is_an_error_with_a_hint(tmp_path: Path) -> None:
    async with running(tmp_path / "one") as server:
        port = int(server.url.rsplit(":", 1)[1].strip("/"))
        with pytest.raises(SettingsError) as caught:
            async with running(tmp_path / "two", port=port):
                pass
        assert caught.value.code == "cannot_listen"


async def test_a_database_that_cannot_be_opened_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "kaikou.db").write_bytes(b"this is no database, and long enough to be looked at" * 20)
    with pytest.raises(Exception, match=r"(?i)database"):
        async with running(tmp_path) as server:
            await asyncio.wait_for(asyncio.shield(server.task), 60)


async def test_devices_may_talk_over_mqtt_where_it_is_switched_on(tmp_path: Path) -> None:
    xiaozhi = {"mqtt": {"enabled": True, "port": 0, "udp_port": 0}}
    async with running(tmp_path, xiaozhi=xiaozhi) as server:
        await server.until_ready()
        device = {"Device-Id": "aa:bb:cc:dd:ee:ff", "Client-Id": "x"}
        told = (await server.client.post("/xiaozhi/ota/", json={}, headers=device)).json()["mqtt"]
        host, port = told["endpoint"].split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))


async def test_devices_find_the_server_on_a_further_port_too(tmp_path: Path) -> None:
    port = free_port()
    settings = {"extra_ports": [port], "auto_bind": "loopback"}
    device = {"Device-Id": "aa:bb:cc:dd:ee:ff", "Client-Id": "one"}
    async with running(tmp_path, xiaozhi=settings) as server:
        await server.until_ready()
        for base in (f"http://127.0.0.1:{port}/", server.url):
            found = (await server.client.post(f"{base}xiaozhi/ota/", json={}, headers=device)).json()
            assert found["websocket"]["url"] == f"ws{base.removeprefix('http')}xiaozhi/v1/"
            bearer = {**device, "Authorization": f"Bearer {found['websocket']['token']}"}
            async with connect(found["websocket"]["url"], additional_headers=bearer) as line:
                await line.send('{"type":"hello"}')
                assert '"hello"' in await line.recv()
            assert (await server.client.get(f"{base}mcp/vision/explain")).status_code == 200
        # Who connects and says nothing leaves no conversation behind.
        assert (await server.client.get("/api/conversations")).json()["conversations"] == []
    async with running(tmp_path, xiaozhi=settings) as server:
        known = (await server.client.get("/api/devices")).json()["devices"]
        assert [one["id"] for one in known] == ["aa:bb:cc:dd:ee:ff"]
