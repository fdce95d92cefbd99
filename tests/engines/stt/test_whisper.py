"""Whisper with its real weights on recorded speech, silence and noise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from engines.stt.contexts import RECORDINGS, Recording, context, errors, units

from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.pool import Pool
from kaikou.engines.ports import Lane
from kaikou.engines.stt.whisper import Whisper
from kaikou.errors import KaikouError, NotReady, SettingsError

ENGLISH = [recording for recording in RECORDINGS if recording.language == "en"]
CHINESE = [recording for recording in RECORDINGS if recording.language == "zh"]


def quiet(message: str, fraction: float | None) -> None:
    """No progress wanted."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whisper() -> AsyncIterator[Whisper]:
    pool = Pool()
    engine = Whisper(context("whisper", pool, weights=True))
    await engine.load(quiet)
    yield engine
    await engine.close()
    await pool.close()


real = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module")]


class TestSpeech:
    pytestmark = real

    @pytest.mark.parametrize("recording", ENGLISH, ids=lambda recording: recording.file)
    async def test_english(self, whisper: Whisper, recording: Recording) -> None:
        heard = await whisper.transcribe(recording.audio, language="en-US")
        assert errors(recording.text, heard.text) <= 1, heard.text
        assert heard.language == "en-US"
        assert heard.confidence is not None and 0.3 < heard.confidence <= 1
        assert heard.seconds == pytest.approx(recording.audio.seconds, abs=0.01)

    @pytest.mark.parametrize("recording", CHINESE, ids=lambda recording: recording.file)
    async def test_chinese(self, whisper: Whisper, recording: Recording) -> None:
        heard = await whisper.transcribe(recording.audio, language="zh-CN")
        assert errors(recording.text, heard.text) <= 2, heard.text

    @pytest.mark.parametrize("recording", [*ENGLISH[:2], *CHINESE[1:]], ids=lambda recording: recording.file)
    async def test_the_language_is_found(self, whisper: Whisper, recording: Recording) -> None:
        heard = await whisper.transcribe(recording.audio)
        assert heard.language == recording.language
        assert errors(recording.text, heard.text) <= 2, heard.text

    async def test_any_rate_and_level(self, whisper: Whisper) -> None:
        recording = ENGLISH[0]
        for rate in (8_000, 48_000):
            quieter = Pcm(resample(recording.audio, rate).samples * np.float32(0.1), rate)
            heard = await whisper.transcribe(quieter, language="en")
            assert errors(recording.text, heard.text) <= 1, heard.text

    async def test_word_times(self, whisper: Whisper) -> None:
        recording = ENGLISH[0]
        heard = await whisper.transcribe(recording.audio, language="en", words=True)
        assert units(" ".join(word.text for word in heard.words)) == units(heard.text)
        times = [time for word in heard.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert times[-1] <= recording.audio.seconds
        assert all(word.confidence is not None and word.measured for word in heard.words)

    async def test_longer_than_a_window(self, whisper: Whisper) -> None:
        recording = ENGLISH[0]
        gap = Pcm.silence(3.0, recording.audio.rate)
        audio = recording.audio
        while audio.seconds < 35:
            audio = audio + gap + recording.audio
        heard = await whisper.transcribe(audio, language="en", words=True, lane=Lane.BATCH)
        said = round(heard.text.lower().count("disagree"))
        assert said == round(audio.seconds / (recording.audio.seconds + 3))
        assert heard.words[-1].end > 30

    async def test_a_language_the_model_does_not_know_is_found_instead(self, whisper: Whisper) -> None:
        heard = await whisper.transcribe(CHINESE[1].audio, language="tlh")
        assert heard.language == "zh"

    async def test_two_at_once(self, whisper: Whisper) -> None:
        pair = (ENGLISH[0], CHINESE[1])
        heard = await asyncio.gather(
            *(whisper.transcribe(each.audio, language=each.language) for each in pair)
        )
        for each, transcript in zip(pair, heard, strict=True):
            assert errors(each.text, transcript.text) <= 1, transcript.text


def noises() -> dict[str, Pcm]:
    chance = np.random.default_rng(5)
    white = chance.normal(0, 0.05, 48_000).astype(np.float32)
    hum = (0.1 * np.sin(2 * np.pi * 50 * np.arange(48_000) / 16_000)).astype(np.float32)
    clicks = np.where(chance.random(48_000) > 0.9995, 0.5, 0).astype(np.float32)
    return {
        "zeros": Pcm.silence(3, 16_000),
        "nothing": Pcm.silence(0, 16_000),
        "one sample": Pcm(np.ones(1, np.float32), 16_000),
        "room": Pcm(white * np.float32(0.02), 16_000),
        "white": Pcm(white, 16_000),
        "hum": Pcm(hum, 16_000),
        "clicks": Pcm(clicks, 16_000),
    }


@pytest.mark.models
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", noises())
@pytest.mark.parametrize("language", ["en", "zh", None])
async def test_no_speech_gives_no_words(whisper: Whisper, name: str, language: str | None) -> None:
    assert (await whisper.transcribe(noises()[name], language=language)).text == ""


@pytest.mark.models
@pytest.mark.asyncio(loop_scope="module")
async def test_the_prompt_does_not_leak_into_the_text(whisper: Whisper) -> None:
    noise = noises()["white"]
    mixed = CHINESE[1].audio + Pcm(noise.samples * np.float32(0.3), 16_000)
    assert "普通话" not in (await whisper.transcribe(mixed, language="zh")).text


@pytest.mark.models
async def test_a_folder_of_ones_own(pool: Pool) -> None:
    store = context("whisper", pool, weights=True).weights
    folder = await store.fetch("whisper-tiny.en", quiet)
    engine = Whisper(context("whisper", pool, model=str(folder)))
    await engine.load(quiet)
    heard = await engine.transcribe(ENGLISH[0].audio, language="zh")
    assert errors(ENGLISH[0].text, heard.text) <= 1
    assert heard.language == "en"
    await engine.close()


async def test_before_it_is_loaded_it_says_what_is_waited_for(pool: Pool) -> None:
    engine = Whisper(context("whisper", pool))
    assert engine.health().state == "waiting"
    with pytest.raises(NotReady):
        await engine.transcribe(Pcm.silence(1, 16_000), language="en")
    await engine.close()
    await engine.close()


async def test_a_folder_without_a_model(pool: Pool, tmp_path: Path) -> None:
    engine = Whisper(context("whisper", pool, model=str(tmp_path)))
    with pytest.raises(SettingsError, match=r"model\.bin"):
        await engine.load(quiet)
    assert engine.health().state == "failed"


async def test_a_folder_with_a_broken_model(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model")
    engine = Whisper(context("whisper", pool, model=str(tmp_path)))
    with pytest.raises(KaikouError, match="cannot be opened"):
        await engine.load(quiet)


@pytest.mark.models
async def test_an_unknown_size(pool: Pool) -> None:
    engine = Whisper(context("whisper", pool, weights=True, model="enormous"))
    with pytest.raises(KaikouError) as error:
        await engine.load(quiet)
    assert error.value.code == "unknown_model"
