"""How far the word times of speech are from where its words begin, by forced alignment.

    pip install pocketsphinx==5.1.1 hama==1.7.0
    python benchmarks/word_onsets.py [--sets en,zh,first] [--limit 50] [--speed 1.0] [--json figures.json]

Kokoro speaks 50 sentences in each language (``data/onset_sentences.json``) as it does in a conversation, and
("first") 40 English clauses as replies begin with (``data/first_clauses.json``), which it gives out in two
parts. Compared with the onsets that PocketSphinx finds are: Kokoro's own times; the estimate for engines that
give none, made from text and sound when all of it is there; and the same made while the sound arrives, as it
is for a remote voice (0.2 s at a time; a word is fixed once its sound has come). ``aligner`` is the
reference's own error: two trimmed sentences are joined without a pause, so that it is known where the second
one begins. ``ctc`` is a second aligner of another kind against the first: its median is its lag, its spread
the agreement.

Errors in ms, positive where a time is late; ``centred`` is the median error once the lag is taken off.
Mandarin's own times are of words, its estimates of hanzi.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from forced_alignment import Aligner, Ctc, Spelled, Sphinx, spelled

from kaikou.audio.pcm import Pcm
from kaikou.audio.silence import sounding
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Style, Word
from kaikou.engines.registry import EngineContext
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.tts.word_times import Paces, WordTimer, estimated, units
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings

DATA = Path(__file__).parent / "data"
_PACKET = 0.2


@dataclass(frozen=True)
class Clip:
    text: str
    pcm: Pcm
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Set:
    language: str
    texts: list[str]
    voice: str | None


async def spoken(sets: dict[str, Set], speed: float) -> dict[str, list[Clip]]:
    settings = Settings()
    pool = Pool(settings.pool)
    tts = Kokoro(EngineContext("kokoro", settings.tts, settings, pool, WeightStore(settings.models)))
    await tts.load(lambda what, fraction: None)
    clips: dict[str, list[Clip]] = {}
    for name, one in sets.items():
        clips[name] = []
        for text in one.texts:
            parts: list[Pcm] = []
            words: list[Word] = []
            style = Style(speed=speed, language=one.language)
            async for chunk in tts.stream(text, voice=one.voice, style=style, lane=Lane.LIVE):
                at = sum(part.seconds for part in parts)
                words += [
                    Word(word.text, at + word.start, at + word.end, span=word.span) for word in chunk.words
                ]
                parts.append(chunk.pcm)
            pcm = Pcm(np.concatenate([part.samples for part in parts]), parts[0].rate)
            clips[name].append(Clip(text, pcm, tuple(words)))
    await tts.close()
    await pool.close()
    return clips


def aligned(aligner: Aligner, clip: Clip, words: tuple[Word, ...]) -> list[float]:
    """Where ``words`` begin, in seconds."""
    onsets = aligner.onsets(clip.pcm, spoken_forms(clip, words))
    if onsets is None:
        raise SystemExit(f"No alignment was found of {clip.text!r}.")
    return onsets


def late(starts: list[float], onsets: list[float]) -> list[float]:
    """Milliseconds by which ``starts`` are late."""
    return [1000 * (start - onset) for start, onset in zip(starts, onsets, strict=True)]


def spoken_forms(clip: Clip, words: tuple[Word, ...]) -> list[Spelled]:
    return spelled(clip.text, [word.span for word in words if word.span])


def just_in_time(clip: Clip, paces: Paces, language: str) -> list[float]:
    """Starts as they are told while the sound arrives."""
    timer = WordTimer(units(clip.text), paces.of(language))
    size = round(_PACKET * clip.pcm.rate)
    told: list[float] = []
    for at in range(0, len(clip.pcm), size):
        timer.hear(Pcm(clip.pcm.samples[at : at + size], clip.pcm.rate))
        heard = (at + size) / clip.pcm.rate
        for word in timer.words[len(told) :]:
            if word.start >= heard:
                break
            told.append(word.start)
    pace = timer.finish()
    if pace is not None:
        paces.learn(language, pace)
    return told + [word.start for word in timer.words[len(told) :]]


def joined(aligner: Aligner, clips: list[Clip]) -> list[float]:
    """Errors of the first word of each clip, put right behind another one."""
    found: list[float] = []
    for one, other in pairwise(clips):
        before, after = (
            Pcm(clip.pcm.samples[slice(*sounding(clip.pcm, threshold=-35))], clip.pcm.rate)
            for clip in (one, other)
        )
        first = spoken_forms(one, one.words)
        onsets = aligner.onsets(before + after, first + spoken_forms(other, other.words))
        if onsets is not None:
            found.append(1000 * (onsets[len(first)] - before.seconds))
    return found


def figures(found: list[float]) -> dict[str, float]:
    late = np.array(found)
    lag = float(np.median(late))
    return {
        "words": len(found),
        "median": float(np.median(np.abs(late))),
        "p90": float(np.percentile(np.abs(late), 90)),
        "lag": lag,
        "centred": float(np.median(np.abs(late - lag))),
    }


def measured(clips: list[Clip], language: str, sphinx: Sphinx, ctc: Ctc) -> dict[str, dict[str, float]]:
    rows: dict[str, list[float]] = {"kokoro": [], "estimated": [], "arriving": [], "ctc": []}
    paces = Paces()
    for clip in clips:
        onsets = aligned(sphinx, clip, clip.words)
        rows["kokoro"] += late([word.start for word in clip.words], onsets)
        second = ctc.onsets(clip.pcm, spoken_forms(clip, clip.words))
        if second is not None:
            rows["ctc"] += late(second, onsets)
        words = estimated(units(clip.text), clip.pcm)
        if [word.span for word in words] != [word.span for word in clip.words]:
            onsets = aligned(sphinx, clip, words)
        rows["estimated"] += late([word.start for word in words], onsets)
        rows["arriving"] += late(just_in_time(clip, paces, language), onsets)
    rows["aligner"] = joined(sphinx, clips)
    return {name: figures(found) for name, found in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default="en,zh,first", help="which of them, with commas")
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--voice-en")
    parser.add_argument("--voice-zh")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    names = given.sets.split(",")
    sentences, clauses = (
        json.loads((DATA / file).read_text("utf-8"))
        for file in ("onset_sentences.json", "first_clauses.json")
    )
    sets = {
        "en": Set("en", sentences["en"][: given.limit], given.voice_en),
        "zh": Set("zh", sentences["zh"][: given.limit], given.voice_zh),
        "first": Set("en", clauses["en"][: given.limit], given.voice_en),
    }
    sets = {name: sets[name] for name in names}
    clips = asyncio.run(spoken(sets, given.speed))
    sphinx = Sphinx()
    ctc = Ctc(sphinx.phones)
    found: dict[str, Any] = {}
    print(f"{'':>12} {'':>10}  words  median |ms|  p90 |ms|  lag ms  centred")
    for name in names:
        found[name] = measured(clips[name], sets[name].language, sphinx, ctc)
        for row_name, row in found[name].items():
            print(
                f"{name:>12} {row_name:>10}  {row['words']:5.0f}  {row['median']:11.0f}  {row['p90']:8.0f}"
                f"  {row['lag']:6.0f}  {row['centred']:7.0f}",
                flush=True,
            )
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
