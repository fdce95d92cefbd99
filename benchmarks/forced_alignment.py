"""Where words begin in speech whose words are known: two aligners that know nothing of how it was made.

``Sphinx`` aligns with the hidden Markov models of PocketSphinx (10 ms frames, US English). Mandarin is
aligned with the same phones, each syllable spelled with the nearest English ones: where a fricative
begins is heard alike in both languages. ``Ctc`` is the second opinion, a network of another kind trained
on several languages: phone posteriors of hama (20 ms frames), and the best path through the known
phones (Viterbi; Kürzinger et al. 2020, CTC-Segmentation, without its free start).

Both need ``pip install pocketsphinx==5.1.1 hama==1.7.0`` (BSD, Apache-2.0; models are inside).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
from pypinyin import Style, lazy_pinyin

from kaikou.audio.pcm import Pcm
from kaikou.audio.resampling import resample
from kaikou.engines.tts.text.words import spoken_words

RATE = 16_000
_PAD = 0.3
"""Seconds of near silence around the speech, without which an aligner begins the first word too early."""

_HALF_WINDOW = 0.0128
"""Seconds from a frame's start to the middle of what its features are computed from."""

# Initials and finals of Mandarin in ARPAbet, as near as English phones come.
_INITIALS = {
    "zh": "JH", "ch": "CH", "sh": "SH", "b": "B", "p": "P", "m": "M", "f": "F", "d": "D", "t": "T", "n": "N",
    "l": "L", "g": "G", "k": "K", "h": "HH", "j": "JH", "q": "CH", "x": "SH", "r": "R", "z": "D Z",
    "c": "T S", "s": "S",
}  # fmt: skip
_FINALS = {
    "iang": "Y AA NG", "iong": "Y OW NG", "uang": "W AA NG", "ueng": "W AH NG", "uai": "W AY",
    "uan": "W AA N", "iao": "Y AW", "ian": "Y EH N", "ang": "AA NG", "eng": "AH NG", "ing": "IY NG",
    "ong": "OW NG", "van": "Y EH N",
    "ai": "AY", "ei": "EY", "ao": "AW", "ou": "OW", "an": "AA N", "en": "AH N", "in": "IY N", "vn": "Y UW N",
    "un": "W AH N", "uen": "W AH N", "ia": "Y AA", "ie": "Y EH", "iu": "Y OW", "iou": "Y OW", "ua": "W AA",
    "uo": "W AO", "ui": "W EY", "uei": "W EY", "ve": "Y EH", "er": "AA R", "a": "AA", "o": "AO", "e": "AH",
    "i": "IY", "u": "UW", "v": "Y UW", "ê": "EH",
}  # fmt: skip
_APICAL = {"zh": "ER", "ch": "ER", "sh": "ER", "r": "ER", "z": "IH", "c": "IH", "s": "IH"}
"""The vowel that is written i behind these."""

# ARPAbet in the symbols of hama's phones.
_IPA = {
    "AA": "ɑ", "AE": "æ", "AH": "ə", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "B": "b", "CH": "t͡ʃ", "D": "d",
    "DH": "ð", "EH": "ɛ", "ER": "ɝ", "EY": "eɪ", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪ", "IY": "i",
    "JH": "d͡ʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "oʊ", "OY": "ɔɪ", "P": "p",
    "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j",
    "Z": "z", "ZH": "ʒ",
}  # fmt: skip


@dataclass(frozen=True)
class Spelled:
    """One written word and what is spoken of it: English words in lower case, hanzi as phones in ARPAbet."""

    text: str
    parts: tuple[str, ...]


def spelled(text: str, spans: Sequence[tuple[int, int]]) -> list[Spelled]:
    """The words written at ``spans`` of ``text``, each with what is spoken of it."""
    found: list[Spelled] = []
    spoken = [word for word in spoken_words(text) if word.language != "mark"]
    for start, end in spans:
        parts: list[str] = []
        for word in spoken:
            if word.end <= start or word.start >= end:
                continue
            if word.language == "en":
                parts += re.findall("[a-z']+", word.text.lower())
            elif text[word.start : word.end] == word.text:
                parts += mandarin(text[max(start, word.start) : min(end, word.end)])
            else:
                parts += mandarin(word.text)
        found.append(Spelled(text[start:end], tuple(parts)))
    return found


class Aligner(Protocol):
    def onsets(self, pcm: Pcm, words: Sequence[Spelled]) -> list[float] | None:
        """Seconds at which each word begins; None where no alignment was found."""
        ...


def syllable(pinyin: str) -> str:
    """ARPAbet of a syllable without its tone (``zhong``, ``lv``)."""
    initial = next((one for one in _INITIALS if pinyin.startswith(one)), "")
    final = pinyin[len(initial) :]
    if not initial:
        final = re.sub("^yu", "v", final)
        final = re.sub("^yi|^y", "i", final)
        final = re.sub("^wu|^w", "u", final)
    elif initial in "jqx" and final.startswith("u"):
        final = "v" + final[1:]
    if final == "i" and initial in _APICAL:
        return f"{_INITIALS[initial]} {_APICAL[initial]}"
    return f"{_INITIALS.get(initial, '')} {_FINALS[final]}".strip()


def mandarin(hanzi: str) -> tuple[str, ...]:
    """ARPAbet of each hanzi."""
    return tuple(map(syllable, lazy_pinyin(hanzi, style=Style.NORMAL, v_to_u=False)))


class Sphinx:
    """See the module."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self._decoder: Any = Decoder(samprate=RATE, bestpath=False, loglevel="FATAL")
        self._names: dict[str, str] = {}

    def phones(self, part: str) -> str:
        """ARPAbet of a word (its first pronunciation), or what is that already."""
        if part.isupper():
            return part
        found: str | None = self._decoder.lookup_word(part)
        if found is None:
            raise ValueError(f"{part!r} is not in the dictionary of PocketSphinx: choose another sentence.")
        return found

    def onsets(self, pcm: Pcm, words: Sequence[Spelled]) -> list[float] | None:
        names = [[self._name(part) for part in word.parts] for word in words]
        self._decoder.set_align_text(" ".join(name for word in names for name in word))
        self._decoder.start_utt()
        self._decoder.process_raw(_padded(pcm).to_int16(), full_utt=True)
        self._decoder.end_utt()
        said = [one for one in self._decoder.seg() or () if re.sub(r"\(\d+\)", "", one.word) in self._names]
        if len(said) != sum(map(len, names)):
            return None
        firsts = accumulate(map(len, names), initial=0)
        return [
            said[first].start_frame / 100 + _HALF_WINDOW - _PAD
            for first, _ in zip(firsts, names, strict=False)
        ]

    def _name(self, part: str) -> str:
        """The dictionary's entry: a word with all its pronunciations, or exactly these phones."""
        name = f"_{part.replace(' ', '_').lower()}" if part.isupper() else part
        if name not in self._names:
            if part.isupper():
                self._decoder.add_word(name, part, True)
            self._names[name] = self.phones(part)
        return name


class Ctc:
    """See the module."""

    def __init__(self, phones: Callable[[str], str]) -> None:
        import hama

        self._phones = phones
        self._model: Any = hama.ASRModel()
        self._numbers = {token: at for at, token in enumerate(self._model.decoder_tokens)}

    def posteriors(self, pcm: Pcm) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Log probabilities [frames, phones]; a frame is 20 ms."""
        wave = _padded(pcm).samples.reshape(1, -1)
        feed = {"waveform": wave, "waveform_lengths": np.array([wave.shape[1]], np.int64)}
        found, lengths = self._model.session.run(["log_probs", "out_lengths"], feed)
        return np.asarray(found[0][: int(np.ravel(lengths)[0])], np.float32)

    def onsets(self, pcm: Pcm, words: Sequence[Spelled]) -> list[float] | None:
        firsts: list[int] = []
        targets: list[int] = []
        for word in words:
            firsts.append(len(targets))
            targets += [
                self._numbers[_IPA[phone]] for part in word.parts for phone in self._phones(part).split()
            ]
        frames = best_path(self.posteriors(pcm), targets, self._model.blank_id)
        return [frames[first] * 0.02 - _PAD for first in firsts] if frames else None


def _padded(pcm: Pcm) -> Pcm:
    noise = (np.random.default_rng(7).standard_normal(round(_PAD * RATE)) * 1e-4).astype(np.float32)
    return Pcm(np.concatenate((noise, resample(pcm, RATE).samples, noise)), RATE)


def best_path(scores: np.ndarray[Any, Any], targets: Sequence[int], blank: int) -> list[int] | None:
    """First frame of each of ``targets`` on the likeliest path of a CTC network; None where there are
    too few frames."""
    states = [blank]
    for target in targets:
        states += [target, blank]
    skips = np.array(
        [at > 1 and state != blank and state != states[at - 2] for at, state in enumerate(states)]
    )
    emitted = scores[:, states]
    best = np.full(len(states), -np.inf)
    best[:2] = emitted[0, :2]
    back = np.zeros((len(scores), len(states)), np.int8)
    for frame in range(1, len(scores)):
        step = np.concatenate(([-np.inf], best[:-1]))
        skip = np.where(skips, np.concatenate(([-np.inf, -np.inf], best[:-2])), -np.inf)
        choices = np.stack([best, step, skip])
        back[frame] = choices.argmax(axis=0)
        best = choices.max(axis=0) + emitted[frame]
    state = len(states) - (1 if best[-1] > best[-2] else 2)
    if not np.isfinite(best[state]):
        return None
    firsts = [0] * len(targets)
    for frame in range(len(scores) - 1, -1, -1):
        if state % 2:
            firsts[state // 2] = frame
        state -= int(back[frame, state])
    return firsts
