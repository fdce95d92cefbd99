"""Vosk (Kaldi) recognisers, which transcribe while the speaker speaks. Needs the extra ``kaikou[vosk]``.

The weights are the user's: a model folder named by ``stt.vosk.model_path`` or ``VOSK_MODEL_PATH``.
None of them ships in a package, so this file was never run on a Vosk model: its tests use a stand-in
for the library, written from the library's interface.
"""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.pool import Pool, cancelled
from kaikou.engines.ports import Card, Health, Lane, Progress, SttStream, Transcript, Word
from kaikou.engines.registry import EngineContext
from kaikou.errors import EngineFailed, KaikouError, NotReady, SettingsError

_SLICE = 4000
"""Samples given at a time, so that cancelled work ends soon."""
_MOST_WAITING = 600.0
"""Seconds of audio a stream may hold that nobody asked about."""


class VoskOptions(BaseModel):
    """``KAIKOU_STT__VOSK__…``."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model_path: Path | None = Field(None, description="Folder of a Vosk model; also VOSK_MODEL_PATH.")
    sample_rate: int = Field(16_000, ge=8_000, le=48_000, description="Hz the model was trained at.")
    language: str | None = Field(None, description="Language of the model, for the card.")


class Vosk:
    """One model, one language; the request's language and hint are not used."""

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(VoskOptions)
        self._pool = context.pool
        self._model: Any = None
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        path = self._options.model_path
        return Card(
            kind="stt",
            name="vosk",
            title="Vosk",
            model=path.name if path else "",
            languages=(self._options.language,) if self._options.language else (),
            licence="Apache-2.0 / the model's own",
            sample_rate=self._options.sample_rate,
            streaming=True,
            weights="a folder of yours (VOSK_MODEL_PATH)",
        )

    async def load(self, progress: Progress) -> None:
        progress("Opening the Vosk model", None)
        self._health = Health("loading", "Opening the Vosk model.")
        try:
            self._model = await self._pool.run("stt", Lane.LIVE, _open, self._options.model_path)
        except KaikouError as error:
            self._health = Health("failed", str(error))
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        self._model = None
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
        stream = self._stream(lane)
        stream.feed(audio)
        return await stream.finish()

    def stream(self, *, language: str | None = None, hint: str = "") -> SttStream | None:
        return self._stream(Lane.LIVE)

    def _stream(self, lane: Lane) -> VoskStream:
        if self._model is None:
            raise NotReady("The Vosk model is not loaded yet.", hint=self._health.detail)
        return VoskStream(self._model, self._options, self._pool, lane)


def _open(path: Path | None) -> Any:
    try:
        import vosk
    except ImportError:
        raise SettingsError(
            "The engine vosk is chosen, but the package vosk is not installed.",
            code="missing_extra",
            hint="Install the extra: pip install 'kaikou[vosk]'.",
            param="stt.engine",
        ) from None
    if path is None or not path.expanduser().is_dir():
        raise SettingsError(
            f"There is no Vosk model folder at {str(path)!r}." if path else "No Vosk model folder is set.",
            hint="Unpack a Vosk model and set VOSK_MODEL_PATH to its folder.",
            param="stt.vosk.model_path",
        )
    vosk.SetLogLevel(-1)
    try:
        return vosk.Model(str(path.expanduser()))
    except Exception as error:  # the library raises nothing narrower
        raise EngineFailed(
            f"The folder {path} holds no usable Vosk model.",
            hint="Set VOSK_MODEL_PATH to the folder that contains am/ and conf/.",
        ) from error


class VoskStream:
    """One utterance. Audio is queued by ``feed`` and recognised, on the pool, when somebody asks."""

    def __init__(self, model: Any, options: VoskOptions, pool: Pool, lane: Lane) -> None:
        self._model = model
        self._rate = options.sample_rate
        self._language = options.language
        self._pool = pool
        self._lane = lane
        self._recogniser: Any = None
        self._waiting: list[Pcm] = []
        self._seconds = 0.0
        self._queued = 0.0
        self._done: list[dict[str, Any]] = []
        self._busy = threading.Lock()
        self._order = asyncio.Lock()

    def feed(self, pcm: Pcm) -> None:
        """Queue audio of any rate. Raises EngineFailed when nobody asked for a long time."""
        self._queued += pcm.seconds
        if self._queued > _MOST_WAITING:
            raise EngineFailed("Too much audio waits to be transcribed.", hint="Ask for partial results.")
        self._waiting.append(pcm)
        self._seconds += pcm.seconds

    async def partial(self) -> str:
        async with self._order:
            return await self._pool.run("stt", self._lane, self._work, self._take(), False)

    async def finish(self) -> Transcript:
        async with self._order:
            text = await self._pool.run("stt", self._lane, self._work, self._take(), True)
        words = tuple(
            Word(word["word"], float(word["start"]), float(word["end"]), float(word["conf"]))
            for result in self._done
            for word in result.get("result", ())
        )
        sure = sum(word.confidence or 0.0 for word in words) / len(words) if words else None
        return Transcript(text, self._language, words, confidence=sure, seconds=self._seconds)

    def close(self) -> None:
        self._waiting.clear()
        self._recogniser = None

    def _take(self) -> list[Pcm]:
        taken, self._waiting, self._queued = self._waiting, [], 0.0
        return taken

    def _work(self, waiting: list[Pcm], last: bool) -> str:
        import vosk

        with self._busy:
            if self._recogniser is None:
                self._recogniser = vosk.KaldiRecognizer(self._model, float(self._rate))
                self._recogniser.SetWords(True)
            for pcm in waiting:
                data = resample(pcm, self._rate).to_int16()
                for start in range(0, len(data), _SLICE * 2):
                    if cancelled():
                        return ""
                    if self._recogniser.AcceptWaveform(data[start : start + _SLICE * 2]):
                        self._done.append(json.loads(self._recogniser.Result()))
            if last:
                self._done.append(json.loads(self._recogniser.FinalResult()))
                tail = ""
            else:
                tail = json.loads(self._recogniser.PartialResult())["partial"]
            parts = [result["text"] for result in self._done] + [tail]
            return " ".join(part for part in parts if part)
