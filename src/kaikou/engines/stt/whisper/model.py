"""One loaded Whisper model: the parts of faster-whisper we use, made fast for short audio and quiet on noise.

Whisper always encodes 30 s, so three seconds of speech cost as much as thirty. Fed with less, it is
several times faster, but below about ten seconds it starts to invent words. Measured with tiny.en and
2 threads on two samples of 120 English clips of 3.3 s, read by fluent learners, as WER at greedy
search (first sample), WER with 5 hypotheses (second) and RTF: all 30 s 9.8 %, 9.9 %, 0.22 to 0.35; at
least 10 s with 2 s behind the speech 8.3 %, 10.8 %, 0.06 to 0.08; 8 s with 1 s behind it 11.9 % (first).
``benchmarks/stt_accuracy.py`` measures what is in use.

Whisper also hears words in noise and silence ("Thank you."). A speech detector that costs a
hundredth of the recognition is asked first.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.vad import get_vad_model

from kaikou.audio.pcm import Samples
from kaikou.engines.ports import Transcript, Word
from kaikou.engines.stt.whisper import text

RATE = 16_000
WINDOW_SECONDS = 30.0
_LEAST_FRAMES = 1000
_FRAMES_BEHIND = 200
"""Mel frames (10 ms each) that are encoded at least, and behind the last sound."""
_VAD_WINDOW = 512
_VAD_SECONDS = 4.0
"""Looked through at once; the first stretch with speech ends the search."""
_TEMPERATURES = (0.0, 0.4, 0.8)
"""A doubtful answer is tried again less greedily; faster-whisper's own six steps take too long in a call."""
_TOKENS_PER_SECOND = 14
_TOKENS_ALWAYS = 16
_MOST_TOKENS = 200

_PROMPTS = {
    "zh": "以下是普通话的句子。",
    "zh-tw": "以下是國語的句子。",
    "zh-hk": "以下是廣東話的句子。",
    "zh-hant": "以下是國語的句子。",
}
"""Makes the model write Chinese with punctuation, in the wanted script."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to transcribe: float32 samples at 16 kHz, and how. ``language`` is a BCP 47 code or None."""

    samples: Samples
    language: str | None
    among: tuple[str, ...]
    """Languages to choose from where ``language`` is None; empty: any."""
    hint: str
    words: bool
    beam: int
    speech_threshold: float
    stop: Callable[[], bool]
    """Asked between windows; True ends the work."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


class _Short(WhisperModel):  # type: ignore[misc]  # faster-whisper carries no types
    """Encodes only as much as there is, and the same audio only once in a row per thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._last = threading.local()

    def encode(self, features: Any) -> Any:
        short = _without_padding(features)
        last = getattr(self._last, "pair", None)
        if last is not None and np.array_equal(last[0], short):
            return last[1]
        encoded = super().encode(short)
        self._last.pair = (short, encoded)
        return encoded


def _without_padding(features: Any) -> Any:
    """``features`` [mels, frames] without most of the zero columns at its end."""
    used = np.flatnonzero(np.any(features != 0, axis=0))
    end = int(used[-1]) + 1 if len(used) else 0
    keep = min(features.shape[-1], max(_LEAST_FRAMES, end + _FRAMES_BEHIND))
    return np.ascontiguousarray(features[:, : keep + keep % 2])  # the encoder halves the frames


class LoadedWhisper:
    """A model in memory. Its methods block; several threads may call them."""

    def __init__(self, folder: Path, *, device: str, compute_type: str, threads: int) -> None:
        on_gpu = device == "cuda" or (device == "auto" and ctranslate2.get_cuda_device_count() > 0)
        if compute_type == "auto":
            compute_type = "float16" if on_gpu else "int8"
        self._model = _Short(
            str(folder),
            device="cuda" if on_gpu else "cpu",
            compute_type=compute_type,
            cpu_threads=threads,
            local_files_only=True,
        )

    @property
    def multilingual(self) -> bool:
        return bool(self._model.model.is_multilingual)

    @property
    def languages(self) -> Collection[str]:
        return set(self._model.supported_languages)

    def transcribe(self, request: Request) -> Transcript:
        """No speech gives an empty text."""
        if not _has_speech(request.samples, request.speech_threshold):
            return Transcript("", request.language, seconds=request.seconds)
        language = request.language or self._detect(request)
        prompt = _prompt(language, request.hint) if self.multilingual else request.hint or None
        segments, _ = self._model.transcribe(
            request.samples,
            language=language.partition("-")[0].lower(),
            initial_prompt=prompt,
            beam_size=request.beam,
            best_of=2,
            temperature=_TEMPERATURES,
            condition_on_previous_text=False,
            word_timestamps=request.words,
            **_by_length(request.seconds),
        )
        found = []
        for segment in segments:
            if request.stop():
                break
            if not _echoes(segment.text, prompt):
                found.append(segment)
            if request.seconds <= WINDOW_SECONDS:
                break  # faster-whisper would decode the silence behind the last word as another window
        return _transcript(found, language, request)

    def _detect(self, request: Request) -> str:
        """The likeliest language of the first 30 s among those allowed."""
        if not self.multilingual:
            return "en"
        head = request.samples[: int(WINDOW_SECONDS * RATE)]
        features = self._model.feature_extractor(head)
        # The same slice that ``transcribe`` will encode, so that it finds the work done.
        frames = min(features.shape[-1] - 1, self._model.feature_extractor.nb_max_frames)
        padded = np.pad(
            features[:, :frames], ((0, 0), (0, self._model.feature_extractor.nb_max_frames - frames))
        )
        ranked = self._model.model.detect_language(self._model.encode(padded))[0]
        codes = [(token[2:-2], chance) for token, chance in ranked]
        allowed = [pair for pair in codes if pair[0] in request.among] or codes
        best: str = max(allowed, key=lambda pair: pair[1])[0]
        return best


def _has_speech(samples: Samples, threshold: float) -> bool:
    """True where any 32 ms window is likelier speech than ``threshold`` (Silero, inside faster-whisper)."""
    if not len(samples) or not np.any(samples):
        return False
    step = int(_VAD_SECONDS * RATE) // _VAD_WINDOW * _VAD_WINDOW
    for start in range(0, len(samples), step):
        part = samples[start : start + step]
        part = np.pad(part, (0, -len(part) % _VAD_WINDOW))
        if float(np.max(get_vad_model()(part))) >= threshold:
            return True
    return False


def _by_length(seconds: float) -> dict[str, Any]:
    """One window needs no time marks and few tokens; longer audio is cut at its pauses."""
    if seconds > WINDOW_SECONDS:
        return {"vad_filter": True, "vad_parameters": {"min_silence_duration_ms": 500}}
    tokens = _TOKENS_ALWAYS + math.ceil(_TOKENS_PER_SECOND * seconds)
    return {"without_timestamps": True, "max_new_tokens": min(_MOST_TOKENS, tokens)}


def _prompt(language: str, hint: str) -> str | None:
    lower = language.lower()
    start = _PROMPTS.get(lower) or _PROMPTS.get(lower.partition("-")[0], "")
    return f"{start}{hint}".strip() or None


def _echoes(said: str, prompt: str | None) -> bool:
    """On noise, Whisper likes to repeat its prompt, or most of it."""
    if not prompt:
        return False
    spoken, given = (text.PUNCTUATION.sub("", part) for part in (said, prompt))
    return bool(spoken) and len(spoken) >= 6 and spoken in given


def _transcript(segments: list[Any], language: str, request: Request) -> Transcript:
    joined = text.tidy(
        "".join(text.without_loops(segment.text, segment.end - segment.start) for segment in segments),
        language,
    )
    if not text.PUNCTUATION.sub("", joined):
        return Transcript("", language, seconds=request.seconds)
    tokens = [max(1, len(segment.tokens)) for segment in segments]
    mean = sum(segment.avg_logprob * count for segment, count in zip(segments, tokens, strict=True))
    words = tuple(
        Word(
            text.in_script(word.word.strip(), language),
            float(word.start),
            min(float(word.end), request.seconds),
            float(word.probability),
        )
        for segment in segments
        for word in segment.words or ()
    )
    return Transcript(
        joined, language, words, confidence=math.exp(mean / sum(tokens)), seconds=request.seconds
    )
