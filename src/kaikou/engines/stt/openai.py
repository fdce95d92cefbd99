"""Speech recognition at any server with OpenAI's ``POST /v1/audio/transcriptions``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import openai

from kaikou.audio.encoding import encode
from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.ports import Card, Health, Lane, SttStream, Transcript, Word
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import failure
from kaikou.engines.remote_engine import RemoteEngine
from kaikou.errors import EngineFailed

_RATE = 16_000


class OpenAISpeechToText(RemoteEngine):
    """A remote recogniser. The audio is sent as 16 kHz WAV in one request."""

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context, "stt", example="whisper-1", sent="Recordings of what users say are")
        self._pool = context.pool
        self._language = context.settings.stt.language

    @property
    def card(self) -> Card:
        return replace(super().card, sample_rate=_RATE)

    async def transcribe(
        self,
        audio: Pcm,
        *,
        language: str | None = None,
        hint: str = "",
        words: bool = False,
        lane: Lane = Lane.LIVE,
    ) -> Transcript:
        """Raises EngineFailed with what the server said. Digital silence is not sent."""
        wanted = language or self._language
        wanted = "" if wanted == "auto" else wanted
        if not audio.samples.any():
            return Transcript("", wanted or None, seconds=audio.seconds)
        wav = await self._pool.run("codec", lane, _wav, audio)
        try:
            answer: Any = await self._client.audio.transcriptions.create(
                model=self._model,
                file=("audio.wav", wav, "audio/wav"),
                language=wanted.partition("-")[0].lower() or openai.omit,
                prompt=hint or openai.omit,
                response_format="verbose_json" if words else "json",
                timestamp_granularities=["word"] if words else openai.omit,
            )
        except (openai.OpenAIError, TimeoutError) as error:
            raise self._failed(failure(error, self._endpoint)) from error
        text = getattr(answer, "text", None)
        if not isinstance(text, str):
            raise EngineFailed(
                f"{self._endpoint.preset.title} did not answer with a transcript.",
                hint="Check that the base URL ends where the API begins (often /v1).",
            )
        self._health = Health("ready")
        timed = tuple(Word(w.word, w.start, w.end) for w in getattr(answer, "words", None) or ())
        spoken = wanted or getattr(answer, "language", None)
        return Transcript(text.strip(), spoken, timed, seconds=audio.seconds)

    def stream(self, *, language: str | None = None, hint: str = "") -> SttStream | None:
        """None: the route takes whole recordings."""
        return None


def _wav(audio: Pcm) -> bytes:
    return encode(resample(audio, _RATE), "wav")
