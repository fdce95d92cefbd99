"""A recogniser whose transcripts and delays come from settings: for load tests and demos."""

from __future__ import annotations

import asyncio
import json
from itertools import cycle
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from kaikou.audio.pcm import Pcm
from kaikou.engines.ports import Card, Health, Lane, Progress, SttStream, Transcript, Word
from kaikou.engines.registry import EngineContext


def _as_list(value: Any) -> Any:
    """Accept one plain text, or JSON in an environment variable."""
    if isinstance(value, str):
        return json.loads(value) if value.lstrip().startswith("[") else [value]
    return value


class ScriptedTranscripts(BaseModel):
    """``KAIKOU_STT__SCRIPTED__…``."""

    model_config = ConfigDict(extra="forbid")

    transcripts: Annotated[list[str], BeforeValidator(_as_list)] = Field(
        default=["This is a scripted transcript."],
        min_length=1,
        description="What was heard, one for each request in turn, cycled.",
    )
    delay_ms: float = Field(50, ge=0, description="Time a transcription takes.")
    language: str | None = Field(None, description="Language reported where the request names none.")


class ScriptedSpeechToText:
    """Hears what the settings say. Silence of exact zeros gives an empty text and uses up no answer."""

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(ScriptedTranscripts)
        self._next = cycle(self._options.transcripts)

    @property
    def card(self) -> Card:
        return Card(
            kind="stt",
            name="scripted",
            title="Scripted recogniser",
            scripted=True,
            note="No model: the transcripts come from settings.",
        )

    async def load(self, progress: Progress) -> None:
        progress("Ready", 1.0)

    async def close(self) -> None:
        """Nothing to free."""

    def health(self) -> Health:
        return Health("ready", "Scripted: the transcripts come from settings.")

    async def transcribe(
        self,
        audio: Pcm,
        *,
        language: str | None = None,
        hint: str = "",
        words: bool = False,
        lane: Lane = Lane.LIVE,
    ) -> Transcript:
        """The next transcript, after the delay; word times share the audio out evenly."""
        await asyncio.sleep(self._options.delay_ms / 1000)
        known = language if language not in (None, "auto") else self._options.language
        if not audio.samples.any():
            return Transcript("", known, seconds=audio.seconds)
        text = next(self._next)
        parts = text.split() if words else []
        step = audio.seconds / max(1, len(parts))
        timed = tuple(Word(part, n * step, (n + 1) * step, measured=False) for n, part in enumerate(parts))
        return Transcript(text, known, timed, confidence=1.0, seconds=audio.seconds)

    def stream(self, *, language: str | None = None, hint: str = "") -> SttStream | None:
        return None
