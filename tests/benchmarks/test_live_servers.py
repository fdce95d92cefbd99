"""The servers a measurement is made against behave like the real ones, to the same callers."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import openai
import orjson
import pytest
from api.live_server import live_server, product
from asgi_server import serving

from kaikou.audio.pcm import Pcm
from kaikou.cli.bench_live import measure, report
from kaikou.cli.caller_voice import babble, prepare
from kaikou.cli.load import run
from kaikou.cli.load_figures import summary
from kaikou.cli.load_values import Load
from kaikou.cli.wires import WIRES
from kaikou.errors import KaikouError, LimitReached

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LIMIT = 1 << 24


def benchmark(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module(name)


@asynccontextmanager
async def floor(monkeypatch: pytest.MonkeyPatch, reply_seconds: float = 0.6) -> AsyncIterator[str]:
    server = benchmark("floor_server", monkeypatch)
    app = server.make_app(reply_seconds=reply_seconds)
    async with serving(product(app, LIMIT)) as (port, _):
        yield f"ws://127.0.0.1:{port}/v1/realtime"


async def figures(load: Load) -> dict[str, Any]:
    return summary(load, await run(load, babble(0.4)))


async def test_callers_of_the_floor_and_of_kaikou_get_the_same_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"sessions": 2, "seconds": 3.0, "every": 1.5}
    async with floor(monkeypatch) as url:
        bare = await figures(Load(url, **asked))
    async with live_server(tmp_path) as server:
        ours = await figures(Load(f"ws://127.0.0.1:{server.port}/v1/realtime", **asked))
    for found in (bare, ours):
        assert (found["turns"], found["answered"], found["errors"]) == (4, 4, 0), found
        assert found["early"] == 0 and found["refused"] == 0
        assert found["added_ms"]["p50"] > -1.0  # nobody answers before the silence is over
        assert found["send_lag_ms"]["p50"] is not None and found["connect_ms"]["p50"] > 0


async def test_the_floor_sends_what_the_realtime_wire_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    from websockets.asyncio.client import connect

    wire = WIRES["realtime"]
    voice = prepare(babble(0.4), wire)
    kinds: list[str] = []
    async with floor(monkeypatch) as url, connect(url) as socket:
        kinds.append(wire.read(await socket.recv()).kind)
        for message in wire.opening(200):
            await socket.send(message)
        for frame in [*voice.frames, *[voice.silence] * 12]:
            await socket.send(frame)
        while kinds[-1] != "done":
            kinds.append(wire.read(await socket.recv()).kind)
    told = [kind for kind in kinds if kind != "other"]
    # 0.4 s at once, the rest of 0.6 s in packets of 40 ms.
    assert told == ["open", "noticed", *["audio"] * 6, "done"]


async def test_an_interrupted_floor_falls_silent_and_answers_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with floor(monkeypatch, reply_seconds=4.0) as url:
        found = await figures(Load(url, seconds=3.0, every=3.0, interrupt=0.3))
    assert (found["turns"], found["answered"]) == (2, 2)
    cut = found["interruption_ms"]
    assert (cut["measured"], cut["too_late"]) == (1, 0)
    # The onset's 64 ms come before it can stop.
    assert cut["cut"]["p50"] > 0 and cut["told"]["p50"] >= 60


async def test_a_telephone_and_a_wide_caller_are_both_answered_by_kaikou(tmp_path: Path) -> None:
    async with live_server(tmp_path) as server:
        for wire in WIRES.values():
            load = Load(
                f"ws://127.0.0.1:{server.port}{wire.path}", wire=wire, seconds=1.0, think=0.1, silence_ms=200
            )
            (row,) = await measure(load, [1], babble(0.4), None, lambda detail, done: None)
            assert row["answered"] == row["turns"] >= 1 and row["errors"] == 0, (wire.name, row)
            found = orjson.loads(orjson.dumps(report(load, "babble", [row])))
            assert found["wire"] == wire.name and found["load"]["silence_ms"] == 200
            assert {"processor", "cores", "python"} <= set(found["machine"])


async def test_callers_over_the_limit_are_refused_and_those_inside_served(tmp_path: Path) -> None:
    async with live_server(tmp_path, live={"max_sessions": 2}) as server:
        load = Load(f"ws://127.0.0.1:{server.port}/v1/realtime", sessions=3, seconds=1.5, every=1.5)
        found = await figures(load)
    assert found["refused"] == 1 and "session_limit_reached" in found["refusal"]
    assert (found["turns"], found["answered"]) == (2, 2)


async def test_a_refused_caller_dials_again_and_takes_the_turns_that_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, live={"max_sessions": 2}) as server, server.socket() as before:
        await before.recv()
        turned_away, check = asyncio.Event(), server.live.check_room

        async def noted() -> None:
            try:
                await check()
            except LimitReached:
                turned_away.set()
                raise

        monkeypatch.setattr(server.live, "check_room", noted)
        url = f"ws://127.0.0.1:{server.port}/v1/realtime"
        load = Load(url, sessions=2, seconds=4.0, every=2.0, redial=0.1)
        calling = asyncio.create_task(figures(load))
        async with asyncio.timeout(10):
            await turned_away.wait()
        await before.close()
        found = await calling
    assert found["refused"] == 0 and found["refusals"] >= 1
    assert 2 < found["turns"] <= 4 and found["errors"] == 0


async def test_nobody_there_is_an_error() -> None:
    with pytest.raises(KaikouError, match="No session could be opened"):
        await run(Load("ws://127.0.0.1:9/v1/realtime", seconds=1), babble(0.4))


async def test_the_paced_model_keeps_its_pace_and_speaks_the_protocol(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = benchmark("remote_llm", monkeypatch)
    app = server.make_app(first_token=0.0, tokens_per_second=1e6, reply="One two three.")
    asked: list[Any] = [{"role": "user", "content": "Count."}]
    async with serving(product(app, LIMIT)) as (port, _):
        client = openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{port}/v1", api_key="none", http_client=httpx.AsyncClient()
        )
        assert [model.id async for model in client.models.list()] == ["paced"]
        whole = await client.chat.completions.create(model="paced", messages=asked)
        assert whole.choices[0].message.content == "One two three."
        stream = await client.chat.completions.create(
            model="paced", messages=asked, stream=True, max_tokens=2
        )
        parts = [part async for part in stream]
        said = "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
        assert said == "One two"
        assert [part.choices[0].finish_reason for part in parts if part.choices][-1] == "length"
        assert parts[-1].usage is not None and parts[-1].usage.completion_tokens == 2
        await client.close()


def test_pipecats_frames_are_packed_as_its_protocol_says(monkeypatch: pytest.MonkeyPatch) -> None:
    module = benchmark("pipecat_wire", monkeypatch)
    wire = module.PipecatWire()
    assert module.varint(300) == b"\xac\x02"  # the example of the Protocol Buffers documentation
    (frame,) = wire.pack(Pcm.silence(0.02, wire.rate))
    # Frame.audio (640 bytes of samples, 16 kHz, one channel) and nothing else.
    assert frame[:6] == b"\x12\x88\x05\x1a\x80\x05"
    assert frame.endswith(b"\x20\x80\x7d\x28\x01")
    assert len(frame) == 3 + 3 + 640 + 5
    assert wire.read(frame).kind == "audio"
    assert wire.read(b"\x2a\x00").kind == "noticed"
    assert wire.read(b"\x22\x00").kind == "other"


def test_the_table_sets_each_server_against_the_floor_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    module = benchmark("capacity_table", monkeypatch)

    def row(name: str, voice: str, p50: float, p95: float, **more: Any) -> dict[str, Any]:
        return {
            "name": name, "sessions": 10, "refused": 0, "turns": 20, "answered": 20, "voice": voice,
            "interrupt": None, "every": 4.0, "added_ms": {"p50": p50, "p95": p95, "max": p95},
            "send_lag_ms": {"p95": 0.3}, "server": None, **more,
        }  # fmt: skip

    lines = module.table(
        [
            row("floor", "babble", 1.0, 2.0),
            row("kaikou", "babble", 2.5, 6.0),
            row("kaikou, Silero", "speech", 30.0, 40.0),
            row("kaikou, limit 8", "babble", 3.0, 4.0, refused=2),
        ]
    ).splitlines()
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ") for line in lines[2:]}
    assert cells["kaikou"][4] == "1.5 / 4.0"
    assert cells["floor"][4] == cells["kaikou, Silero"][4] == "–"
    assert cells["kaikou, limit 8"][1] == "8 (2 refused)"
