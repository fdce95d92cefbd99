"""Silero VAD for many live sessions at once, fed in real time, 20 ms at a time.

Latency is from feeding a window's last sample to its probability, on the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

FRAME = 320  # samples, 20 ms


class Session:
    """One stream fed from a shared signal."""

    def __init__(self, vad: Any, signal: np.ndarray, offset: int) -> None:
        self.latencies: list[float] = []
        self._signal = signal
        self._at = offset
        self._fed: list[float] = []
        self._stream = vad.stream(self._heard)

    def feed(self) -> None:
        self._fed.append(time.perf_counter())
        at = self._at % (len(self._signal) - FRAME)
        self._stream.feed(self._signal[at : at + FRAME])
        self._at += FRAME

    def close(self) -> None:
        self._stream.close()

    def _heard(self, probability: float, end: int) -> None:
        self.latencies.append(time.perf_counter() - self._fed[(end - 1) // FRAME])


async def run(vad: Any, pool: Pool, count: int, seconds: float) -> dict[str, float]:
    signal = (0.1 * np.random.default_rng(0).standard_normal(16_000 * 4)).astype(np.float32)
    sessions = [Session(vad, signal, 977 * n) for n in range(count)]
    before = pool.snapshot().totals.get(("vad", Lane.LIVE))
    cpu, started = time.process_time(), time.perf_counter()
    for frame in range(round(seconds * 50)):
        for n, session in enumerate(sessions):  # spread over the 20 ms, as real clients are
            if n % 5 == 0:
                due = started + (frame + n / count) * 0.02
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            session.feed()
    await asyncio.sleep(0.5)
    cpu = time.process_time() - cpu
    after = pool.snapshot().totals["vad", Lane.LIVE]
    calls = after.finished - (before.finished if before else 0)
    ran = after.ran - (before.ran if before else 0.0)
    latencies = np.concatenate([session.latencies for session in sessions]) * 1e3
    for session in sessions:
        session.close()
    return {
        "sessions": count,
        "p50_ms": float(np.percentile(latencies, 50)),
        "p95_ms": float(np.percentile(latencies, 95)),
        "windows_a_call": len(latencies) / calls,
        "model_ms_a_call": ran / calls * 1e3,
        "cpu_ms_a_session_second": cpu / (count * seconds) * 1e3,
    }


async def main(arguments: argparse.Namespace) -> None:
    settings = Settings()
    pool = Pool(settings.pool)
    context = EngineContext("silero", settings.vad, settings, pool, WeightStore(settings.models))
    vad: Any = create("vad", context)
    await vad.load(lambda what, fraction: None)
    rows = [await run(vad, pool, count, arguments.seconds) for count in arguments.sessions]
    names = list(rows[0])
    print("  ".join(names))
    for row in rows:
        print("  ".join(f"{row[name]:>{len(name)}.1f}" for name in names))
    await vad.close()
    await pool.close()
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 60])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--json", type=Path)
    asyncio.run(main(parser.parse_args()))
