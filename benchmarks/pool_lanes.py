"""How much a live call's latency grows while batch work saturates the pool.

Live calls to a real ONNX model come at a steady pace, in rounds that alternate: without other work,
with as much batch work of the same model as the pool takes, and (for comparison) with the same
work wrongly submitted in the live lane. Alternating keeps a machine's moods out of the difference.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from kaikou.audio.pcm import Pcm
from kaikou.engines.metering import metering
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

ALLOWED = 0.150  # seconds of growth at the 95th percentile
Call = Callable[[Lane], Awaitable[None]]


async def turn_detector(context: Callable[[str, Any], EngineContext], settings: Settings) -> Call:
    """One judgement of smart-turn over eight seconds of sound."""
    engine: Any = create("turn", context("smart-turn", settings.turn))
    await engine.load(lambda what, fraction: None)
    noise = np.random.default_rng(0).standard_normal(8 * 16_000).astype(np.float32)

    async def call(lane: Lane) -> None:
        await engine.end_of_turn(Pcm(0.1 * noise, 16_000), "", lane=lane)

    return call


async def kokoro(context: Callable[[str, Any], EngineContext], settings: Settings) -> Call:
    """The first sound of a short clause when live, a long sentence to its end as batch work."""
    engine: Any = create("tts", context("kokoro", settings.tts))
    await engine.load(lambda what, fraction: None)
    sentence = "The old man walked slowly along the river, and none of the {} he met that evening knew him."
    number = count(1)  # a new text each time: the engine remembers phrases it has spoken

    async def call(lane: Lane) -> None:
        text = (sentence if lane is Lane.BATCH else "Good morning to {}.").format(next(number))
        async with aclosing(engine.stream(text, lane=lane)) as chunks:
            async for _ in chunks:
                if lane is not Lane.BATCH:
                    break

    return call


@asynccontextmanager
async def saturated(call: Call, lane: Lane, width: int, done: list[int]) -> Any:
    """Keep ``width`` calls under way all the time."""

    async def worker() -> None:
        while True:
            await call(lane)
            done[0] += 1

    tasks = [asyncio.create_task(worker()) for _ in range(width)]
    await asyncio.sleep(1.0)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.sleep(1.0)


async def measure(call: Call, calls: int, pause: float) -> list[dict[str, float]]:
    """``calls`` live calls, one after the other."""
    rows = []
    for _ in range(calls):
        await asyncio.sleep(pause)
        started = time.perf_counter()
        with metering() as meter:
            await call(Lane.LIVE)
        rows.append({"latency": time.perf_counter() - started, "queued": meter.queued, "ran": meter.ran})
    return rows


async def loop_lag(into: list[float]) -> None:
    """How late the event loop is, every 10 ms."""
    while True:
        started = time.perf_counter()
        await asyncio.sleep(0.01)
        into.append(time.perf_counter() - started - 0.01)


async def main(arguments: argparse.Namespace) -> int:
    settings = Settings()
    pool = Pool(settings.pool)
    store = WeightStore(settings.models)

    def context(name: str, choice: Any) -> EngineContext:
        return EngineContext(name, choice, settings, pool, store)

    call = await {"turn": turn_detector, "kokoro": kokoro}[arguments.model](context, settings)
    await call(Lane.LIVE)
    await call(Lane.BATCH)
    width = 2 * pool.concurrency(Lane.BATCH)
    rows: dict[str, list[dict[str, float]]] = {"alone": [], "batch": [], "no lanes": []}
    lag: dict[str, list[float]] = {name: [] for name in rows}
    done, batch_seconds = [0], 0.0
    for _ in range(arguments.rounds):
        for name in rows:
            watch = asyncio.create_task(loop_lag(lag[name]))
            if name == "alone":
                rows[name] += await measure(call, arguments.calls, arguments.pause)
            else:
                lane = Lane.BATCH if name == "batch" else Lane.LIVE
                counted = done if name == "batch" else [0]
                started = time.perf_counter()
                async with saturated(call, lane, width, counted):
                    rows[name] += await measure(call, arguments.calls, arguments.pause)
                if name == "batch":
                    batch_seconds += time.perf_counter() - started
            watch.cancel()
    await pool.close()

    result: dict[str, Any] = {"model": arguments.model, "calls": len(rows["alone"])}
    print(f"{arguments.model}: {len(rows['alone'])} live calls a row, milliseconds")
    print(f"{'':<10}{'p50':>8}{'p95':>8}{'queued p95':>12}{'loop lag p95':>14}")
    for name, measured in rows.items():
        latency = np.array([row["latency"] for row in measured]) * 1e3
        queued = np.array([row["queued"] for row in measured]) * 1e3
        result[name] = {
            "p50": float(np.percentile(latency, 50)),
            "p95": float(np.percentile(latency, 95)),
            "queued_p95": float(np.percentile(queued, 95)),
            "loop_lag_p95": float(np.percentile(np.array(lag[name]) * 1e3, 95)),
        }
        columns = zip(result[name].values(), (8, 8, 12, 14), strict=True)
        print(f"{name:<10}" + "".join(f"{value:>{width}.1f}" for value, width in columns))
    result["growth_p95"] = growth = result["batch"]["p95"] - result["alone"]["p95"]
    result["batch_calls_a_second"] = done[0] / batch_seconds
    print(f"batch calls a second meanwhile: {result['batch_calls_a_second']:.2f}")
    print(f"growth of p95 with batch work: {growth:.1f} ms (allowed: {ALLOWED * 1e3:.0f} ms)")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if growth <= ALLOWED * 1e3 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["turn", "kokoro"], default="turn")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--calls", type=int, default=20, help="live calls a round and row")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between live calls")
    parser.add_argument("--json", type=Path)
    raise SystemExit(asyncio.run(main(parser.parse_args())))
