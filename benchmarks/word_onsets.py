"""How far the word times of speech are from where its words begin, by forced alignment.

    pip install pocketsphinx==5.1.1 hama==1.7.0
    python benchmarks/word_onsets.py [--limit 50] [--speed 1.0] [--json figures.json]

Kokoro speaks 50 sentences in each language (``data/onset_sentences.json``). Compared with the onsets that
PocketSphinx finds are: Kokoro's own times; the estimate for engines that give none, made from text and
sound when all of it is there; and the same made while the sound arrives, as it is for a remote voice
(0.2 s at a time; a word is fixed once its sound has come). ``aligner`` is the reference's own error: two
trimmed sentences are joined without a pause, so that it is known where the second one begins. ``ctc`` is a
second aligner of another kind against the first: its median is its lag, its spread the agreement.

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

SENTENCES = Path(__file__).parent / "data" / "onset_sentences.json"
_PACKET = 0.2


@dataclass(frozen=True)
class Clip:
    text: str
    pcm: Pcm
    words: tuple[Word, ...]


async def spoken(
    texts: dict[str, list[str]], voices: dict[str, str | None], speed: float
) -> dict[str, list[Clip]]:
    settings = Settings()
    pool = Pool(settings.pool)
    tts = Kokoro(EngineContext("kokoro", settings.tts, settings, pool, WeightStore(settings.models)))
    await tts.load(lambda what, fraction: None)
    clips: dict[str, list[Clip]] = {}
    for language, sentences in texts.items():
        clips[language] = []
        for text in sentences:
            pcm: Pcm | None = None
            words: list[Word] = []
            style = Style(speed=speed, language=language)
            async for chunk in tts.stream(text, voice=voices[language], style=style, lane=Lane.BATCH):
                at = pcm.seconds if pcm else 0.0
                words += [
                    Word(word.text, at + word.start, at + word.end, span=word.span) for word in chunk.words
                ]
                pcm = pcm + chunk.pcm if pcm else chunk.pcm
            assert pcm is not None
            clips[language].append(Clip(text, pcm, tuple(words)))
    await tts.close()
    await pool.close()
    return clips


def errors(aligner: Aligner, clip: Clip, words: tuple[Word, ...], starts: list[float]) -> list[float]:
    """Milliseconds by which ``starts`` of ``words`` are late."""
    onsets = aligner.onsets(clip.pcm, spoken_forms(clip, words))
    if onsets is None:
        raise SystemExit(f"No alignment was found of {clip.text!r}.")
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
        rows["kokoro"] += errors(sphinx, clip, clip.words, [word.start for word in clip.words])
        words = estimated(units(clip.text), clip.pcm)
        rows["estimated"] += errors(sphinx, clip, words, [word.start for word in words])
        rows["arriving"] += errors(sphinx, clip, words, just_in_time(clip, paces, language))
        second = ctc.onsets(clip.pcm, spoken_forms(clip, clip.words))
        if second is not None:
            rows["ctc"] += errors(sphinx, clip, clip.words, second)
    rows["aligner"] = joined(sphinx, clips)
    return {name: figures(found) for name, found in rows.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--voice-en")
    parser.add_argument("--voice-zh")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sentences = json.loads(SENTENCES.read_text("utf-8"))
    texts = {language: sentences[language][: given.limit] for language in ("en", "zh")}
    voices = {"en": given.voice_en, "zh": given.voice_zh}
    clips = asyncio.run(spoken(texts, voices, given.speed))
    sphinx = Sphinx()
    ctc = Ctc(sphinx.phones)
    found: dict[str, Any] = {}
    print(f"{'':>12} {'':>10}  words  median |ms|  p90 |ms|  lag ms  centred")
    for language, spoken_clips in clips.items():
        found[language] = measured(spoken_clips, language, sphinx, ctc)
        for name, row in found[language].items():
            print(
                f"{language:>12} {name:>10}  {row['words']:5.0f}  {row['median']:11.0f}  {row['p90']:8.0f}"
                f"  {row['lag']:6.0f}  {row['centred']:7.0f}"
            )
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
