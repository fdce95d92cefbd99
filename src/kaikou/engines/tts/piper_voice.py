"""A Piper voice's JSON: what its input looks like, and text in that form.

Voices are trained on eSpeak's phonemes, or on plain letters where the JSON says ``"phoneme_type":
"text"``. Input: ``^``, each phoneme with ``_`` behind it, ``$``, as numbers of ``phoneme_id_map``
(format: Piper's own training code, https://github.com/rhasspy/piper).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from kaikou.engines.tts.text.clean import clean
from kaikou.engines.tts.text.espeak import espeak
from kaikou.engines.tts.text.words import Spoken, spoken_words
from kaikou.engines.tts.text.words import sentences as spoken_sentences
from kaikou.errors import SettingsError

_SENTENCE = re.compile(r".*?(?:[.!?]+(?!\S)|[。！？\n]+|\Z)", re.DOTALL)
_WRITTEN = re.compile(r"\S*\w\S*")
_LONGEST = 400
_MARKS = ".,!?;:。，！？；："


class _Audio(BaseModel):
    sample_rate: int = Field(gt=0)


class _Espeak(BaseModel):
    voice: str = "en-us"


class _Inference(BaseModel):
    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8


class PiperConfig(BaseModel):
    """What is read of a voice's JSON."""

    audio: _Audio
    espeak: _Espeak = _Espeak()
    inference: _Inference = _Inference()
    phoneme_type: Literal["espeak", "text"] = "espeak"
    phoneme_map: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    phoneme_id_map: Mapping[str, Sequence[int]]
    speaker_id_map: Mapping[str, int] = Field(default_factory=dict)
    language: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def tag(self) -> str:
        """BCP 47 language of the voice."""
        code = str(self.language.get("code") or self.espeak.voice)
        return code.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Sentence:
    """``said`` what is spoken, ``span`` where it is written, ``words`` (where it is written, share of
    the time) of each."""

    said: str
    span: tuple[int, int]
    words: tuple[tuple[tuple[int, int], int], ...]


def phoneme_ids(sounds: str, config: PiperConfig) -> list[int]:
    """Ids for one sentence: start, each known phoneme with a pad behind it, end."""
    table = config.phoneme_id_map
    pad = list(table.get("_", ()))
    ids = [*table.get("^", ()), *pad]
    for written in sounds:
        for phoneme in config.phoneme_map.get(written, (written,)):
            if phoneme in table:
                ids += [*table[phoneme], *pad]
    return [*ids, *table.get("$", ())]


def phonemes(text: str, config: PiperConfig) -> str:
    """The sentence's phonemes in the decomposed form that voices are trained on, marks kept."""
    if config.phoneme_type == "text":
        return unicodedata.normalize("NFD", text.casefold())
    said: list[str] = []
    for part in re.split(rf"([{_MARKS}]+(?=\s|$)|[。，！？；：]+)", text):
        if part.strip() and part.strip(_MARKS):
            said.append(espeak().phonemes(part.strip(), config.espeak.voice))
        elif part.strip() and said:
            said[-1] += part.strip()[0]
    return unicodedata.normalize("NFD", " ".join(said))


def sentences(text: str, config: PiperConfig) -> list[Sentence]:
    """The sentences of ``text`` that have something to say, in order.

    English ones have numbers, dates and units spelled out by our own rules, the same as with the other
    engines; other languages leave that to eSpeak.
    """
    if config.tag.lower().startswith("en"):
        found = [_spelled_out(text, words) for words in spoken_sentences(spoken_words(text))]
    else:
        found = _as_written(clean(text))
    return [part for sentence in found for part in _bounded(sentence)]


def _spelled_out(text: str, words: Sequence[Spoken]) -> Sentence:
    said = "".join(word.text if word.language == "mark" else f" {word.text}" for word in words)
    shown = tuple(((word.start, word.end), len(word.text) + 1) for word in words if word.language != "mark")
    return Sentence(said.strip(), (words[0].start, words[-1].end), shown)


def _as_written(text: str) -> list[Sentence]:
    return [
        Sentence(
            match.group().strip(),
            match.span(),
            tuple((word.span(), len(word.group()) + 1) for word in words),
        )
        for match in _SENTENCE.finditer(text)
        if (words := list(_WRITTEN.finditer(text, *match.span())))
    ]


def _bounded(sentence: Sentence) -> Iterator[Sentence]:
    """A sentence beyond the limit in pieces, cut at spaces; all have its span."""
    said, words = sentence.said, list(sentence.words)
    while len(said) > _LONGEST:
        cut = said.rfind(" ", _LONGEST // 2, _LONGEST) + 1 or _LONGEST
        share = round(len(words) * cut / len(said))
        yield Sentence(said[:cut].strip(), sentence.span, tuple(words[:share]))
        said, words = said[cut:], words[share:]
    if said:
        yield Sentence(said, sentence.span, tuple(words))


def read_config(file: Path) -> PiperConfig:
    """The JSON beside a voice's ``.onnx``. SettingsError where there is none or it does not fit."""
    beside = file.with_name(f"{file.name}.json")
    try:
        return PiperConfig.model_validate(json.loads(beside.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SettingsError(
            f"The Piper voice {file.name} lacks {beside.name}.",
            hint="Put the voice's .json beside its .onnx.",
            param="tts.piper.voice_path",
        ) from None
    except (OSError, ValueError, ValidationError) as error:
        raise SettingsError(
            f"{beside.name} is not the JSON of a Piper voice this engine can drive.",
            hint="phoneme_type must be espeak or text.",
            param="tts.piper.voice_path",
        ) from error
