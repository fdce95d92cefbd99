"""How well and how fast speech is recognised on a folder of recordings.

The folder holds audio files and their words, in one of these forms: ``transcripts.json`` (a list of
``{"file", "text", "language"}``), ``labels.json`` (a list of ``{"id", "text"}`` with the audio in
``audio/``), or a ``.txt`` beside each audio file.

    python benchmarks/stt_accuracy.py tests/data/speech
    python benchmarks/stt_accuracy.py FOLDER --limit 50 --language en --model whisper-base

WER counts words, CER counts hanzi (and words of other scripts in Chinese text): insertions,
deletions and substitutions over the length of the reference. RTF is wall time over audio time, one
request at a time, with whatever else the machine is doing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kaikou.audio.decoding import decode
from kaikou.engines.pool import Pool
from kaikou.engines.ports import SpeechToText
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

AUDIO = {".wav", ".flac", ".opus", ".ogg", ".mp3", ".m4a", ".webm"}


@dataclass(frozen=True)
class Clip:
    path: Path
    text: str
    language: str | None


@dataclass
class Score:
    """Sums over the clips of one language."""

    wrong: int = 0
    units: int = 0
    audio: float = 0.0
    work: list[float] = field(default_factory=list)
    misses: list[tuple[str, str, str]] = field(default_factory=list)


def clips(folder: Path) -> Iterator[Clip]:
    if (listing := folder / "transcripts.json").is_file():
        for entry in json.loads(listing.read_text("utf-8")):
            yield Clip(folder / entry["file"], entry["text"], entry.get("language"))
    elif (listing := folder / "labels.json").is_file():
        audio = {path.stem: path for path in (folder / "audio").iterdir()}
        for entry in json.loads(listing.read_text("utf-8")):
            yield Clip(audio[entry["id"]], entry["text"], entry.get("language"))
    else:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in AUDIO and path.with_suffix(".txt").is_file():
                yield Clip(path, path.with_suffix(".txt").read_text("utf-8").strip(), None)


def units(text: str) -> list[str]:
    return re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:'[^\W_]+)?", text.lower())


def edits(wanted: list[str], heard: list[str]) -> int:
    """Levenshtein distance (1966)."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(wanted, 1):
        last, row[0] = row[0], i
        for j, two in enumerate(heard, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (one != two))
    return row[-1]


async def measure(engine: SpeechToText, chosen: list[Clip], language: str | None) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for clip in chosen:
        audio = decode(clip.path.read_bytes())
        begun = time.perf_counter()
        heard = await engine.transcribe(audio, language=language or clip.language)
        took = time.perf_counter() - begun
        wanted = units(clip.text)
        wrong = edits(wanted, units(heard.text))
        score = scores.setdefault(clip.language or language or "?", Score())
        score.wrong += wrong
        score.units += len(wanted)
        score.audio += audio.seconds
        score.work.append(took)
        if wrong:
            score.misses.append((clip.path.name, clip.text, heard.text))
    return scores


async def main(arguments: argparse.Namespace) -> None:
    chosen = list(clips(arguments.data))
    if not chosen:
        sys.exit(f"No recordings with transcripts in {arguments.data}.")
    if arguments.limit and arguments.limit < len(chosen):
        chosen = random.Random(arguments.seed).sample(chosen, arguments.limit)
    settings = Settings.model_validate({"stt": {"engine": arguments.engine, "model": arguments.model}})
    pool = Pool(settings.pool)
    context = EngineContext(arguments.engine, settings.stt, settings, pool, WeightStore(settings.models))
    engine = create("stt", context)
    await engine.load(lambda message, _: print(message, file=sys.stderr))
    try:
        scores = await measure(engine, chosen, arguments.language)  # type: ignore[arg-type]
    finally:
        await engine.close()
        await pool.close()
    print(f"{engine.card.title}: {engine.card.model}")
    if arguments.json:
        table = {
            language: {
                "clips": len(score.work),
                "audio_seconds": round(score.audio, 1),
                "error_rate": round(score.wrong / max(1, score.units), 4),
                "rtf": round(sum(score.work) / score.audio, 4),
                "worst_seconds": round(max(score.work), 3),
            }
            for language, score in sorted(scores.items())
        }
        arguments.json.write_text(json.dumps({"model": engine.card.model, **table}, indent=1), "utf-8")
    for language, score in sorted(scores.items()):
        name = "CER" if language.startswith("zh") else "WER"
        print(
            f"{language}: {len(score.work)} clips, {score.audio:.0f} s, "
            f"{name} {score.wrong / max(1, score.units):.1%} ({score.wrong}/{score.units}), "
            f"RTF {sum(score.work) / score.audio:.3f}, "
            f"median {statistics.median(score.work):.2f} s, worst {max(score.work):.2f} s"
        )
        if arguments.show:
            for file, wanted, heard in score.misses:
                print(f"  {file}\n    said  {wanted}\n    heard {heard}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with recordings and their words")
    parser.add_argument("--limit", type=int, default=0, help="measure this many, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--language", help="language told to the engine; auto lets it find out")
    parser.add_argument("--engine", default="whisper")
    parser.add_argument("--model", help="catalogue id, size or folder")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--show", action="store_true", help="print what was misheard")
    asyncio.run(main(parser.parse_args()))
