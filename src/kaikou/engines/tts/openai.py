"""Speech from any server with OpenAI's ``POST /v1/audio/speech``."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import openai
from pydantic import BaseModel, ConfigDict, Field

from kaikou.audio.pcm import Pcm
from kaikou.engines.ports import AudioChunk, Card, Health, Lane, Style, Voice
from kaikou.engines.registry import EngineContext
from kaikou.engines.remote import broke_off, failure, is_passing
from kaikou.engines.remote_engine import RemoteEngine
from kaikou.engines.tts.text.clean import clean
from kaikou.errors import KaikouError
from kaikou.settings.tree import TtsSettings

_VOICES = (
    "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
_HTTP_CLIENTS = frozenset(("httpx", "httpx2"))
"""What the package may use below: once an answer has begun, a broken connection is that client's error."""
_CHUNK_SECONDS = 0.2
_SLOWEST, _FASTEST = 0.25, 4.0
_LONGEST = 4096
"""Characters the protocol allows in one request."""
_RETRY_SECONDS = 0.3
"""Before the one further try of a clause that has brought nothing yet: somebody is listening."""
_GAPS = re.compile(r"[ \t]{2,}")

log = logging.getLogger(__name__)


class OpenAISpeechSettings(BaseModel):
    """``tts.openai``."""

    model_config = ConfigDict(extra="forbid")

    rate: int = Field(24_000, ge=8_000, le=48_000, description="Hz of the server's pcm format.")
    voices: list[str] = Field(default_factory=list, description="The server's voices; default OpenAI's.")
    instructions: str | None = Field(None, description="How to speak, for models that take it.")


class OpenAITextToSpeech(RemoteEngine):
    """A remote voice. Audio arrives while it is made; it comes without word times, which
    a conversation estimates (``word_times``)."""

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context, "tts", example="tts-1", sent="What is spoken is")
        self._options = context.options(OpenAISpeechSettings)
        self._voice = context.choice.voice if isinstance(context.choice, TtsSettings) else None

    @property
    def card(self) -> Card:
        return replace(super().card, sample_rate=self._options.rate, streaming=True)

    def voices(self) -> Sequence[Voice]:
        names = [*self._options.voices] or list(_VOICES)
        if self._voice and self._voice not in names:
            names.insert(0, self._voice)
        return tuple(Voice(name, name.capitalize(), ()) for name in names)

    def default_voice(self, language: str | None) -> str:
        return self._voice or self.voices()[0].id

    async def stream(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: Style = Style(),
        lane: Lane = Lane.LIVE,
    ) -> AsyncIterator[AudioChunk]:
        """Voices are not checked here: the server knows its own, and names an unknown one itself. Marks of
        Markdown and pictures are not sent: many servers would read them aloud."""
        plain = clean(text)
        for start, end in _requests(plain):
            wanted = _GAPS.sub(" ", plain[start:end]).strip()
            async for chunk in self._patiently(wanted, (start, end), voice, style):
                yield chunk

    async def _patiently(
        self, text: str, span: tuple[int, int], voice: str | None, style: Style
    ) -> AsyncIterator[AudioChunk]:
        """One request, made again where the server stumbled before the first sound."""
        started = False
        try:
            async for chunk in self._speak(text, span, voice, style):
                started = True
                yield chunk
            return
        except KaikouError as error:
            if started or not isinstance(error.__cause__, Exception) or not is_passing(error.__cause__):
                raise
            log.info("%s: trying again in %.1f s", error.code, _RETRY_SECONDS)
        await asyncio.sleep(_RETRY_SECONDS)
        async for chunk in self._speak(text, span, voice, style):
            yield chunk

    async def _speak(
        self, text: str, span: tuple[int, int], voice: str | None, style: Style
    ) -> AsyncIterator[AudioChunk]:
        started = False
        rest = b""
        size = round(_CHUNK_SECONDS * self._options.rate) * 2
        try:
            async with self._client.audio.speech.with_streaming_response.create(
                model=self._model,
                voice=voice or self.default_voice(style.language),
                input=text,
                response_format="pcm",
                speed=min(max(style.speed, _SLOWEST), _FASTEST) if style.speed != 1.0 else openai.omit,
                instructions=self._options.instructions or openai.omit,
            ) as response:
                async for data in response.iter_bytes(size):
                    rest += data
                    whole = len(rest) & ~1
                    if whole:
                        started = True
                        yield AudioChunk(Pcm.from_int16(rest[:whole], self._options.rate), span)
                        rest = rest[whole:]
        except Exception as error:
            if isinstance(error, openai.OpenAIError):
                problem = failure(error, self._endpoint, started=started)
            elif type(error).__module__.partition(".")[0] in _HTTP_CLIENTS:
                problem = broke_off(self._endpoint)
            else:
                raise
            raise self._failed(problem) from error
        self._health = Health("ready")


def _requests(text: str) -> list[tuple[int, int]]:
    """Spans of at most the longest input, cut after a sentence or a space; none for silence."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + _LONGEST)
        if end < len(text):
            cuts = [
                text.rfind(mark, start, end) + 1 for mark in ("\n", "。", ". ", "！", "? ", "？", "! ", " ")
            ]
            end = next((cut for cut in cuts if cut > start + _LONGEST // 2), end)
        if any(char.isalnum() for char in text[start:end]):
            spans.append((start, end))
        start = end
    return spans
