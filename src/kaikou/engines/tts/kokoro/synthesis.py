"""Run the Kokoro model: phonemes and a style to trimmed sound with times.

The model's first part gives each phoneme its duration (one frame is 600 samples, 25 ms) and the
others turn frames into sound, which is nearly all of the work. A short clause is 40 % silence that
the model puts around it; those frames are cut away in between, so that they are never computed.
(Shortening the durations instead makes the model swallow the first syllable.)

OpenVINO writes its machine code for each length anew, which costs about as much as the work itself. So what
it runs has one of few lengths (``rounded``), with a little more of the silence, and those of short clauses
are rehearsed once the engine has loaded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.silence import trim
from kaikou.engines.onnx import open_session
from kaikou.engines.openvino import OpenVinoModel, Precision
from kaikou.engines.pool import cancelled
from kaikou.engines.tts.kokoro.parts import DURATIONS, ENERGY, FEATURES, HARMONICS, PITCH, SPECTRA, Parts
from kaikou.errors import ModelUnavailable

RATE = 24_000
FRAME = 600
LONGEST = 508
"""Phonemes that the model takes; 510 with the padding around them."""

_LEAD_FRAMES = 6
"""Frames of the opening silence that are kept: speech may start before its nominal frame."""
_TAIL_FRAMES = 12
"""Frames kept from the start of the last sound on."""

REHEARSED = 88
"""Frames up to which lengths are rehearsed: 2.2 s, most first clauses of a reply."""

_QUIET = -42.0
"""dB below the loudest 20 ms there is no speech."""
_KEEP_BEFORE, _KEEP_AFTER = 0.03, 0.06
_LAG = 0.06
"""Seconds by which the durations run behind the sound. They were learnt from an aligner that, as its kind
does, finds a phoneme well after it has begun: two and a half frames in English and in Mandarin, on average
(``benchmarks/word_onsets.py``)."""
_WINDOW = 240
_LEVEL = 0.1
"""Mean level (RMS) of the parts with speech, about -20 dBFS: the model's own median. The shorter the
silence around a clause, the quieter the vocoder speaks (its normalisation counts the silence)."""
_PEAK = 0.95


@dataclass(frozen=True, slots=True)
class Sound:
    """Speech of one piece; ``times`` (start, end) in seconds of each phoneme in ``pcm``."""

    pcm: Pcm
    times: tuple[tuple[float, float], ...]


def rounded(frames: int) -> int:
    """The next length that is computed, at least ``frames``: eight in each octave, 4 % more on average."""
    step = max(4, 1 << ((frames // 8).bit_length() - 1)) if frames >= 8 else 4
    return -(-frames // step) * step


class Voicebox:
    """The model's four parts (``parts``), opened for one lane: from tokens to samples."""

    def __init__(self, made: Parts, threads: int, openvino: Precision | None = None) -> None:
        """``openvino`` the precision in which OpenVINO runs the vocoder; None leaves it to ONNX
        Runtime. Raises OpenVinoUnavailable."""
        self._encoder = open_session(made.encoder, threads)
        self._source = open_session(made.source, threads)
        self._wave = open_session(made.wave, threads)
        self._openvino = self._vocoder = None
        if openvino is not None and made.openvino is not None:
            self._openvino = OpenVinoModel(made.openvino, threads, openvino, made.cache)
        else:
            self._vocoder = open_session(made.vocoder, threads)

    def run(
        self, tokens: Sequence[int], style: Samples, speed: float, *, least: int = 0
    ) -> tuple[Samples, Samples, int]:
        """(samples, duration in frames of each token with both paddings, first frame that was kept).
        ``least`` frames are computed, whatever there is to say."""
        feed = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style,
            "speed": np.array([speed], np.float32),
        }
        names = [FEATURES, PITCH, ENERGY, DURATIONS]
        features, pitch, energy, durations = self._encoder.run(names, feed)
        frames = durations[0]
        total = features.shape[2]
        first = max(0, int(frames[0]) - _LEAD_FRAMES)
        last = total - max(0, int(frames[-3:].sum()) - _TAIL_FRAMES)
        if cancelled():
            return np.zeros(0, np.float32), frames, first
        made = 0
        if self._openvino is not None:
            wanted = rounded(max(least, last - first))
            last = min(total, first + wanted)
            first = max(0, last - wanted)
            made = wanted - (last - first)
        pitch = _longer(pitch[:, 2 * first : 2 * last], 2 * made)
        (harmonics,) = self._source.run(None, {PITCH: pitch})
        cut = {
            FEATURES: _longer(features[:, :, first:last], made),
            PITCH: pitch,
            ENERGY: _longer(energy[:, 2 * first : 2 * last], 2 * made),
            HARMONICS: harmonics,
            "style": style,
        }
        (samples,) = self._wave.run(None, {SPECTRA: self._spectra(cut)})
        return samples.reshape(-1)[: (last - first) * FRAME], frames, first

    def _spectra(self, cut: dict[str, Samples]) -> Samples:
        if self._openvino is not None:
            return self._openvino.run(cut)
        assert self._vocoder is not None
        (spectra,) = self._vocoder.run(None, cut)
        return spectra  # type: ignore[no-any-return]


def _longer(values: Samples, by: int) -> Samples:
    """``values`` with the last of its last axis, which is silence, ``by`` times more."""
    return np.concatenate((values, np.repeat(values[..., -1:], by, axis=-1)), axis=-1) if by else values


class Alphabet:
    """The model's phonemes and their numbers."""

    def __init__(self, vocab: Path) -> None:
        try:
            table = json.loads(vocab.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                "The vocabulary of Kokoro cannot be read.", hint="Run `kaikou models pull kokoro-82m`."
            ) from error
        self._numbers: dict[str, int] = table.get("vocab", table)

    def tokens(self, phonemes: str) -> tuple[list[int], list[int]]:
        """(numbers, index of each in ``phonemes``); what the model does not know is left out."""
        known = [(self._numbers[char], at) for at, char in enumerate(phonemes) if char in self._numbers]
        known = known[:LONGEST]
        return [number for number, _ in known], [at for _, at in known]


def speak(voicebox: Voicebox, alphabet: Alphabet, phonemes: str, styles: Samples, speed: float) -> Sound:
    """Synthesise one piece. ``styles`` [510, 1, 256]: the voice's style for each length. Blocking."""
    tokens, places = alphabet.tokens(phonemes)
    if not tokens:
        return Sound(Pcm.silence(0.0, RATE), ((0.0, 0.0),) * len(phonemes))
    samples, frames, first = voicebox.run(tokens, styles[len(tokens)], speed)
    pcm, cut = trim(Pcm(samples, RATE), lead=_KEEP_BEFORE, tail=_KEEP_AFTER, threshold=_QUIET)
    edges = (np.concatenate(([0.0], np.cumsum(frames))) - first) * FRAME / RATE - cut
    seconds = np.clip(edges - _LAG, min(_KEEP_BEFORE, pcm.seconds), pcm.seconds)
    times = [(0.0, 0.0)] * len(phonemes)
    for token, place in enumerate(places, 1):  # token 0 is the padding
        times[place] = (float(seconds[token]), float(seconds[token + 1]))
    return Sound(_levelled(pcm), tuple(times))


def rehearse(voicebox: Voicebox, alphabet: Alphabet, phonemes: str, styles: Samples, frames: int) -> None:
    """Compute ``frames`` of ``phonemes`` and silence, so that speech of that length need not wait for
    OpenVINO's preparations. Blocking."""
    tokens, _ = alphabet.tokens(phonemes)
    voicebox.run(tokens, styles[len(tokens)], 1.0, least=frames)


def _levelled(pcm: Pcm) -> Pcm:
    """At one loudness, however much silence was around the clause."""
    square = np.square(pcm.samples[: len(pcm) // _WINDOW * _WINDOW]).reshape(-1, _WINDOW).mean(axis=1)
    active = square[square > square.max(initial=0) * 0.01]
    if len(active) == 0:
        return pcm
    gain = min(_LEVEL / float(np.sqrt(active.mean())), _PEAK / float(np.abs(pcm.samples).max()))
    return Pcm(pcm.samples * np.float32(gain), RATE)
