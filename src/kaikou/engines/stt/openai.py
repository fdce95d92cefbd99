"""Speech recognition at any server with OpenAI's ``POST /v1/audio/transcriptions``."""

from __future__ import annotations

from typing import Any

import openai

from kaikou.audio.encoding import encode
from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.ports import Card, Health, Lane, Progress, SttStream, Transcript, Word
from kaikou.engines.presets import endpoint
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import client_for, failure, is_local
from kaikou.errors import EngineFailed, SettingsError

_RATE = 16_000


class OpenAISpeechToText:
    """A remote recogniser. The audio is sent as 16 kHz WAV in one request."""

    def __init__(self, context: EngineContext) -> None:
        self._name = context.name
        self._pool = context.pool
        self._endpoint = endpoint(context.settings, "stt", context.name)
        if self._endpoint.model is None:
            raise SettingsError(
                f"The stt engine {context.name!r} needs the name of a model.",
                hint="Set KAIKOU_STT__MODEL, e.g. whisper-1.",
                param="stt.model",
            )
        self._model = self._endpoint.model
        self._language = context.settings.stt.language
        self._client: openai.AsyncOpenAI | None = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        local = is_local(self._endpoint.base_url)
        return Card(
            kind="stt",
            name=self._name,
            title=self._endpoint.preset.title,
            model=self._model,
            licence="the provider's terms",
            sample_rate=_RATE,
            local=local,
            weights="on the server",
            note="" if local else "Recordings of what users say are sent to this provider.",
        )

    async def load(self, progress: Progress) -> None:
        """Opens nothing: the first request shows whether the server is there."""
        progress("Remote recogniser", 1.0)
        self._health = Health("ready", "not yet asked")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        self._client = None
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

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
        self._client = self._client or client_for(self._endpoint)
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
            problem = failure(error, self._endpoint)
            self._health = Health("degraded", problem.message)
            raise problem from error
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
