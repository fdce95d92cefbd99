"""The OpenAI-compatible voice against a real server on this machine."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engines.tts.speech_server import KEY, SpeechServer, sound, speech_server
from pydantic import SecretStr

from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.ports import AudioChunk, Progress, Style
from kaikou.engines.registry import EngineContext, create
from kaikou.engines.tts.openai import OpenAITextToSpeech, _requests
from kaikou.errors import EngineFailed, SettingsError
from kaikou.settings.tree import Settings, TtsSettings


class NoWeights:
    async def fetch(self, model: str, progress: Progress) -> Path:
        raise AssertionError("this engine has no weights")

    def installed(self, model: str) -> Path | None:
        return None


@pytest.fixture
async def server() -> AsyncIterator[SpeechServer]:
    async with speech_server() as found:
        yield found


def engine(url: str, model: str | None = "good", key: str = KEY, **more: Any) -> OpenAITextToSpeech:
    choice = TtsSettings.model_validate(
        {"engine": "openai", "base_url": url, "api_key": SecretStr(key), "model": model, "timeout": 5, **more}
    )
    context = EngineContext("openai", choice, Settings(tts=choice), Pool(), NoWeights())
    found = create("tts", context)
    assert isinstance(found, OpenAITextToSpeech)
    return found


async def spoken(tts: OpenAITextToSpeech, text: str, **more: Any) -> list[AudioChunk]:
    return [chunk async for chunk in tts.stream(text, **more)]


async def test_the_sound_arrives_whole_and_in_pieces(server: SpeechServer) -> None:
    tts = engine(server.url, voice="nova")
    chunks = await spoken(tts, "Hello.", style=Style(speed=1.5))
    assert len(chunks) > 1
    joined = np.concatenate([chunk.pcm.samples for chunk in chunks])
    np.testing.assert_array_equal(joined, Pcm.from_int16(sound(1.0), 24_000).samples)
    assert {chunk.span for chunk in chunks} == {(0, 6)}
    (request,) = server.requests
    assert request == {
        "model": "good", "voice": "nova", "input": "Hello.", "response_format": "pcm", "speed": 1.5,
    }  # fmt: skip
    assert tts.health().state == "ready"
    await tts.close()
    await tts.close()


async def test_silence_is_not_sent(server: SpeechServer) -> None:
    assert await spoken(engine(server.url), " ...!? 😀") == []
    assert server.requests == []


async def test_what_is_seen_and_not_said_is_not_sent(server: SpeechServer) -> None:
    text = "**Well**, see [the page](https://here/?a=1) 😀\n```\n"
    chunks = await spoken(engine(server.url), text)
    assert server.requests[0]["input"].split() == ["Well", ",", "see", "the", "page"]
    assert {chunk.span for chunk in chunks} == {(0, len(text))}, "places are those of the text as it is shown"


async def test_a_clause_that_a_server_stumbled_over_is_asked_for_again(server: SpeechServer) -> None:
    tts = engine(server.url, "stumbles")
    assert sum(chunk.pcm.seconds for chunk in await spoken(tts, "Hello.")) == pytest.approx(1.0)
    assert len(server.requests) == 2 and tts.health().state == "ready"
    await tts.close()


async def test_closing_the_iterator_ends_the_request(server: SpeechServer) -> None:
    tts = engine(server.url, "endless")
    async with aclosing(tts.stream("Go on.")) as chunks:  # type: ignore[type-var]
        async for _ in chunks:
            break
    async with asyncio.timeout(5):
        while not server.cut:
            await asyncio.sleep(0.01)
    await tts.close()


@pytest.mark.parametrize(
    ("model", "key", "code"),
    [
        ("missing", KEY, "engine_model_unknown"),
        ("good", "sk-wrong", "engine_unauthorized"),
        ("busy", KEY, "engine_rate_limited"),
        ("breaks", KEY, "engine_broke_off"),
    ],
)
async def test_failures_are_named(server: SpeechServer, model: str, key: str, code: str) -> None:
    tts = engine(server.url, model, key)
    with pytest.raises(EngineFailed) as caught:
        await spoken(tts, "Hello.")
    assert caught.value.code == code
    assert KEY not in str(caught.value)
    assert key not in str(caught.value)
    assert tts.health().state == "degraded"
    await tts.close()


async def test_nobody_there() -> None:
    tts = engine("http://127.0.0.1:9/v1")
    with pytest.raises(EngineFailed) as caught:
        await spoken(tts, "Hello.")
    assert caught.value.code == "engine_unreachable"
    await tts.close()


def test_it_needs_a_model() -> None:
    with pytest.raises(SettingsError, match="model"):
        engine("http://127.0.0.1:9/v1", None)


@pytest.mark.parametrize("text", ["a b. " * 3000, "好。" * 5000, "x" * 9000, "short"])
def test_long_texts_are_cut_without_loss(text: str) -> None:
    spans = _requests(text)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))
    assert all(0 < end - start <= 4096 for start, end in spans)
