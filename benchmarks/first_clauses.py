"""What it costs that Kokoro gives out a short English clause in two parts, one before the other is made.

    python benchmarks/first_clauses.py [--limit 40] [--voice af_heart] [--show] [--json figures.json]

Each clause of ``data/first_clauses.json`` (as replies begin with, and longer ones that follow) is spoken both
ways: as live work it comes in two parts, as other work whole. Told are, for those that came in two parts:
the words that Whisper hears wrongly in either; the level of the second part against the first, beside what it
is in the whole (dB; 0 is no step); and when the last word is told to end, beside the whole (ms late).
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from stt_accuracy import edits, units

from kaikou.audio.pcm import Pcm, Samples
from kaikou.engines.pool import Pool
from kaikou.engines.ports import AudioChunk, Lane, Style
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

CLAUSES = Path(__file__).parent / "data" / "first_clauses.json"
_EDGE = 0.3
"""Seconds of silence put around what is recognised."""


@dataclass
class Found:
    """Sums over clauses."""

    clauses: int = 0
    seconds: list[float] = field(default_factory=list)
    words: int = 0
    wrong_in_parts: int = 0
    wrong_whole: int = 0
    step: list[float] = field(default_factory=list)
    louder: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    misheard: list[tuple[str, str, str]] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        late = np.array(self.late)
        return {
            "clauses": self.clauses,
            "seconds": round(float(np.mean(self.seconds)), 2),
            "words": self.words,
            "wrong_in_parts": self.wrong_in_parts,
            "wrong_whole": self.wrong_whole,
            "step_db": round(float(np.mean(self.step)), 2),
            "step_db_sd": round(float(np.std(self.step)), 2),
            "level_db": round(float(np.mean(self.louder)), 2),
            "last_word_late_ms": round(float(np.median(late))),
            "last_word_late_ms_abs": round(float(np.median(np.abs(late)))),
            "last_word_late_ms_worst": round(float(np.abs(late).max())),
        }


async def chunks(tts: Kokoro, text: str, voice: str | None, lane: Lane) -> list[AudioChunk]:
    return [chunk async for chunk in tts.stream(text, voice=voice, style=Style(language="en"), lane=lane)]


def together(parts: Sequence[AudioChunk]) -> Pcm:
    return Pcm(np.concatenate([part.pcm.samples for part in parts]), parts[0].pcm.rate)


def level(samples: Samples) -> float:
    """dB, of what is not silent."""
    power = np.square(samples[: len(samples) // 240 * 240]).reshape(-1, 240).mean(axis=1)
    active = power[power > power.max() * 0.01]
    return float(10 * np.log10(active.mean()))


def last_end(parts: Sequence[AudioChunk]) -> float:
    """Seconds from the sound's start at which the last word is told to end."""
    at = 0.0
    found = 0.0
    for part in parts:
        found = max([found, *(at + word.end for word in part.words)])
        at += part.pcm.seconds
    return found


async def compare(given: argparse.Namespace) -> dict[str, Found]:
    settings, pool = Settings(), Pool()
    weights = WeightStore(settings.models)
    tts = Kokoro(EngineContext("kokoro", settings.tts, settings, pool, weights))
    stt = create("stt", EngineContext("whisper", settings.stt, settings, pool, weights))
    for engine in (tts, stt):
        await engine.load(lambda what, fraction: None)

    async def wrong(text: str, sound: Pcm) -> tuple[int, str]:
        silence = Pcm.silence(_EDGE, sound.rate)
        heard = await stt.transcribe(silence + sound + silence, language="en")  # type: ignore[attr-defined]
        return edits(units(text), units(heard.text)), heard.text

    found: dict[str, Found] = {}
    try:
        sets = json.loads(CLAUSES.read_text("utf-8"))
        for name in ("en", "en_longer"):
            one = found[name] = Found()
            for text in sets[name][: given.limit]:
                parts = await chunks(tts, text, given.voice, Lane.LIVE)
                if len(parts) == 1:
                    continue
                other = await chunks(tts, text, given.voice, Lane.INTERACTIVE)
                made, whole = together(parts), together(other)
                one.clauses += 1
                one.seconds.append(made.seconds)
                one.words += len(units(text))
                for sound, way in ((made, "in parts"), (whole, "whole")):
                    errors, heard = await wrong(text, sound)
                    if way == "whole":
                        one.wrong_whole += errors
                    else:
                        one.wrong_in_parts += errors
                    if errors:
                        one.misheard.append((way, text, heard))
                joint = len(parts[0].pcm)
                steps = [level(pcm.samples[joint:]) - level(pcm.samples[:joint]) for pcm in (made, whole)]
                one.step.append(steps[0] - steps[1])
                one.louder.append(level(made.samples) - level(whole.samples))
                one.late.append(1000 * (last_end(parts) - last_end(other)))
    finally:
        await stt.close()
        await tts.close()
        await pool.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--voice")
    parser.add_argument("--show", action="store_true", help="print what was misheard")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = asyncio.run(compare(given))
    for name, one in found.items():
        print(
            name, *(f"  {key.replace('_', ' '):26} {value}" for key, value in one.figures().items()), sep="\n"
        )
        for way, said, heard in one.misheard if given.show else ():
            print(f"  {way:>8}: {said}  ->  {heard}")
    if given.json:
        given.json.write_text(
            json.dumps({name: one.figures() for name, one in found.items()}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
