"""How well speakers are told apart: known ones named rightly, strangers taken for somebody.

    python benchmarks/speaker_identification.py --data FOLDER          # recordings of people
    python benchmarks/speaker_identification.py --data FOLDER --room   # turns heard by another microphone
    python benchmarks/speaker_identification.py --voices zh            # Kokoro's voices, zh or en

FOLDER has audio/ and labels.json, or a folder for each speaker (``speaker_people.recordings``). Households of
1, 2, 4 and 8 are drawn ``--draws`` times: everybody is enrolled from as many utterances as the product asks
for, one of them speaks a turn of 2 to 6 s that was not enrolled, and so does a stranger: anybody, or somebody
of the age and sex of one of the household. With ``--halves`` each half of the speakers is reported by
itself: choose on the first, report the second. ``--thresholds`` are those for one person known; for more the
product's rise is added (``kaikou.speakers.voices.line``). Synthetic voices vary less than people do from
day to day, and so do recordings of one sitting.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from speaker_people import Person, Sentences, person, read, recordings, spoken

from kaikou.engines.pool import Pool
from kaikou.engines.registry import EngineContext
from kaikou.engines.speaker.resemblyzer.engine import Resemblyzer
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings
from kaikou.speakers.voices import KnownVoices, Score, decided, line

HOUSEHOLDS = (1, 2, 4, 8)
THRESHOLDS = (0.77, 0.79, 0.80, 0.81, 0.82, 0.83, 0.85)
Trial = tuple[str, list[Score], list[Score]]
"""Who spoke, the scores of their turn, and of a stranger's."""


def household(some: Sequence[Person]) -> KnownVoices:
    means = np.stack([np.mean(one.enrolled, axis=0) for one in some])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return KnownVoices("bench", tuple(one.name for one in some), means.astype(np.float32))


def trials(people: Sequence[Person], size: int, draws: int, *, alike: bool) -> list[Trial]:
    chance = random.Random(f"{size} {alike}")
    found: list[Trial] = []
    for _ in range(draws):
        home = chance.sample(people, size)
        groups = {one.group for one in home} if alike else {one.group for one in people}
        outside = [one for one in people if one not in home and one.group in groups]
        if outside:
            who, stranger, voices = chance.choice(home), chance.choice(outside), household(home)
            said, other = chance.choice(who.turns), chance.choice(stranger.turns)
            found.append((who.name, voices.scores(said), voices.scores(other)))
    return found


def rates(people: Sequence[Person], options: argparse.Namespace) -> list[dict[str, Any]]:
    """For each household, kind of stranger and threshold the shares of what was decided."""
    rows = []
    for alike, size in itertools.product((False, True), HOUSEHOLDS):
        if size >= len(people):
            continue
        some = trials(people, size, options.draws, alike=alike)
        for threshold in options.thresholds:
            least = line(threshold, size)
            named = [(name, decided(own, least)) for name, own, _ in some]
            rows.append(
                {
                    "known": size,
                    "strangers": "alike" if alike else "any",
                    "threshold": threshold,
                    "rightly": share([who == name for name, who in named]),
                    "wrongly": share([who not in (None, name) for name, who in named]),
                    "stranger_taken": share([decided(other, least) is not None for *_, other in some]),
                }
            )
    return rows


def share(some: Sequence[bool]) -> float:
    return round(sum(some) / max(1, len(some)), 4)


async def measured(options: argparse.Namespace) -> list[Person]:
    settings = Settings()
    pool, weights = Pool(settings.pool), WeightStore(settings.models)
    kokoro = Kokoro(EngineContext("kokoro", settings.tts, settings, pool, weights))
    encoder = Resemblyzer(EngineContext("resemblyzer", settings.speaker, settings, pool, weights))
    await encoder.load(lambda *_: None)
    people: list[Person | None] = []

    async def add(name: str, group: str, sentences: Sentences) -> None:
        needed = settings.speaker.needed
        people.append(await person(name, group, sentences, encoder, needed, options.room))

    try:
        if options.data:
            for (name, group), paths in sorted(recordings(options.data).items()):
                sentences = [sound for path in paths if (sound := read(path)) is not None]
                await add(name, group, sentences)
        else:
            await kokoro.load(lambda *_: None)
            chance = random.Random(5)
            for name in voices(kokoro, options):
                await add(name, name[1], await spoken(name, options.voices, kokoro, chance))
    finally:
        await kokoro.close()
        await encoder.close()
        await pool.close(10)
    return [one for one in people if one is not None]


def voices(kokoro: Kokoro, options: argparse.Namespace) -> list[str]:
    """Of the language, with mixtures of two of one sex where they are wanted."""
    first = ("z",) if options.voices == "zh" else ("a", "b")
    names = sorted(one.id for one in kokoro.voices() if one.id.startswith(first))
    pairs = [(a, b) for a, b in itertools.combinations(names, 2) if a[:2] == b[:2]]
    random.Random(3).shuffle(pairs)
    return names + [f"{a}:0.5+{b}:0.5" for a, b in pairs[: options.blends]]


def halves(people: list[Person]) -> list[list[Person]]:
    """With as many of each group in both."""
    ordered = sorted(people, key=lambda one: (one.group, one.name))
    return [ordered[::2], ordered[1::2]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--voices", choices=("zh", "en"), default="zh")
    parser.add_argument("--blends", type=int, default=0, help="mixtures of two voices of one sex")
    parser.add_argument("--room", action="store_true", help="turns through a modelled room and microphone")
    parser.add_argument("--halves", action="store_true", help="each half of the speakers by itself")
    parser.add_argument("--thresholds", type=float, nargs="+", default=THRESHOLDS)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    people = asyncio.run(measured(options))
    seconds = np.median([one.enrolled_seconds for one in people])
    print(f"{len(people)} speakers, enrolled with {seconds:.0f} s (median)")
    found = [rates(some, options) for some in (halves(people) if options.halves else [people])]
    for number, rows in enumerate(found, 1):
        for row in rows:
            print(
                f"half {number} of {len(found)}  {row['known']} known  strangers {row['strangers']:5}  "
                f"threshold {row['threshold']:.2f}  rightly {row['rightly']:.1%}  "
                f"wrongly {row['wrongly']:.1%}  stranger taken {row['stranger_taken']:.1%}"
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
