"""How fast Kokoro speaks, in each runtime and precision that works here.

    python benchmarks/tts_speed.py [--threads 2] [--rounds 5] [--ways bf16,float32,int8] [--json FILE]

Every way speaks every text once a round, one after the other, so that a slow moment of the machine
meets them all. ``first`` is the first time that a text is spoken, once the engine has rehearsed; ``wall`` is
the median and ``least`` the smallest of the rounds after it; RTF is wall seconds per second of trimmed sound;
``load`` the start with everything on disk (a first start is made before it).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import SettingsError
from kaikou.settings.tree import PoolSettings, Settings, TtsSettings

TEXTS = {
    "4 hanzi": "你好世界。",
    "3 words": "Nice to meet you.",
    "10 words": "The weather is lovely today, so we should go outside.",
    "long": "The old harbour was quiet that morning. Fishermen mended their nets while the gulls waited on "
    "the wall, and nobody spoke of the storm.",
}
WAYS = {
    "bf16": {"runtime": "openvino", "precision": "bf16"},
    "openvino-float32": {"runtime": "openvino", "precision": "float32"},
    "float32": {"runtime": "onnxruntime", "precision": "float32"},
    "int8": {"runtime": "onnxruntime", "precision": "int8"},
}


def engine(way: str, pool: Pool) -> Kokoro:
    settings = Settings()
    choice = TtsSettings.model_validate({"kokoro": WAYS[way]})
    return Kokoro(EngineContext("kokoro", choice, settings, pool, WeightStore(settings.models)))


async def loaded(way: str, pool: Pool) -> tuple[Kokoro, float]:
    """The engine on its second start, and the seconds that took."""
    first = engine(way, pool)
    await first.load(lambda what, fraction: None)
    await first.close()
    second = engine(way, pool)
    started = time.perf_counter()
    await second.load(lambda what, fraction: None)
    load = time.perf_counter() - started
    if second.rehearsal is not None:
        await second.rehearsal
    return second, load


async def spoken(tts: Kokoro, text: str) -> tuple[float, float]:
    """(wall seconds, seconds of sound)."""
    started = time.perf_counter()
    seconds = [chunk.pcm.seconds async for chunk in tts.stream(text)]
    return time.perf_counter() - started, sum(seconds)


async def run(threads: int, rounds: int, ways: list[str]) -> dict[str, Any]:
    pool = Pool(PoolSettings(threads=threads))
    voices: dict[str, Kokoro] = {}
    found: dict[str, Any] = {}
    for way in ways:
        try:
            voices[way], load = await loaded(way, pool)
        except SettingsError as error:
            print(f"{way}: {error}")
            continue
        found[way] = {"computes": str(voices[way].card.model), "load": load, "texts": {}}
    firsts: dict[tuple[str, str], float] = {}
    walls: dict[tuple[str, str], list[float]] = {}
    sounds: dict[tuple[str, str], float] = {}
    for number in range(rounds + 1):
        for name, text in TEXTS.items():
            for way, tts in voices.items():
                wall, sounds[way, name] = await spoken(tts, text)
                if number:
                    walls.setdefault((way, name), []).append(wall)
                else:
                    firsts[way, name] = wall
    for (way, name), seconds in walls.items():
        median = statistics.median(seconds)
        found[way]["texts"][name] = {
            "first": firsts[way, name],
            "wall": median,
            "least": min(seconds),
            "sound": sounds[way, name],
            "rtf": median / sounds[way, name],
        }
    for tts in voices.values():
        await tts.close()
    await pool.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ways", default="bf16,float32,int8", help=", ".join(WAYS))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    ways = given.ways.split(",")
    if unknown := set(ways) - set(WAYS):
        parser.error(f"no such way: {', '.join(sorted(unknown))}")
    found = asyncio.run(run(given.threads, given.rounds, ways))
    print(f"{given.threads} threads, load average {os.getloadavg()[0]:.1f}")
    print(f"{'way':>18} {'text':>9}  first s  wall s  least s  sound s    RTF")
    for way, row in found.items():
        for name, text in row["texts"].items():
            print(
                f"{way:>18} {name:>9}  {text['first']:7.2f}  {text['wall']:6.2f}  {text['least']:7.2f}"
                f"  {text['sound']:7.2f}  {text['rtf']:5.2f}"
            )
        print(f"{way:>18} {'load':>9}  {row['load']:7.2f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
