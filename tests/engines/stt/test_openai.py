"""The remote recogniser against a server on this machine that speaks the transcription API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
import uvicorn
from asgi_server import serving
from engines.stt.contexts import context
from fastapi import FastAPI, Form, Header, UploadFile
from fastapi.responses import JSONResponse, Response

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.engines.pool import Pool
from kaikou.engines.stt.openai import OpenAISpeechToText
from kaikou.errors import EngineFailed, SettingsError

KEY = "sk-correct-horse-battery-staple"
SOUND = Pcm.from_int16(b"\x01\x10" * 48_000, 48_000)


@dataclass
class Recogniser:
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)


def _app(state: Recogniser) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/audio/transcriptions")
    async def transcribe(
        file: UploadFile,
        model: Annotated[str, Form()],
        language: Annotated[str | None, Form()] = None,
        prompt: Annotated[str | None, Form()] = None,
        response_format: Annotated[str, Form()] = "json",
        authorization: Annotated[str, Header()] = "",
    ) -> Response:
        audio = decode(await file.read())
        state.seen.append(
            {
                "rate": audio.rate,
                "seconds": audio.seconds,
                "language": language,
                "prompt": prompt,
                "model": model,
            }
        )
        if authorization != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": f"bad key {authorization}"}}, 401)
        if model == "broken":
            return JSONResponse({"error": {"message": "out of memory"}}, 500)
        if model == "slow":
            await asyncio.sleep(2)
        if model == "gibberish":
            return Response(b"<html>", media_type="text/html")
        body: dict[str, Any] = {"text": " hello there "}
        if response_format == "verbose_json":
            body |= {"language": "english", "duration": 1.0}
            body["words"] = [{"word": "hello", "start": 0.1, "end": 0.4}]
        return JSONResponse(body)

    return app


@asynccontextmanager
async def running(state: Recogniser) -> AsyncIterator[None]:
    async with serving(uvicorn.Config(_app(state), log_level="error", lifespan="off")) as (port, _):
        state.url = f"http://127.0.0.1:{port}/v1"
        yield


Make = Callable[..., OpenAISpeechToText]


@pytest.fixture
async def server() -> AsyncIterator[Recogniser]:
    state = Recogniser()
    async with running(state):
        yield state


@pytest.fixture
async def make(server: Recogniser, pool: Pool) -> AsyncIterator[Make]:
    made: list[OpenAISpeechToText] = []

    def build(model: str = "whisper-1", key: str = KEY, **more: Any) -> OpenAISpeechToText:
        settings = {"base_url": server.url, "api_key": key, "model": model, **more}
        made.append(OpenAISpeechToText(context("openai", pool, **settings)))
        return made[-1]

    yield build
    for engine in made:
        await engine.close()
        await engine.close()


async def test_sends_a_recording_and_gets_its_words(make: Make, server: Recogniser) -> None:
    engine = make(language="zh-CN")
    await engine.load(lambda *_: None)
    heard = await engine.transcribe(SOUND, hint="Kaikou")
    assert (heard.text, heard.language, heard.seconds) == ("hello there", "zh-CN", 1.0)
    assert server.seen == [
        {"rate": 16_000, "seconds": 1.0, "language": "zh", "prompt": "Kaikou", "model": "whisper-1"}
    ]
    assert engine.health().state == "ready"
    assert engine.card.local


async def test_word_times_are_asked_for(make: Make) -> None:
    heard = await make().transcribe(SOUND, words=True)
    assert [(word.text, word.start, word.end) for word in heard.words] == [("hello", 0.1, 0.4)]


async def test_digital_silence_is_not_sent(make: Make, server: Recogniser) -> None:
    assert (await make().transcribe(Pcm.silence(1, 16_000))).text == ""
    assert server.seen == []


@pytest.mark.parametrize(
    ("model", "key", "code"),
    [
        ("whisper-1", "sk-wrong", "engine_unauthorized"),
        ("broken", KEY, "engine_failed"),
        ("slow", KEY, "engine_timeout"),
    ],
)
async def test_failures_in_human_words(make: Make, model: str, key: str, code: str) -> None:
    engine = make(model, key, timeout=0.5 if model == "slow" else 20)
    with pytest.raises(EngineFailed) as error:
        await engine.transcribe(SOUND)
    assert error.value.code == code
    assert error.value.hint
    assert key not in str(error.value)
    assert engine.health().state == "degraded"


async def test_an_answer_that_is_no_transcript(make: Make) -> None:
    with pytest.raises(EngineFailed, match="did not answer with a transcript"):
        await make("gibberish").transcribe(SOUND)


async def test_nobody_there(pool: Pool) -> None:
    engine = OpenAISpeechToText(context("openai", pool, base_url="http://127.0.0.1:9/v1", model="m"))
    with pytest.raises(EngineFailed, match="cannot be reached"):
        await engine.transcribe(SOUND)


def test_a_model_must_be_named(pool: Pool) -> None:
    with pytest.raises(SettingsError, match="name of a model"):
        OpenAISpeechToText(context("openai", pool, base_url="http://127.0.0.1:9/v1"))
