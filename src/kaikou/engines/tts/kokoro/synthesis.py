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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kaikou.audio.pcm import Pcm, Samples
from kaikou.audio.silence import sounding, trim
from kaikou.engines.onnx import open_session
from kaikou.engines.openvino import OpenVinoModel, Precision
from kaikou.engines.pool import cancelled
from kaikou.engines.tts.kokoro import joining
from kaikou.engines.tts.kokoro.parts import DURATIONS, ENERGY, FEATURES, HARMONICS, PITCH, SPECTRA, Parts
from kaikou.errors import ModelUnavailable

RATE = 24_000
FRAME = 600
_STEPS = 120
"""Of the harmonics in a frame."""
LONGEST = 508
"""Phonemes that the model takes; 510 with the padding around them."""

_LEAD_FRAMES = 6
"""Frames of the opening silence that are kept: speech may start before its nominal frame."""
_TAIL_FRAMES = 12
"""Frames kept from the start of the last sound on."""

SHORTEST, REHEARSED = 20, 128
"""Frames between which lengths are rehearsed: up to 3.2 s, most of a reply's first clauses and parts."""

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
_LOUD = 0.1
"""Of the greatest energy that the model foresees: below it, a clause has ended."""
_FADE = 120
"""Samples over which the end is faded out."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Speech of one piece, or of a stretch of it; ``times`` (start, end) of each of the piece's phonemes in
    seconds from the start of ``pcm``."""

    pcm: Pcm
    times: tuple[tuple[float, float], ...]
    more: bool = False
    """Another stretch follows."""


Timed = Callable[[Pcm, float, float, float], Sound]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a piece will be spoken, frame by frame, with most of the silence around it cut away."""

    features: Samples
    """[1, 512, frames]"""
    pitch: Samples
    """[1, 2 frames], and so is ``energy``."""
    energy: Samples
    harmonics: Samples
    """[1, 22, 120 frames + 1]: the voice's, whose phases run on through all frames."""
    style: Samples
    durations: Samples
    """Frames of each token, with both paddings."""
    first: int
    """Frames that were cut away before."""

    def __len__(self) -> int:
        return int(self.features.shape[2])

    @property
    def silent_from(self) -> float:
        """Seconds after which nothing is heard any more, before it is computed: within 20 ms, mostly."""
        (loud,) = np.nonzero(self.energy[0] > _LOUD * self.energy.max(initial=0.0))
        return float(loud[-1] + 1) / 2 * FRAME / RATE if len(loud) else 0.0

    def cut(self, *stretches: tuple[int, int]) -> Shape:
        """These [first, last) frames only."""

        def part(values: Samples, each: int, more: int = 0) -> Samples:
            ends = [0] * (len(stretches) - 1) + [more]
            found = [
                values[..., each * first : each * last + end]
                for (first, last), end in zip(stretches, ends, strict=True)
            ]
            return np.concatenate(found, axis=-1)

        return replace(
            self,
            features=part(self.features, 1),
            pitch=part(self.pitch, 2),
            energy=part(self.energy, 2),
            harmonics=part(self.harmonics, _STEPS, 1),
        )


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

    def shape(self, tokens: Sequence[int], style: Samples, speed: float) -> Shape:
        """How ``tokens`` will be spoken."""
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
        if self._openvino is not None:  # silence that is there anyhow makes it one of the few lengths
            last = min(total, first + rounded(last - first))
        pitch = pitch[:, 2 * first : 2 * last]
        (harmonics,) = self._source.run(None, {PITCH: pitch})
        return Shape(
            features[:, :, first:last],
            pitch,
            energy[:, 2 * first : 2 * last],
            harmonics,
            style,
            frames,
            first,
        )

    def sound(self, shape: Shape, *, least: int = 0) -> Samples:
        """Samples of all frames of ``shape``. ``least`` frames are computed, whatever there is to say."""
        made = rounded(max(least, len(shape))) - len(shape) if self._openvino is not None else 0
        cut = {
            FEATURES: _longer(shape.features, made),
            PITCH: _longer(shape.pitch, 2 * made),
            ENERGY: _longer(shape.energy, 2 * made),
            HARMONICS: _longer(shape.harmonics, _STEPS * made),
            "style": shape.style,
        }
        (samples,) = self._wave.run(None, {SPECTRA: self._spectra(cut)})
        found: Samples = samples.reshape(-1)[: len(shape) * FRAME]
        return found

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


def speak(
    voicebox: Voicebox,
    alphabet: Alphabet,
    phonemes: str,
    styles: Samples,
    speed: float,
    *,
    early: bool = False,
) -> Iterator[Sound]:
    """Synthesise one piece. ``styles`` [510, 1, 256]: the voice's style for each length. ``early``: of a
    short piece, the beginning comes first and the rest as a second sound (``joining``). Blocking."""
    tokens, places = alphabet.tokens(phonemes)
    if not tokens:
        yield Sound(Pcm.silence(0.0, RATE), ((0.0, 0.0),) * len(phonemes))
        return
    shape = voicebox.shape(tokens, styles[len(tokens)], speed)
    edges = (np.concatenate(([0.0], np.cumsum(shape.durations))) - shape.first) * FRAME / RATE - _LAG

    def timed(pcm: Pcm, start: float, earliest: float, end: float) -> Sound:
        """``start``, ``earliest`` and ``end`` in seconds of the piece: where ``pcm`` and where speech begins,
        and where it ends."""
        seconds = np.clip(edges, min(earliest, end), end) - start
        times = [(0.0, 0.0)] * len(phonemes)
        for token, place in enumerate(places, 1):  # token 0 is the padding
            times[place] = (float(seconds[token]), float(seconds[token + 1]))
        return Sound(pcm, tuple(times))

    if cancelled():
        return
    if early and (head := joining.head_frames(len(shape))):
        yield from _in_two(voicebox, shape, head, timed)
        return
    pcm, cut = trim(Pcm(voicebox.sound(shape), RATE), lead=_KEEP_BEFORE, tail=_KEEP_AFTER, threshold=_QUIET)
    yield timed(
        Pcm(pcm.samples * np.float32(_gain(pcm.samples)), RATE), cut, cut + _KEEP_BEFORE, cut + pcm.seconds
    )


def _in_two(voicebox: Voicebox, shape: Shape, head: int, timed: Timed) -> Iterator[Sound]:
    """The sound of ``shape``, the first ``head`` frames before the others."""
    joint = head * FRAME
    given = joining.given_out(joint)
    before = voicebox.sound(shape.cut(*joining.head_parts(head)))[: joining.head_parts(head)[0][1] * FRAME]
    opening, _ = trim(Pcm(before[:given], RATE), lead=_KEEP_BEFORE, tail=given / RATE, threshold=_QUIET)
    start, gain = (given - len(opening)) / RATE, _gain(opening.samples) * joining.LOUDER
    earliest = start + _KEEP_BEFORE
    if len(opening):
        # The durations end later than the sound, which is not known yet.
        end = max(shape.silent_from + _KEEP_AFTER, given / RATE)
        first = timed(Pcm(opening.samples * np.float32(gain), RATE), start, earliest, end)
        yield replace(first, more=True)
    if cancelled():
        return
    rest_from = max(0, len(shape) - rounded(joining.rest_frames(len(shape), head)))
    rest = voicebox.sound(shape.cut((rest_from, len(shape))))
    whole = joining.joined(before, rest, joint, rest_from * FRAME)
    after = joining.settled(whole[given:], gain, _gain(whole))
    # Silence is what is silent beside the whole.
    _, last = sounding(Pcm(whole, RATE), threshold=_QUIET)
    last = min(len(whole), max(last, given + _FADE) + round(_KEEP_AFTER * RATE))
    after = after[: last - given]
    after[-_FADE:] *= np.linspace(1, 0, _FADE, dtype=np.float32)
    yield timed(Pcm(after, RATE), given / RATE, earliest, last / RATE)


def rehearse(voicebox: Voicebox, alphabet: Alphabet, phonemes: str, styles: Samples, frames: int) -> None:
    """Compute ``frames`` of ``phonemes`` and silence, so that speech of that length need not wait for
    OpenVINO's preparations. Blocking."""
    tokens, _ = alphabet.tokens(phonemes)
    shape = voicebox.shape(tokens, styles[len(tokens)], 1.0)
    voicebox.sound(shape.cut((0, min(frames, len(shape)))), least=frames)


def _gain(samples: Samples) -> float:
    """What brings ``samples`` to one loudness, however much silence was around the clause."""
    square = np.square(samples[: len(samples) // _WINDOW * _WINDOW]).reshape(-1, _WINDOW).mean(axis=1)
    active = square[square > square.max(initial=0) * 0.01]
    if len(active) == 0:
        return 1.0
    return min(_LEVEL / float(np.sqrt(active.mean())), _PEAK / float(np.abs(samples).max()))
