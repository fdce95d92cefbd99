"""The Whisper engine: which model hears which language, and where it runs."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.pool import PerLane, cancelled
from kaikou.engines.ports import Card, Health, Lane, Progress, SttStream, Transcript
from kaikou.engines.registry import EngineContext
from kaikou.engines.stt.whisper.model import RATE, LoadedWhisper, Request
from kaikou.errors import EngineFailed, KaikouError, NotReady, SettingsError
from kaikou.settings.tree import SttSettings

ENGLISH, MULTILINGUAL = "whisper-tiny.en", "whisper-base"

log = logging.getLogger(__name__)


class WhisperOptions(BaseModel):
    """``KAIKOU_STT__WHISPER__…``."""

    model_config = ConfigDict(extra="forbid")

    languages: list[str] = Field(
        ["zh", "en"], description="What may be detected where no language is given; empty for any."
    )
    beam: int = Field(5, ge=1, le=10, description="Hypotheses followed at once.")
    speech_threshold: float = Field(
        0.25, ge=0, lt=1, description="Speech probability below which nothing is transcribed."
    )
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$")
    compute_type: str = Field("auto", description="CTranslate2's: int8, float16 …; auto picks one.")


class Whisper:
    """Speech to text in this process.

    Without ``stt.model``, English goes to tiny.en and everything else to base; where the language is
    to be detected, base does both in one pass. ``stt.model`` names one model for all: a folder in
    CTranslate2's format, a catalogue id, or a size (``base``).
    """

    def __init__(self, context: EngineContext) -> None:
        self._options = context.options(WhisperOptions)
        self._pool = context.pool
        self._weights = context.weights
        settings = context.settings.stt
        if isinstance(context.choice, SttSettings):
            settings = context.choice
        self._language = settings.language
        self._chosen = settings.model
        self._models: dict[str, PerLane[LoadedWhisper]] = {}
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        return Card(
            kind="stt",
            name="whisper",
            title="Whisper (CTranslate2)",
            model=self._chosen or f"{ENGLISH} for English, {MULTILINGUAL} for all else",
            languages=() if self._chosen or not self._options.languages else tuple(self._options.languages),
            licence="the model's own" if self._is_folder() else "MIT / MIT",
            sample_rate=RATE,
            weights="a folder of yours" if self._is_folder() else "model catalogue (kaikou models list)",
        )

    async def load(self, progress: Progress) -> None:
        """Fetch and open the models of the configured language (both where it is ``auto``)."""
        self._health = Health("loading", "Loading the speech recogniser.")

        def report(message: str, fraction: float | None) -> None:
            self._health = Health("loading", message, fraction)
            progress(message, fraction)

        try:
            for name in self._needed():
                await self._open(name, report)
        except KaikouError as error:
            self._health = Health("failed", str(error))
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        for model in self._models.values():
            model.clear()
        self._models.clear()
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
        """See :class:`~kaikou.engines.ports.SpeechToText`. ``hint`` is text as it might have come
        before. A language the model does not know is detected instead."""
        named = language or self._language
        wanted = None if named == "auto" else named
        model = self._models.get(self._for(wanted))
        if model is None:
            model = await self._late(self._for(wanted))
        return await self._pool.run("stt", lane, self._work, model, audio, wanted, hint, words, lane)

    def stream(self, *, language: str | None = None, hint: str = "") -> SttStream | None:
        """None: Whisper hears whole windows. Partial results come from asking again."""
        return None

    # -- inside

    def _work(
        self,
        model: PerLane[LoadedWhisper],
        audio: Pcm,
        language: str | None,
        hint: str,
        words: bool,
        lane: Lane,
    ) -> Transcript:
        loaded = model.get(lane)
        if language is not None and language.partition("-")[0].lower() not in loaded.languages:
            language = None
        request = Request(
            samples=np.ascontiguousarray(resample(audio, RATE).samples),
            language=language,
            among=tuple(self._options.languages),
            hint=hint,
            words=words,
            beam=self._options.beam,
            speech_threshold=self._options.speech_threshold,
            stop=cancelled,
        )
        try:
            return loaded.transcribe(request)
        except (RuntimeError, ValueError) as error:  # what CTranslate2 raises
            log.exception("whisper failed on %.1f s of audio", audio.seconds)
            raise EngineFailed("The speech recogniser failed on this audio.", hint="Try again.") from error

    def _for(self, language: str | None) -> str:
        if self._chosen:
            return self._chosen
        return (
            ENGLISH if language is not None and language.partition("-")[0].lower() == "en" else MULTILINGUAL
        )

    def _needed(self) -> tuple[str, ...]:
        if self._chosen or self._language != "auto":
            return (self._for(self._language),)
        return (ENGLISH, MULTILINGUAL)

    def _is_folder(self) -> bool:
        return self._chosen is not None and ("/" in self._chosen or "\\" in self._chosen)

    async def _late(self, name: str) -> PerLane[LoadedWhisper]:
        """A model that the configured language did not need, asked for by a session."""
        if self._health.state != "ready":
            raise NotReady(
                "The speech recogniser is not ready yet.",
                hint=self._health.detail or "Try again in a moment.",
            )
        return await self._open(name, lambda message, _: log.info("%s", message))

    async def _open(self, name: str, progress: Progress) -> PerLane[LoadedWhisper]:
        folder = await self._folder(name, progress)
        progress(f"Opening {name}", None)
        # Half the budget: the turn detector judges the same audio at the same time, and a second thread
        # gains little on so small a model (tiny.en on 2 cores: none).
        model = PerLane(self._pool, lambda threads: self._make(folder, max(1, threads // 2)))
        await self._pool.run("stt", Lane.LIVE, self._warm, model)
        self._models[name] = model
        return model

    async def _folder(self, name: str, progress: Progress) -> Path:
        if self._is_folder():
            folder = Path(name)
            if not await self._pool.run("stt", Lane.LIVE, (folder / "model.bin").is_file):
                raise SettingsError(
                    f"The folder {name!r} in stt.model holds no model.bin.",
                    hint="It must be a Whisper model in CTranslate2's format (faster-whisper).",
                    param="stt.model",
                )
            return folder
        return await self._weights.fetch(name if name.startswith("whisper-") else f"whisper-{name}", progress)

    def _make(self, folder: Path, threads: int) -> LoadedWhisper:
        try:
            return LoadedWhisper(
                folder,
                device=self._options.device,
                compute_type=self._options.compute_type,
                threads=threads,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(
                f"The speech model in {folder} cannot be opened: {error}",
                hint="Check stt.whisper.device and stt.whisper.compute_type, or pull the model again.",
            ) from error

    def _warm(self, model: PerLane[LoadedWhisper]) -> None:
        noise = np.random.default_rng(0).normal(0, 1e-2, RATE).astype(np.float32)
        model.get(Lane.LIVE).transcribe(
            Request(noise, "en", (), "", False, 1, speech_threshold=0.0, stop=cancelled)
        )
