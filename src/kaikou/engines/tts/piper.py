"""Piper voices (VITS, one ONNX file and its JSON) on ONNX Runtime.

Any voice works: a file, a folder of them, or ``piper-en-joe`` from the catalogue. Most voices were
trained on eSpeak's phonemes and need the extra ``[espeak]`` (see ``piper_voice``).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from pydantic import BaseModel, ConfigDict, Field

from kaikou.audio.pcm import Pcm
from kaikou.audio.silence import trim
from kaikou.engines.onnx import open_session
from kaikou.engines.pool import PerLane, cancelled
from kaikou.engines.ports import AudioChunk, Card, Health, Lane, Progress, Style, Voice
from kaikou.engines.registry import EngineContext
from kaikou.engines.tts.piper_voice import (
    PiperConfig,
    Sentence,
    phoneme_ids,
    phonemes,
    read_config,
    sentences,
)
from kaikou.engines.tts.text.espeak import espeak
from kaikou.engines.tts.word_times import Unit, estimated
from kaikou.errors import InvalidInput, NotReady, SettingsError
from kaikou.settings.tree import TtsSettings

CATALOGUE_VOICE = "piper-en-joe"
_PAUSE = 0.2
_MARK = re.compile("[.,!?;:。，！？；：、—…]")


class PiperSettings(BaseModel):
    """``tts.piper``."""

    model_config = ConfigDict(extra="forbid")

    voice_path: Path | None = Field(None, description="A voice's .onnx (its .json beside it), or a folder.")


@dataclass(frozen=True, slots=True)
class _Installed:
    """One voice file; ``speaker`` None where it has a single one."""

    name: str
    config: PiperConfig
    sessions: PerLane[onnxruntime.InferenceSession]


class Piper:
    """Text to speech with one or more Piper voices. Voice ids: the file's name without ``.onnx``, and
    ``name#speaker`` where a file holds several speakers. Word times are estimated."""

    def __init__(self, context: EngineContext) -> None:
        self._path = context.options(PiperSettings).voice_path
        self._weights = context.weights
        self._pool = context.pool
        self._default = context.choice.voice if isinstance(context.choice, TtsSettings) else None
        self._installed: dict[str, _Installed] = {}
        self._health = Health("waiting")

    @property
    def card(self) -> Card:
        rates = {voice.config.audio.sample_rate for voice in self._installed.values()}
        return Card(
            kind="tts",
            name="piper",
            title="Piper",
            model=", ".join(sorted(self._installed)) or CATALOGUE_VOICE,
            languages=tuple(sorted({voice.config.tag for voice in self._installed.values()})),
            licence="Apache-2.0 / see each voice's model card",
            sample_rate=rates.pop() if len(rates) == 1 else None,
            weights=str(self._path) if self._path else f"package registry ({CATALOGUE_VOICE})",
            note="Most voices need the extra [espeak] (eSpeak NG, GPL-3).",
        )

    async def load(self, progress: Progress) -> None:
        """Read the voices, check that their phonemes can be made, and open the default one."""
        self._health = Health("loading", "Opening the Piper voice")
        try:
            path = self._path or await self._weights.fetch(CATALOGUE_VOICE, progress)
            progress("Opening the Piper voice", None)
            await self._pool.run("tts", Lane.LIVE, self._open, path)
        except BaseException as error:
            self._health = Health("failed", str(error) or type(error).__name__)
            raise
        self._health = Health("ready")

    async def close(self) -> None:
        for voice in self._installed.values():
            voice.sessions.clear()
        self._installed = {}
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    def voices(self) -> Sequence[Voice]:
        return tuple(
            Voice(
                f"{voice.name}#{speaker}" if speaker else voice.name,
                speaker or voice.name,
                (voice.config.tag,),
            )
            for voice in self._installed.values()
            for speaker in (voice.config.speaker_id_map or {"": 0})
        )

    def default_voice(self, language: str | None) -> str:
        voices = self.voices()
        if not voices:
            raise NotReady("The Piper voice is still loading.", hint=self._health.detail)
        if self._default:
            return self._default
        wanted = (language or "").lower().partition("-")[0]
        fitting = [voice for voice in voices if wanted and voice.languages[0].lower().startswith(wanted)]
        return (fitting or voices)[0].id

    async def stream(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: Style = Style(),
        lane: Lane = Lane.LIVE,
    ) -> AsyncIterator[AudioChunk]:
        """One chunk a sentence."""
        installed, speaker = self._find(voice or self.default_voice(style.language))
        speed = min(max(style.speed, 0.25), 4.0)
        parts = sentences(text, installed.config)
        for at, part in enumerate(parts):
            pcm = await self._pool.run("tts", lane, self._speak, installed, speaker, part.said, speed, lane)
            if not len(pcm):
                continue
            words = estimated(_units(text, part), pcm)
            if at < len(parts) - 1:
                pcm = pcm + Pcm.silence(_PAUSE, pcm.rate)
            yield AudioChunk(pcm, part.span, words)

    # -- on the pool

    def _open(self, path: Path) -> None:
        files = sorted(path.glob("*.onnx")) if path.is_dir() else [path]
        for file in files:
            config = read_config(file)
            if config.phoneme_type == "espeak":
                espeak()
            sessions = PerLane(self._pool, partial(open_session, file))
            self._installed[file.stem] = _Installed(file.stem, config, sessions)
        if not self._installed:
            raise SettingsError(
                f"There is no Piper voice (*.onnx) in {path}.",
                hint="Set tts.piper.voice_path.",
                param="tts.piper",
            )
        installed, speaker = self._find(self.default_voice(None))
        self._speak(installed, speaker, "Hello.", 1.0, Lane.LIVE)

    def _find(self, voice: str) -> tuple[_Installed, int | None]:
        name, _, speaker = voice.partition("#")
        installed = self._installed.get(name)
        speakers = installed.config.speaker_id_map if installed else {}
        if installed is None or (speaker and speaker not in speakers):
            raise InvalidInput(
                f"There is no Piper voice {voice[:60]!r}.",
                code="unknown_voice",
                hint=f"Voices: {', '.join(item.id for item in self.voices()[:20])}.",
                param="voice",
            )
        if not speakers:
            return installed, None
        return installed, speakers[speaker] if speaker else next(iter(speakers.values()))

    def _speak(self, voice: _Installed, speaker: int | None, text: str, speed: float, lane: Lane) -> Pcm:
        config = voice.config
        rate = config.audio.sample_rate
        ids = phoneme_ids(phonemes(text, config), config)
        if len(ids) <= 3 or cancelled():
            return Pcm.silence(0.0, rate)
        scales = [
            config.inference.noise_scale,
            config.inference.length_scale / speed,
            config.inference.noise_w,
        ]
        feed = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if speaker is not None:
            feed["sid"] = np.array([speaker], np.int64)
        samples = voice.sessions.get(lane).run(None, feed)[0]
        pcm, _ = trim(Pcm(np.clip(samples.reshape(-1).astype(np.float32), -1.0, 1.0), rate), lead=0.03)
        return pcm


def _units(text: str, sentence: Sentence) -> list[Unit]:
    """The sentence's words, for an estimate of their times: the model does not tell its own."""
    return [
        Unit(text[start:end], (start, end), float(share), pause=bool(_MARK.search(text[end - 1 : end + 1])))
        for (start, end), share in sentence.words
    ]
