"""Trying an engine before it is chosen: one small request, really made, and timed."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import openai
import orjson

from kaikou.api.providers.shapes import ErrorOut, TrialIn, TrialOut
from kaikou.api.providers.wanted import engine_name, trial_settings
from kaikou.audio.pcm import Pcm
from kaikou.engines.ports import (
    Engine,
    Generation,
    Lane,
    LanguageModel,
    Message,
    Progress,
    SpeechToText,
    Style,
    TextToSpeech,
)
from kaikou.engines.presets import PRESETS, Endpoint, endpoint
from kaikou.engines.registry import EngineContext, Weights, create
from kaikou.engines.remote import client_for, failure
from kaikou.errors import EngineFailed, KaikouError, ModelUnavailable, as_kaikou_error
from kaikou.settings.tree import Settings

if TYPE_CHECKING:
    from kaikou.api.runtime import Runtime

TRIAL_SECONDS = 20.0
LIST_SECONDS = 8.0
MOST_LIST_BYTES = 2_000_000
MOST_MODELS = 500
MOST_PIECES = 16
MOST_SOUND_SECONDS = 10.0
_REMOTE = {*PRESETS, "openai"}
_SENTENCE = "One, two, three."


@dataclass
class _Found:
    """What the trial has learnt so far."""

    began: float = field(default_factory=time.perf_counter)
    first: float | None = None
    model: str | None = None
    models: list[str] = field(default_factory=list)

    def mark(self) -> None:
        """The first result is there."""
        self.first = self.first or time.perf_counter()


class InstalledOnly:
    """Weights that are here already: a trial downloads nothing."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    async def fetch(self, model: str, progress: Progress) -> Path:
        found = self._weights.installed(model)
        if found is None:
            raise ModelUnavailable(
                f"The model {model} is not on this machine yet.",
                code="model_not_installed",
                hint="It is downloaded when you choose this engine.",
            )
        return found

    def installed(self, model: str) -> Path | None:
        return self._weights.installed(model)


async def try_engine(runtime: Runtime, asked: TrialIn) -> TrialOut:
    """Make the engine, ask it for something small, and tell how it went; never raises for what the
    engine, its server or its settings do."""
    found = _Found()
    detail = ""
    error: KaikouError | None = None
    try:
        async with asyncio.timeout(TRIAL_SECONDS):
            detail = await _try(runtime, asked, found)
    except TimeoutError:
        error = EngineFailed(
            f"There was no answer within {TRIAL_SECONDS:.0f} seconds.",
            code="engine_timeout",
            hint="Check the address, or choose a faster model.",
        )
    except KaikouError as failed:
        error = failed
    except Exception as failed:  # noqa: BLE001 - a trial shows what is wrong, whatever it is
        error = as_kaikou_error(failed, f"the {asked.kind} engine")
    return TrialOut(
        ok=error is None,
        latency_ms=round((found.first - found.began) * 1000) if found.first and error is None else None,
        total_ms=round((time.perf_counter() - found.began) * 1000),
        detail=detail,
        engine=asked.engine,
        model=found.model,
        models=found.models,
        error=ErrorOut(**error.as_dict() | {"hint": error.hint}) if error is not None else None,
    )


async def _try(runtime: Runtime, asked: TrialIn, found: _Found) -> str:
    settings = trial_settings(runtime.loaded, asked.kind, asked, TRIAL_SECONDS)
    name = engine_name(settings, asked.kind)
    if name in _REMOTE:
        place = endpoint(settings, asked.kind, name)
        found.models = await _models(place)
        found.model = place.model or next(iter(found.models), None)
        section = getattr(settings, asked.kind).model_copy(update={"model": found.model})
        settings = settings.model_copy(update={asked.kind: section})
    async with AsyncExitStack() as stack:
        engine = await _engine(runtime, asked, settings, name, stack)
        found.model = found.model or engine.card.model
        found.began = time.perf_counter()
        match asked.kind:
            case "llm":
                return await _think(cast(LanguageModel, engine), found)
            case "tts":
                return await _speak(cast(TextToSpeech, engine), settings.tts.voice, found)
            case "stt":
                return await _listen(cast(SpeechToText, engine), runtime, found)


async def _engine(
    runtime: Runtime, asked: TrialIn, settings: Settings, name: str, stack: AsyncExitStack
) -> Engine:
    """The engine in force where it is the one meant (a local model is in memory once), else one of
    its own that ends with the trial."""
    kind = asked.kind
    current: Engine | None = getattr(runtime.engines, kind, None)
    same_model = getattr(settings, kind).model == getattr(runtime.settings, kind).model
    if current is not None and name not in _REMOTE and current.card.name == name and same_model:
        if runtime.warmup is not None:
            runtime.warmup.require(kind)
        return current
    context = EngineContext(
        name, getattr(settings, kind), settings, runtime.pool, InstalledOnly(runtime.weights)
    )
    engine = await asyncio.to_thread(create, kind, context)
    stack.push_async_callback(engine.close)
    if name not in _REMOTE:  # those reach out when they are first asked
        await engine.load(lambda doing, fraction: None)
    return engine


async def _models(place: Endpoint) -> list[str]:
    """What ``/models`` lists; empty where it is not kept. A key that is not accepted is told here."""
    client = client_for(place)
    try:
        async with asyncio.timeout(LIST_SECONDS), client.models.with_streaming_response.list() as answer:
            body = b""
            async for part in answer.iter_bytes():
                body += part
                if len(body) > MOST_LIST_BYTES:
                    return []
        listed = orjson.loads(body)["data"]
        names = (one.get("id") for one in listed if isinstance(one, dict))
        return [name for name in names if isinstance(name, str)][:MOST_MODELS]
    except openai.APIStatusError as error:
        if error.status_code == 401:
            raise failure(error, place) from error
        return []  # many servers keep no list; the request itself will tell
    except openai.APITimeoutError:
        return []
    except openai.APIConnectionError as error:
        raise failure(error, place) from error
    except (TimeoutError, orjson.JSONDecodeError, KeyError, TypeError):
        return []
    finally:
        await client.close()


async def _think(engine: LanguageModel, found: _Found) -> str:
    words = ""
    ask = [Message("user", "Say OK.")]
    async with aclosing(engine.stream(ask, Generation(), lane=Lane.INTERACTIVE)) as deltas:
        # No token limit: a model that thinks first would spend it on thoughts.
        pieces = 0
        async for delta in deltas:
            if delta.text:
                found.mark()
                words += delta.text
                pieces += 1
            if pieces >= MOST_PIECES:
                break
    if not words.strip():
        raise EngineFailed(
            "The model answered without a word.",
            code="engine_silent",
            hint="A model that thinks before it answers is not fit for conversation; choose another.",
        )
    return f"It answered “{' '.join(words.split())[:80]}”."


async def _speak(engine: TextToSpeech, voice: str | None, found: _Found) -> str:
    seconds = 0.0
    stream = engine.stream(_SENTENCE, voice=voice, style=Style(language="en"), lane=Lane.INTERACTIVE)
    async with aclosing(stream) as chunks:
        async for chunk in chunks:
            if len(chunk.pcm.samples):
                found.mark()
            seconds += chunk.pcm.seconds
            if seconds > MOST_SOUND_SECONDS:
                break
    if not seconds:
        raise EngineFailed("The voice gave no sound.", code="no_audio")
    return f"It spoke {seconds:.1f} s of sound."


async def _listen(engine: SpeechToText, runtime: Runtime, found: _Found) -> str:
    sound, spoken = await _speech(runtime)
    found.began = time.perf_counter()
    heard = await engine.transcribe(sound, language="en", lane=Lane.INTERACTIVE)
    found.mark()
    if not spoken:
        return "It took a sound without words; once a voice is ready, words are tried."
    return f"It heard “{' '.join(heard.text.split())[:80]}”." if heard.text else "It heard no words."


async def _speech(runtime: Runtime) -> tuple[Pcm, bool]:
    """A sentence by the local voice where it is ready, else a second of sound."""
    engines = runtime.engines
    if engines is not None and engines.tts.card.local and engines.tts.health().state == "ready":
        stream = engines.tts.stream(_SENTENCE, style=Style(language="en"), lane=Lane.INTERACTIVE)
        async with aclosing(stream) as chunks:
            parts = [chunk.pcm async for chunk in chunks]
        if parts:
            return sum(parts[1:], parts[0]), True
    moments = np.arange(16_000) / 16_000
    return Pcm((0.1 * np.sin(2 * np.pi * 220 * moments)).astype(np.float32), 16_000), False
