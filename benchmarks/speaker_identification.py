"""How well speakers are told apart: known ones named rightly, strangers taken for somebody.

    python benchmarks/speaker_identification.py                       # Kokoro's Chinese voices
    python benchmarks/speaker_identification.py --voices en           # as many English ones
    python benchmarks/speaker_identification.py --recordings FOLDER   # with labels.json and audio/

Drawn at random, ``--draws`` times: four speakers, each enrolled with some utterances, and a stranger; each
then says one sentence that was not enrolled. Synthetic voices are spoken at paces from 0.85 to 1.15, with a
little noise; ``--blends`` adds mixtures of two voices, which are as alike as people of one family. They vary
less than people do from day to day: the rates are what the encoder can do at best.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane, Style
from kaikou.engines.registry import EngineContext
from kaikou.engines.speaker.resemblyzer.engine import Resemblyzer
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.weights.store import WeightStore
from kaikou.settings.tree import Settings
from kaikou.speakers.voices import KnownVoices, decided

SENTENCES = {
    "zh": (
        "今天的天气真不错，我们出去走走吧。", "请帮我把客厅的灯打开，谢谢。", "明天早上七点钟叫我起床。",
        "我刚才把钥匙忘在办公室里了。", "这本书讲的是一个很老的故事。", "晚饭我想吃番茄鸡蛋面。",
        "周末要不要一起去爬山看日出？", "他说火车大概要晚点半个小时。", "外面下雨了，记得带一把伞。",
    ),
    "en": (
        "The weather is lovely today, let's go for a walk.", "Please turn on the light in the living room.",
        "Wake me at seven o'clock tomorrow morning.", "I have left my keys at the office again.",
        "This book tells a very old story.", "I would like tomato soup for dinner.",
        "Shall we climb the hill at the weekend?", "He said the train would be half an hour late.",
        "It is raining outside, take an umbrella.",
    ),
}  # fmt: skip
THRESHOLDS = (0.72, 0.74, 0.76, 0.78, 0.80, 0.82, 0.84, 0.86)
KNOWN = 4
Vectors = list[NDArray[np.float32]]


async def spoken(options: argparse.Namespace, engines: tuple[Kokoro, Resemblyzer]) -> dict[str, Vectors]:
    """Prints by voice."""
    kokoro, encoder = engines
    mandarin = options.voices == "zh"
    names = [one.id for one in kokoro.voices() if (one.id[0] == "z") == mandarin and one.id[0] in "abz"]
    random.Random(3).shuffle(names)
    names = sorted(names[: options.speakers])
    if options.blends:
        pairs = [(a, b) for a, b in itertools.combinations(names, 2) if a[:2] == b[:2]]
        random.Random(3).shuffle(pairs)
        names += [f"{a}:0.5+{b}:0.5" for a, b in pairs[: options.blends]]
    found: dict[str, Vectors] = defaultdict(list)
    chance = random.Random(5)
    for name in names:
        for sentence in SENTENCES[options.voices]:
            style = Style(speed=chance.uniform(0.85, 1.15))
            parts = [
                chunk.pcm.samples
                async for chunk in kokoro.stream(sentence, voice=name, style=style, lane=Lane.BATCH)
            ]
            samples = np.concatenate(parts)
            noise = np.random.default_rng(len(found)).normal(0, 0.002, len(samples)).astype(np.float32)
            heard = await encoder.encode(Pcm(samples + noise, 24_000), lane=Lane.BATCH)
            found[name].append(heard.vector)
    return found


async def recorded(options: argparse.Namespace, encoder: Resemblyzer) -> dict[str, Vectors]:
    """Prints by speaker, of recordings with at least a second of voice."""
    found: dict[str, Vectors] = defaultdict(list)
    labels: list[dict[str, Any]] = json.loads((options.recordings / "labels.json").read_text())
    files = {path.stem: path for path in (options.recordings / "audio").iterdir()}
    for one in labels:
        if one["id"] in files and len(found[one["speaker"]]) < options.most:
            heard = await encoder.encode(decode(files[one["id"]].read_bytes()), lane=Lane.BATCH)
            if heard.seconds >= 1.0:
                found[one["speaker"]].append(heard.vector)
    return found


def rates(prints: dict[str, Vectors], needed: int, draws: int) -> list[dict[str, float]]:
    """For each threshold the shares of known people's and of strangers' sentences."""
    people = [name for name, some in prints.items() if len(some) > needed]
    chance = random.Random(1)
    known: list[tuple[str, Any]] = []
    strangers: list[Any] = []
    for _ in range(draws):
        *four, stranger = chance.sample(people, KNOWN + 1)
        split = {name: chance.sample(prints[name], len(prints[name])) for name in four}
        means = np.stack([unit(np.mean(split[name][:needed], axis=0)) for name in four])
        voices = KnownVoices("bench", tuple(four), means)
        known += [(name, voices.scores(chance.choice(split[name][needed:]))) for name in four]
        strangers.append(voices.scores(chance.choice(prints[stranger])))
    rows = []
    for threshold in THRESHOLDS:
        named = [(name, decided(scores, threshold)) for name, scores in known]
        rows.append(
            {
                "threshold": threshold,
                "rightly": share([who == name for name, who in named]),
                "wrongly": share([who not in (None, name) for name, who in named]),
                "nobody": share([who is None for _, who in named]),
                "stranger_taken": share([decided(scores, threshold) is not None for scores in strangers]),
            }
        )
    return rows


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def share(some: Sequence[bool]) -> float:
    return round(sum(some) / max(1, len(some)), 3)


async def measured(options: argparse.Namespace) -> dict[str, Any]:
    settings = Settings()
    pool, weights = Pool(settings.pool), WeightStore(settings.models)
    kokoro = Kokoro(EngineContext("kokoro", settings.tts, settings, pool, weights))
    encoder = Resemblyzer(EngineContext("resemblyzer", settings.speaker, settings, pool, weights))
    await encoder.load(lambda *_: None)
    try:
        if options.recordings:
            prints = await recorded(options, encoder)
        else:
            await kokoro.load(lambda *_: None)
            prints = await spoken(options, (kokoro, encoder))
    finally:
        await kokoro.close()
        await encoder.close()
        await pool.close(10)
    counts = {needed: rates(prints, needed, options.draws) for needed in (3, 5)}
    return {"speakers": len(prints), "utterances": sum(map(len, prints.values())), "rates": counts}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--voices", choices=("zh", "en"), default="zh")
    parser.add_argument("--speakers", type=int, default=8, help="voices at most, drawn at random")
    parser.add_argument("--blends", type=int, default=0, help="mixtures of two voices of one sex")
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--most", type=int, default=10, help="recordings of one speaker that are looked at")
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = asyncio.run(measured(options))
    print(f"{found['speakers']} speakers, {found['utterances']} utterances")
    for needed, rows in found["rates"].items():
        for row in rows:
            print(
                f"{needed} enrolled  threshold {row['threshold']:.2f}  rightly {row['rightly']:.1%}  "
                f"wrongly {row['wrongly']:.1%}  nobody {row['nobody']:.1%}  "
                f"stranger taken {row['stranger_taken']:.1%}"
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
