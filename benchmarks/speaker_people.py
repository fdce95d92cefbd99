"""Whom ``speaker_identification.py`` measures with: people as prints of what they enrolled with and of what
they say then, from recordings or from Kokoro's voices."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.resampling import resample
from kaikou.engines.ports import Lane, SpeakerEncoder, Style, TextToSpeech
from kaikou.speakers.utterances import RATE, utterances

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
SHORTEST, LONGEST = 2.0, 6.0
"""Seconds of a turn."""
ADULT = 13
_SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"})
Vector = NDArray[np.float32]
Sentences = Sequence[Samples]


@dataclass(frozen=True)
class Person:
    """Somebody; ``group`` is whom they may be mistaken for (age and sex, where told)."""

    name: str
    group: str
    enrolled: tuple[Vector, ...]
    enrolled_seconds: float
    turns: tuple[Vector, ...]


async def person(
    name: str, group: str, sentences: Sentences, encoder: SpeakerEncoder, needed: int, heard_in_room: bool
) -> Person | None:
    """Enrolled as the product does it, from sentences read with pauses, until ``needed`` prints are there;
    the others, joined to turns of 2 to 6 s, are what is recognised. None: too little for both."""
    chance = random.Random(f"speaker {name}")
    order = chance.sample(range(len(sentences)), len(sentences))
    pause = np.zeros(RATE // 2, np.float32)
    prints: list[Vector] = []
    recording: list[Samples] = []
    while order and len(prints) < needed:
        recording += [sentences[order.pop()], pause]
        pieces = utterances(Pcm(np.concatenate(recording), RATE), 1.5)
        if len(pieces) >= needed:
            made = [await encoder.encode(piece, lane=Lane.BATCH) for piece in pieces]
            prints = [one.vector for one in made if one.seconds >= 1.0][:needed]
    turns = []
    for turn in joined([sentences[at] for at in order], chance):
        sound = in_a_room(turn, chance) if heard_in_room else turn
        turns.append((await encoder.encode(Pcm(sound, RATE), lane=Lane.BATCH)).vector)
    if len(prints) < needed or not turns:
        return None
    return Person(name, group, tuple(prints), sum(map(len, recording)) / RATE, tuple(turns))


def joined(sentences: Sentences, chance: random.Random) -> Iterable[Samples]:
    """Turns of a length drawn between 2 and 6 s."""
    short = np.zeros(RATE // 10, np.float32)
    turn: list[Samples] = []
    wanted = chance.uniform(SHORTEST, LONGEST)
    for sentence in sentences:
        turn += [sentence, short]
        if sum(map(len, turn)) >= wanted * RATE:
            yield np.concatenate(turn)[: int(LONGEST * RATE)]
            turn, wanted = [], chance.uniform(SHORTEST, LONGEST)


def in_a_room(sound: Samples, chance: random.Random) -> Samples:
    """As another microphone hears it some metres away: an echo that dies away in 0.2 to 0.5 s and is 2 to
    8 dB below the voice, a tilted spectrum, noise 15 to 25 dB below. A model of it, and a hard one."""
    rng = np.random.default_rng(chance.randrange(2**31))
    length = int(chance.uniform(0.2, 0.5) * RATE)
    tail = rng.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: RATE // 500] = 0
    room = tail / np.sqrt(np.sum(tail**2)) * 10 ** (-chance.uniform(2, 8) / 20)
    room[0] += 1
    whole = len(sound) + length
    pitch = np.maximum(np.fft.rfftfreq(whole, 1 / RATE), 100)
    tilt = 10 ** (chance.uniform(-6, 6) * np.log2(pitch / 1_000) / 3 / 20)
    tilt /= np.sqrt(1 + (chance.uniform(80, 250) / pitch) ** 4)
    heard = np.fft.irfft(np.fft.rfft(sound, whole) * np.fft.rfft(room, whole) * tilt, whole)[: len(sound)]
    noise = np.fft.rfft(rng.normal(size=len(heard)))
    noise /= np.sqrt(1 + (np.fft.rfftfreq(len(heard), 1 / RATE) / 300) ** 2)
    hiss = np.fft.irfft(noise, len(heard))
    loudness = np.sqrt(np.mean(heard**2) / np.mean(hiss**2)) * 10 ** (-chance.uniform(15, 25) / 20)
    return (heard + loudness * hiss).astype(np.float32)


def recordings(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """Files by (speaker, group). Either ``labels.json``, a list of ``{"id", "speaker", "age", "gender"}``
    (the last two may be left out), with ``audio/<id>.*``; or a folder for each speaker,
    ``<group>/<speaker>/`` or ``<speaker>/``, with any audio files."""
    found: dict[tuple[str, str], list[Path]] = defaultdict(list)
    labels = folder / "labels.json"
    if labels.exists():
        files = {path.stem: path for path in (folder / "audio").iterdir()}
        rows: list[dict[str, Any]] = json.loads(labels.read_text("utf-8"))
        for row in rows:
            if row["id"] in files:
                found[row["speaker"], _group(row)].append(files[row["id"]])
        return found
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            *groups, speaker = path.parent.relative_to(folder).parts
            found[speaker, "/".join(groups)].append(path)
    return found


def _group(row: dict[str, Any]) -> str:
    """Children of both sexes are one group: their voices are."""
    age = row.get("age")
    return "child" if age is not None and age < ADULT else f"adult {row.get('gender', '')}".strip()


def read(path: Path) -> Samples | None:
    """A sentence without the silence around it; None: there is nothing in it."""
    pieces = utterances(decode(path.read_bytes(), RATE), 0.1)
    return np.concatenate([piece.samples for piece in pieces]) if pieces else None


async def spoken(voice: str, language: str, tts: TextToSpeech, chance: random.Random) -> list[Samples]:
    """The sentences by a voice, at paces from 0.85 to 1.15, with a little noise."""
    found = []
    for sentence in SENTENCES[language]:
        style = Style(speed=chance.uniform(0.85, 1.15))
        stream = tts.stream(sentence, voice=voice, style=style, lane=Lane.BATCH)
        whole = Pcm(np.concatenate([chunk.pcm.samples async for chunk in stream]), 24_000)
        noise = np.random.default_rng(chance.randrange(2**31)).normal(0, 0.002, len(whole.samples))
        found.append(resample(Pcm((whole.samples + noise).astype(np.float32), 24_000), RATE).samples)
    return found
