"""``/api/voices``: the voices that can speak, how each sounds, and blends people made."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from kaikou.api.problems import Problem
from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.engines.ports import BlendsVoices, Lane, Style
from kaikou.errors import EngineFailed, InvalidInput, NotReady
from kaikou.voices.library import LibraryVoice, VoiceLibrary
from kaikou.voices.previews import preview_text

PREVIEWS_KEPT = 64
LEAD_LANGUAGES = ("en", "zh")


class VoiceOut(BaseModel):
    """A voice as the page shows it."""

    id: str
    name: str
    languages: list[str]
    gender: Literal["female", "male", "neutral"] | None
    description: str
    engine: str
    kind: Literal["packaged", "blend"]
    parts: dict[str, float] = Field(description="Of a blend: its voices and their shares, summing to 1.")
    created_at: datetime | None
    preview: str = Field(description="Address of a short sample.")


class VoicesOut(BaseModel):
    voices: list[VoiceOut]
    blends: bool = Field(description="The engine can blend its voices into new ones.")
    default: dict[str, str] = Field(description="Language -> the voice where nobody chose one.")


class BlendIn(BaseModel):
    """A new voice from parts of the engine's own."""

    name: str
    parts: dict[str, float] = Field(description="Weights by voice id.", min_length=1, max_length=8)
    description: str = ""


class VoiceChange(BaseModel):
    """What may be changed of a blend; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    parts: dict[str, float] | None = Field(None, min_length=1, max_length=8)
    description: str | None = None


class Trial(BaseModel):
    """Something to be heard: a voice by its id, or parts that nobody has kept yet."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, description="Default: a sentence of Kaikou's.")
    language: str | None = None
    voice: str | None = None
    parts: dict[str, float] | None = Field(None, min_length=1, max_length=8)


class Previews:
    """Samples made once per voice and text; the least recently heard are forgotten."""

    def __init__(self, kept: int = PREVIEWS_KEPT) -> None:
        self._kept = kept
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def get(self, runtime: Runtime, found: LibraryVoice, text: str) -> bytes:
        """A WAV file of the voice saying ``text``, made in the INTERACTIVE lane."""
        # A blend may be changed, so its parts belong to what it is known by.
        key = (f"{found.id} {found.parts}", text)
        if key not in self._made:
            self._made[key] = await _synthesise(runtime, found, text)
        self._made.move_to_end(key)
        while len(self._made) > self._kept:
            self._made.popitem(last=False)
        return self._made[key]


async def _synthesise(runtime: Runtime, found: LibraryVoice, text: str, language: str | None = None) -> bytes:
    voice = await _library(runtime).spoken_with(found.id)
    return await _spoken(runtime, voice, text, language or next(iter(found.voice.languages), None))


async def _spoken(runtime: Runtime, voice: str | None, text: str, language: str | None) -> bytes:
    """A WAV file of the engine's ``voice`` saying ``text``."""
    from kaikou.audio.encoding import encode

    assert runtime.engines is not None
    stream = runtime.engines.tts.stream(
        text, voice=voice, style=Style(language=language), lane=Lane.INTERACTIVE
    )
    async with aclosing(stream) as chunks:
        parts = [chunk.pcm async for chunk in chunks]
    if not parts:
        raise EngineFailed("The voice gave no sound.", code="no_audio")
    sound = sum(parts[1:], parts[0])
    return await runtime.pool.run("codec", Lane.INTERACTIVE, encode, sound, "wav")


def _own_text(runtime: Runtime, text: str | None) -> str | None:
    """The listener's own text, where there is one. InvalidInput ``text_too_long``, ``empty_text``."""
    if text is None:
        return None
    longest = runtime.settings.limits.preview_chars
    if len(text) > longest:
        raise InvalidInput(
            f"The text has {len(text)} characters; a voice is tried with at most {longest}.",
            code="text_too_long",
            param="text",
        )
    if not text.strip():
        raise InvalidInput("There is nothing to say.", code="empty_text", param="text")
    return text.strip()


def _library(runtime: Runtime) -> VoiceLibrary:
    if runtime.voices is None:
        raise NotReady("The voices are being made ready.", hint="GET /ready says when.")
    return runtime.voices


def _out(found: LibraryVoice) -> VoiceOut:
    voice = found.voice
    return VoiceOut(
        id=voice.id,
        name=voice.name,
        languages=list(voice.languages),
        gender=voice.gender,
        description=voice.description,
        engine=found.engine,
        kind=found.kind,
        parts=dict(found.parts),
        created_at=found.created_at,
        preview=f"/api/voices/{voice.id}/preview",
    )


router = APIRouter(prefix="/api/voices", tags=["voices"], responses={404: {"model": Problem}})


@router.get("", summary="Every voice that can speak")
async def voices(
    runtime: RuntimeDep, language: Annotated[str | None, Query(description="Only of this language.")] = None
) -> VoicesOut:
    """Voices that people made first, then those of the engine in use."""
    library = _library(runtime)
    assert runtime.engines is not None
    tts = runtime.engines.tts
    return VoicesOut(
        voices=[_out(found) for found in await library.voices(language)],
        blends=isinstance(tts, BlendsVoices),
        default={one: tts.default_voice(one) for one in LEAD_LANGUAGES},
    )


@router.post("", status_code=201, summary="Blend a new voice", responses={409: {"model": Problem}})
async def blend(body: BlendIn, runtime: RuntimeDep) -> VoiceOut:
    """Keep a mixture of the engine's voices under a name."""
    return _out(await _library(runtime).save_blend(body.name, body.parts, body.description))


@router.get("/{voice_id}", summary="One voice")
async def voice(voice_id: str, runtime: RuntimeDep) -> VoiceOut:
    return _out(await _library(runtime).get(voice_id))


@router.post(
    "/preview",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, 503: {"model": Problem}},
    summary="Hear a text, or a blend before it is kept",
)
async def try_voice(body: Trial, runtime: RuntimeDep) -> Response:
    """A WAV of ``text`` in a voice, in a mixture of voices, or in the engine's own choice."""
    if runtime.warmup is not None:
        runtime.warmup.require_ready()
    library = _library(runtime)
    if body.voice is not None and body.parts is not None:
        raise InvalidInput("Give a voice or parts, not both.", code="invalid_voice", param="parts")
    text = _own_text(runtime, body.text)
    if body.parts is not None:
        voice = library.blended(body.parts)
        said = text or preview_text(voice, body.language)
        data = await _spoken(runtime, voice.id, said, body.language or next(iter(voice.languages), None))
    else:
        assert runtime.engines is not None
        chosen = body.voice or runtime.engines.tts.default_voice(body.language)
        found = await library.get(chosen)
        said = text or preview_text(found.voice, body.language)
        data = await _synthesise(runtime, found, said, body.language)
    return Response(data, media_type="audio/wav", headers={"cache-control": "no-store"})


@router.patch("/{voice_id}", summary="Rename or remix a blended voice", responses={409: {"model": Problem}})
async def change(voice_id: str, body: VoiceChange, runtime: RuntimeDep) -> VoiceOut:
    """Change the fields that are sent."""
    library = _library(runtime)
    return _out(await library.change_blend(voice_id, body.name, body.parts, body.description))


@router.delete(
    "/{voice_id}", status_code=204, summary="Forget a blended voice", responses={409: {"model": Problem}}
)
async def forget(voice_id: str, runtime: RuntimeDep) -> None:
    await _library(runtime).delete(voice_id)


@router.get(
    "/{voice_id}/preview",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, 503: {"model": Problem}},
    summary="How a voice sounds",
)
async def preview(
    voice_id: str,
    runtime: RuntimeDep,
    language: Annotated[str | None, Query(description="Language of the sample.")] = None,
    text: Annotated[str | None, Query(description="What to say; at most limits.preview_chars.")] = None,
) -> Response:
    """A short WAV; made when first asked for. 503 while the engine warms."""
    if runtime.warmup is not None:
        runtime.warmup.require_ready()
    found = await _library(runtime).get(voice_id)
    if (own := _own_text(runtime, text)) is not None:
        data = await _synthesise(runtime, found, own, language)
        return Response(data, media_type="audio/wav", headers={"cache-control": "no-store"})
    previews: Previews = runtime.extras.setdefault("voices.previews", Previews())
    data = await previews.get(runtime, found, preview_text(found.voice, language))
    return Response(data, media_type="audio/wav", headers={"cache-control": "private, max-age=86400"})
