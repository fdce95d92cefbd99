"""Kokoro: what needs no model, then the model itself, its sound transcribed back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soxr
from faster_whisper import WhisperModel

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.ports import AudioChunk, BlendsVoices, Lane, Progress, Style
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.tts.kokoro import Kokoro
from kaikou.engines.tts.kokoro.synthesis import RATE
from kaikou.engines.tts.text.words import spoken_words
from kaikou.engines.weights.store import WeightStore
from kaikou.errors import InvalidInput, ModelUnavailable, NotReady, SettingsError
from kaikou.settings.tree import Settings, TtsSettings


class EmptyFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    async def fetch(self, model: str, progress: Progress) -> Path:
        return self.path

    def installed(self, model: str) -> Path | None:
        return self.path


def engine(weights: object, pool: Pool | None = None, **choice: object) -> Kokoro:
    settings = Settings()
    chosen = TtsSettings.model_validate(choice)
    context = EngineContext("kokoro", chosen, settings, pool or Pool(), weights)  # type: ignore[arg-type]
    found = create("tts", context)
    assert isinstance(found, Kokoro)
    return found


async def spoken(tts: Kokoro, text: str, voice: str | None = None, **more: object) -> list[AudioChunk]:
    return [chunk async for chunk in tts.stream(text, voice=voice, **more)]  # type: ignore[arg-type]


def as_one(chunks: list[AudioChunk]) -> AudioChunk:
    """``chunks`` of one piece put together."""
    pcm, words = chunks[0].pcm, list(chunks[0].words)
    for before, chunk in pairwise(chunks):
        assert before.span[1] == chunk.span[0]
        at = pcm.seconds
        words += [replace(word, start=word.start + at, end=word.end + at) for word in chunk.words]
        pcm = pcm + chunk.pcm
    return AudioChunk(pcm, (chunks[0].span[0], chunks[-1].span[1]), tuple(words))


# -- without the model


async def test_not_before_it_is_loaded_and_closed_twice(tmp_path: Path) -> None:
    tts = engine(EmptyFolder(tmp_path))
    with pytest.raises(NotReady):
        await spoken(tts, "Hello.")
    await tts.close()
    await tts.close()


async def test_an_empty_folder_is_a_clear_error(tmp_path: Path) -> None:
    tts = engine(EmptyFolder(tmp_path))
    with pytest.raises(ModelUnavailable, match="Kokoro"):
        await tts.load(lambda what, fraction: None)
    assert tts.health().state == "failed"


def test_default_voices(tmp_path: Path) -> None:
    tts = engine(EmptyFolder(tmp_path))
    assert tts.default_voice("zh-CN") == "zf_xiaobei"
    assert tts.default_voice("en") == tts.default_voice(None) == "af_heart"
    chosen = engine(EmptyFolder(tmp_path), voice="am_adam")
    assert chosen.default_voice("en") == "am_adam"
    assert chosen.default_voice("zh") == "zm_yunxi"
    with pytest.raises(InvalidInput):
        engine(EmptyFolder(tmp_path), voice="nobody")
    with pytest.raises(SettingsError):
        engine(EmptyFolder(tmp_path), kokoro={"cache": 1})


def test_it_blends(tmp_path: Path) -> None:
    tts = engine(EmptyFolder(tmp_path))
    assert isinstance(tts, BlendsVoices)
    assert tts.blend({"af_heart": 1, "zf_xiaobei": 1}).languages == ("zh", "en")


# -- with the model

ENGLISH = {
    "The weather is lovely today, so we should go outside.": None,
    "Doctor Smith lives on the twenty first floor.": None,
    "It costs $24.99.": "it costs twenty four dollars and ninety nine cents",
    "Don't worry, it's only a minor problem.": None,
    "What would you like to talk about today?": None,
}
MANDARIN = {
    "你好世界。": None,
    "今天天气很好，我们去公园散步吧。": None,
    "他在银行工作，每天都很忙。": None,
    "我觉得人工智能会改变我们的生活。": None,
    "会议定在下午2:30。": "会议定在下午两点半",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kokoro() -> AsyncIterator[Kokoro]:
    pool = Pool()
    tts = engine(WeightStore(Settings().models), pool)
    await tts.load(lambda what, fraction: None)
    yield tts
    await tts.close()
    await pool.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whisper() -> AsyncIterator[WhisperModel]:
    path = await WeightStore(Settings().models).fetch("whisper-base", lambda what, fraction: None)
    yield WhisperModel(str(path), compute_type="int8", cpu_threads=2)


def heard(whisper: WhisperModel, chunks: list[AudioChunk], language: str) -> str:
    samples = np.concatenate([chunk.pcm.samples for chunk in chunks])
    edge = np.zeros(RATE // 5, np.float32)
    audio = soxr.resample(np.concatenate((edge, samples, edge)), RATE, 16_000)
    prompt = "以下是普通话的句子。" if language == "zh" else None
    segments, _ = whisper.transcribe(audio, language=language, initial_prompt=prompt, beam_size=2)
    return "".join(segment.text for segment in segments)


def units(text: str, language: str) -> list[str]:
    """Words, or hanzi, with numbers spelled out."""
    words = [word.text.lower() for word in spoken_words(text, language) if word.language != "mark"]
    if language == "zh":
        return re.findall(r"\w", "".join(words))
    return [word.replace("dr", "doctor") for word in re.findall(r"[a-z']+", " ".join(words))]


def distance(want: list[str], got: list[str]) -> int:
    """Levenshtein."""
    row = list(range(len(got) + 1))
    for at, one in enumerate(want, 1):
        before, row[0] = row[0], at
        for column, other in enumerate(got, 1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (one != other)),
            )
    return row[-1]


loop = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.models
@loop
@pytest.mark.parametrize(("texts", "language", "most"), [(ENGLISH, "en", 0.1), (MANDARIN, "zh", 0.2)])
async def test_what_it_says_is_understood(
    kokoro: Kokoro, whisper: WhisperModel, texts: dict[str, str | None], language: str, most: float
) -> None:
    wrong = total = 0
    for text, expected in texts.items():
        chunks = await spoken(kokoro, text)
        want = units(expected or text, language)
        got = units(await asyncio.to_thread(heard, whisper, chunks, language), language)
        wrong += distance(want, got)
        total += len(want)
    assert wrong / total <= most


@pytest.mark.models
@loop
async def test_the_chunk_is_trimmed_levelled_and_timed(kokoro: Kokoro) -> None:
    text = "The weather is lovely today, so we should go outside."
    chunk = as_one(await spoken(kokoro, text))
    assert chunk.pcm.rate == RATE
    assert chunk.span == (0, len(text))
    assert [word.text for word in chunk.words] == re.findall(r"\w+", text)
    assert all(word.measured for word in chunk.words)
    times = [time for word in chunk.words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert chunk.words[0].start < 0.2
    assert times[-1] <= chunk.pcm.seconds
    samples = np.abs(chunk.pcm.samples)
    assert 0.1 < samples.max() <= 0.96
    loud = np.flatnonzero(samples > 0.02)
    assert 0.005 < loud[0] / RATE < 0.12
    assert (len(samples) - loud[-1]) / RATE < 0.2


@pytest.mark.models
@loop
async def test_the_same_again_is_the_same_sound(kokoro: Kokoro) -> None:
    (one,) = await spoken(kokoro, "Hi!", "af_heart+am_adam")
    (same,) = await spoken(kokoro, "Hi!", "am_adam:1+af_heart:1")
    np.testing.assert_array_equal(one.pcm.samples, same.pcm.samples)
    (other,) = await spoken(kokoro, "Hi!", "af_heart")
    assert not np.array_equal(one.pcm.samples, other.pcm.samples)
    (slow,) = await spoken(kokoro, "Hi!", "af_heart", style=Style(speed=0.5))
    assert slow.pcm.seconds > 1.3 * other.pcm.seconds


@pytest.mark.models
@loop
async def test_a_voice_without_mandarin_is_replaced(kokoro: Kokoro, caplog: pytest.LogCaptureFixture) -> None:
    (asked,) = await spoken(kokoro, "你好。", "am_michael")
    (spoken_by,) = await spoken(kokoro, "你好。", "zm_yunxi")
    np.testing.assert_array_equal(asked.pcm.samples, spoken_by.pcm.samples)
    assert "am_michael" in caplog.text


@pytest.mark.models
@loop
async def test_nothing_to_say_and_an_unknown_voice(kokoro: Kokoro) -> None:
    assert await spoken(kokoro, " 😀 ... ") == []
    with pytest.raises(InvalidInput):
        await spoken(kokoro, "Hello.", "nobody")
    with pytest.raises(InvalidInput):
        await spoken(kokoro, "Hello.", style=Style(speed=0.0))


@pytest.mark.models
@loop
async def test_several_sentences_come_one_by_one_with_pauses(kokoro: Kokoro) -> None:
    text = "Good morning, everyone. 今天我们用Python。"
    first, second = await spoken(kokoro, text, "zf_xiaoxiao", lane=Lane.BATCH)
    assert first.span[1] == second.span[0]
    assert second.span[1] == len(text)
    assert [word.text for word in second.words][-1] == "Python"
    assert not np.any(first.pcm.samples[-RATE // 5 :])
    assert isinstance(first.pcm, Pcm)


@pytest.mark.models
@loop
async def test_both_lanes_speak_alike_whatever_computes(kokoro: Kokoro, whisper: WhisperModel) -> None:
    assert kokoro.health().state == "ready"
    for text, language in (("Nice to meet you, my friend.", "en"), ("你好世界。", "zh")):
        live = as_one(await spoken(kokoro, text))
        (batch,) = await spoken(kokoro, text, lane=Lane.BATCH)
        assert [word.text for word in live.words] == [word.text for word in batch.words]
        for one, other in zip(live.words, batch.words, strict=True):
            assert abs(one.start - other.start) < 0.1
        levels = [np.sqrt(np.mean(np.square(chunk.pcm.samples))) for chunk in (live, batch)]
        assert abs(20 * np.log10(levels[0] / levels[1])) < 1
        for chunk in (live, batch):
            got = await asyncio.to_thread(heard, whisper, [chunk], language)
            assert units(got, language)[0] == units(text, language)[0]


@pytest.mark.models
@loop
async def test_the_beginning_of_a_short_clause_comes_first_and_fits_what_follows(kokoro: Kokoro) -> None:
    if "bf16" not in str(kokoro.card.model):
        pytest.skip("only where it is computed several times faster than it is heard")
    for text in ("That is a good question,", "I could not find the file,", "Once upon a time,"):
        chunks = await spoken(kokoro, text)
        first, rest = chunks
        assert 0.3 < first.pcm.seconds < 1.0
        assert first.words[-1].start < first.pcm.seconds
        assert 0 < first.span[1] == rest.span[0] < len(text)
        live, (whole,) = as_one(chunks), await spoken(kokoro, text, lane=Lane.INTERACTIVE)
        assert live.span == whole.span == (0, len(text))
        assert abs(live.pcm.seconds - whole.pcm.seconds) < 0.06
        assert [word.span for word in live.words] == [word.span for word in whole.words]
        for one, other in zip(live.words, whole.words, strict=True):
            assert one.start == pytest.approx(other.start, abs=0.04)
            # Where the sound will end is not known yet when the last word is told, but foreseen.
            assert one.end == pytest.approx(other.end, abs=0.08)
        levels = [np.sqrt(np.mean(np.square(chunk.pcm.samples))) for chunk in (live, whole)]
        assert abs(20 * np.log10(levels[0] / levels[1])) < 1.5
        # No click: at the joint the sound moves no faster than around it.
        at, moves = len(first.pcm), np.abs(np.diff(live.pcm.samples))
        around = np.concatenate((moves[at - 2400 : at - 4], moves[at + 4 : at + 2400]))
        assert moves[at - 4 : at + 4].max() <= 1.5 * around.max()
    assert len(await spoken(kokoro, "我最喜欢秋天，")) == 1
