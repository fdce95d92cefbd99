"""How fast Kokoro speaks: load, first clause, a sentence, real-time factor.

    python benchmarks/tts_speed.py [--threads 2] [--runs 5] [--json figures.json]

Each text is spoken ``--runs`` times; medians of wall and processor seconds. RTF is wall seconds per
second of trimmed sound. ``uncut`` synthesises the same text without cutting the model's silence away
between its halves, for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.tts.kokoro import Kokoro, synthesis
from kaikou.engines.weights.store import WeightStore
from kaikou.settings import PoolSettings, Settings

TEXTS = {
    "4 hanzi": "你好世界。",
    "12 hanzi": "今天天气很好，我们去公园。",
    "3 words": "Nice to meet you.",
    "10 words": "The weather is lovely today, so we should go outside.",
    "mixed": "我昨天在GitHub上看到一个Python项目。",
}
UNCUT = 10_000  # frames: more silence than any clause has


async def measured(tts: Kokoro, text: str, runs: int) -> dict[str, float]:
    wall: list[float] = []
    processor: list[float] = []
    seconds = 0.0
    for _ in range(runs):
        started, worked = time.perf_counter(), time.process_time()
        chunks = [chunk async for chunk in tts.stream(text)]
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - worked)
        seconds = sum(chunk.pcm.seconds for chunk in chunks)
    median = statistics.median(wall)
    return {
        "wall": median,
        "cpu": statistics.median(processor),
        "sound": seconds,
        "rtf": median / seconds,
    }


async def once(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


async def run(threads: int, runs: int) -> dict[str, Any]:
    settings = Settings(pool=PoolSettings(threads=threads))
    pool = Pool(settings.pool)
    tts = Kokoro(EngineContext("kokoro", settings.tts, settings, pool, WeightStore(settings.models)))
    await WeightStore(settings.models).fetch("kokoro-82m", lambda what, fraction: None)
    found: dict[str, Any] = {"load": await once(lambda: tts.load(lambda what, fraction: None)), "texts": {}}
    for name, text in TEXTS.items():
        found["texts"][name] = await measured(tts, text, runs)
    kept = synthesis._LEAD_FRAMES, synthesis._TAIL_FRAMES
    synthesis._LEAD_FRAMES = synthesis._TAIL_FRAMES = UNCUT
    for name in ("4 hanzi", "10 words"):
        found["texts"][f"{name}, uncut"] = await measured(tts, TEXTS[name], runs)
    synthesis._LEAD_FRAMES, synthesis._TAIL_FRAMES = kept

    await tts.close()
    await pool.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = asyncio.run(run(given.threads, given.runs))
    print(f"{given.threads} threads, load average {os.getloadavg()[0]:.1f}, load {found['load']:.1f} s")
    print(f"{'text':>16}  wall s   cpu s  sound s    RTF")
    for name, row in found["texts"].items():
        print(f"{name:>16}  {row['wall']:6.2f}  {row['cpu']:6.2f}  {row['sound']:7.2f}  {row['rtf']:5.2f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
