"""How fast the chosen language model is: load, first token cold and warmed, tokens per second, memory.

    python benchmarks/llm_speed.py                       # what the settings choose
    KAIKOU_LLM__ENGINE=ollama python benchmarks/llm_speed.py --json figures.json

Cold: a prompt of a persona never seen before. Warmed: the same persona after ``warm``, as when a
session opens; only the user's words are new. Medians over ``--runs``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
from contextlib import aclosing
from pathlib import Path

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Generation, LanguageModel, Message
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.selection import choose
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.loading import load_settings

PERSONA = (
    "You are {name}, a warm and curious companion on a phone call. Speak the caller's language. "
    "Answer in one or two short spoken sentences, without lists, headings, symbols or emoji. "
    "When you do not know something, say so plainly and offer what you do know. Ask a question back "
    "now and then, but never two at once. Numbers, dates and units are spoken the way people say them. "
    "You enjoy music, long walks, cooking, and stories from the caller's day; you never lecture."
)
QUESTION = "What could I cook tonight with two eggs and some rice?"
NAMES = ("Kai", "Mei", "Ada", "Tom", "Lin", "Eva", "Sam", "Zoe", "Max", "Ivy")


async def ask(model: LanguageModel, name: str, tokens: int) -> dict[str, float]:
    messages = [Message("system", PERSONA.format(name=name)), Message("user", QUESTION)]
    began = time.perf_counter()
    first = last = began
    usage = None
    async with aclosing(model.stream(messages, Generation(max_tokens=tokens, temperature=0))) as deltas:  # type: ignore[type-var]
        async for delta in deltas:
            if delta.text:
                last = time.perf_counter()
                first = last if first == began else first
            usage = delta.usage or usage
    made = usage.completion_tokens if usage else 0
    return {
        "first_token": first - began,
        "tokens_per_second": (made - 1) / (last - first) if made > 1 and last > first else 0.0,
        "prompt_tokens": usage.prompt_tokens if usage else 0,
        "cached_tokens": usage.cached_tokens if usage else 0,
    }


def resident_mb(pid: int | None) -> float | None:
    """Resident memory in MB, the mapped weights file included; Linux only."""
    status = Path(f"/proc/{pid}/status")
    if pid is None or not status.exists():
        return None
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return round(int(fields["VmRSS"].split()[0]) / 1024)


async def measure(runs: int, tokens: int) -> dict[str, object]:
    settings = load_settings().settings
    name = choose(settings).llm
    pool = Pool(settings.pool)
    engine = create("llm", EngineContext(name, settings.llm, settings, pool, WeightStore(settings.models)))
    model: LanguageModel = engine  # type: ignore[assignment]
    began = time.perf_counter()
    await model.load(lambda doing, fraction: None)
    load = time.perf_counter() - began
    try:
        cold = [await ask(model, NAMES[run % len(NAMES)] + str(run), tokens) for run in range(runs)]
        warmed, warming = [], []
        for run in range(runs):
            persona = f"{NAMES[run % len(NAMES)]}{run + runs}"
            began = time.perf_counter()
            await model.warm([Message("system", PERSONA.format(name=persona))])
            warming.append(time.perf_counter() - began)
            warmed.append(await ask(model, persona, tokens))
        memory = resident_mb(getattr(model, "pid", None))
    finally:
        await model.close()
        await pool.close()

    def median(rows: list[dict[str, float]], key: str) -> float:
        return round(statistics.median(row[key] for row in rows), 2)

    return {
        "engine": name,
        "model": model.card.model,
        "cores": os.cpu_count(),
        "load_seconds": round(load, 2),
        "cold_prompt_tokens": median(cold, "prompt_tokens"),
        "cold_first_token_seconds": median(cold, "first_token"),
        "warm_seconds": round(statistics.median(warming), 2),
        "warmed_cached_tokens": median(warmed, "cached_tokens"),
        "warmed_first_token_seconds": median(warmed, "first_token"),
        "tokens_per_second": median(cold + warmed, "tokens_per_second"),
        "resident_mb": memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=40, help="length of each answer")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    given = parser.parse_args()
    result = asyncio.run(measure(given.runs, given.tokens))
    for key, value in result.items():
        print(f"{key.replace('_', ' '):28} {value}")
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
