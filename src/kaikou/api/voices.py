"""``/api/voices``: the voices that can speak, and how each sounds."""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from kaikou.api.runtime import Runtime, RuntimeDep
from kaikou.engines.ports import Lane, Style, TextToSpeech, Voice
from kaikou.errors import EngineFailed, NotFound, NotReady
from kaikou.voices.previews import preview_text, speaks

PREVIEWS_KEPT = 64


class VoiceOut(BaseModel):
    """A voice as the page shows it."""

    id: str
    name: str
    languages: list[str]
    gender: Literal["female", "male", "neutral"] | None
    description: str
    engine: str
    preview: str
    """Address of a short sample."""


class VoicesOut(BaseModel):
    voices: list[VoiceOut]
    default: dict[str, str]
    """Language -> the voice that speaks where nobody chose one."""


class Previews:
    """Samples made once per voice and text; the least recently heard are forgotten."""

    def __init__(self, kept: int = PREVIEWS_KEPT) -> None:
        self._kept = kept
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def get(self, runtime: Runtime, voice: Voice, text: str) -> bytes:
        """A WAV file of ``voice`` saying ``text``, made in the INTERACTIVE lane."""
        key = (voice.id, text)
        if key not in self._made:
            self._made[key] = await _synthesise(runtime, voice, text)
        self._made.move_to_end(key)
        while len(self._made) > self._kept:
            self._made.popitem(last=False)
        return self._made[key]


def _engine(runtime: Runtime) -> TextToSpeech:
    if runtime.engines is None:
        raise NotReady("The engines are being made ready.", hint="GET /ready says when.")
    return runtime.engines.tts


async def _synthesise(runtime: Runtime, voice: Voice, text: str) -> bytes:
    from kaikou.audio.encoding import encode

    language = voice.languages[0] if voice.languages else None
    stream = _engine(runtime).stream(
        text, voice=voice.id, style=Style(language=language), lane=Lane.INTERACTIVE
    )
    parts = [chunk.pcm async for chunk in stream]
    if not parts:
        raise EngineFailed("The voice gave no sound.", code="no_audio")
    sound = sum(parts[1:], parts[0])
    return await runtime.pool.run("codec", Lane.INTERACTIVE, encode, sound, "wav")


router = APIRouter(prefix="/api/voices", tags=["voices"])
_previews = Previews()


@router.get("", summary="Every voice that can speak")
async def voices(
    runtime: RuntimeDep, language: Annotated[str | None, Query(description="Only of this language.")] = None
) -> VoicesOut:
    """The voices of the engine in use."""
    engine = _engine(runtime)
    found = [voice for voice in engine.voices() if language is None or speaks(voice, language)]
    return VoicesOut(
        voices=[
            VoiceOut(
                id=voice.id,
                name=voice.name,
                languages=list(voice.languages),
                gender=voice.gender,
                description=voice.description,
                engine=engine.card.name,
                preview=f"/api/voices/{voice.id}/preview",
            )
            for voice in found
        ],
        default={language: engine.default_voice(language) for language in ("en", "zh")},
    )


@router.get(
    "/{voice_id}/preview",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}},
    summary="How a voice sounds",
)
async def preview(voice_id: str, runtime: RuntimeDep) -> Response:
    """A short WAV; made when first asked for. 503 while the engine warms."""
    if runtime.warmup is not None:
        runtime.warmup.require_ready()
    voice = next((one for one in _engine(runtime).voices() if one.id == voice_id), None)
    if voice is None:
        raise NotFound("There is no such voice.", code="unknown_voice", hint="GET /api/voices lists them.")
    data = await _previews.get(runtime, voice, preview_text(voice))
    return Response(data, media_type="audio/wav", headers={"cache-control": "private, max-age=86400"})
