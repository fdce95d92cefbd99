"""What an engine is: small protocols, one for each kind of model.

An engine is one file that implements one of these, declares its settings model and registers
under the entry-point group ``kaikou.engines`` (see ``registry.py``). Engines never import one
another. All audio is :class:`~kaikou.audio.pcm.Pcm`; all times are seconds unless said.

Compute runs on the pool (``pool.py``) in the lane the caller names; the event loop never runs a
model. Cancelling the awaiting task cancels the work.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Pcm


class Lane(enum.IntEnum):
    """Who waits for the work. A lower lane is served first."""

    LIVE = 0
    """Somebody is in a call and hears the delay."""
    INTERACTIVE = 1
    """Somebody looks at a page or a terminal and waits."""
    BATCH = 2
    """Nobody waits: audiobooks, re-indexing."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a person should know about an engine; shown by ``kaikou doctor`` and the health route."""

    kind: str
    name: str
    title: str
    model: str = ""
    languages: tuple[str, ...] = ()
    """BCP 47 codes; empty means "any" or "does not apply"."""
    licence: str = ""
    """Licence of code and weights, e.g. ``MIT / MIT``."""
    sample_rate: int | None = None
    """Hz of the audio it takes (VAD, STT) or gives (TTS)."""
    streaming: bool = False
    local: bool = True
    """False where audio or text leaves the machine."""
    weights: str = ""
    """Where the weights come from, in words."""
    calls_tools: bool = True
    """Of a language model: False where it can't be trusted to call tools itself."""
    scripted: bool = False
    """True for engines whose answers come from settings (load tests and demos)."""
    note: str = ""


HealthState = Literal["waiting", "loading", "ready", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class Health:
    """An engine's state as it is now, with a sentence for a person."""

    state: HealthState
    detail: str = ""
    progress: float | None = None
    """0..1 while loading or downloading, where known."""


Progress = Callable[[str, float | None], None]
"""Called from any thread with what is being done and the fraction done (0..1 or None)."""


@runtime_checkable
class Engine(Protocol):
    """What every engine has, whatever its kind."""

    @property
    def card(self) -> Card: ...

    async def load(self, progress: Progress) -> None:
        """Fetch weights, open sessions, warm up. Raises KaikouError when that is impossible."""
        ...

    async def close(self) -> None:
        """Free everything. Safe to call twice, and before ``load``."""
        ...

    def health(self) -> Health: ...


# --- listening -------------------------------------------------------------------------------


class VadStream(Protocol):
    """One session's voice activity. Plain calls from the event loop, no task per frame."""

    def feed(self, samples: Any) -> None:
        """Queue float32 mono samples at 16 kHz (any length)."""
        ...

    def reset(self) -> None:
        """Forget queued samples and the model's state; the sample count goes on."""
        ...

    def close(self) -> None: ...


OnProbability = Callable[[float, int], None]
"""(speech probability 0..1, index one past the window's last sample since the stream opened);
called on the event loop."""


class VoiceActivityDetector(Engine, Protocol):
    """Is somebody speaking? All sessions' windows go through one model call per tick."""

    def stream(self, on_probability: OnProbability) -> VadStream: ...


class TurnDetector(Engine, Protocol):
    """Has the speaker finished? A soft vote, never the only judge."""

    async def end_of_turn(self, audio: Pcm, transcript: str, *, lane: Lane = Lane.LIVE) -> float:
        """Probability 0..1 that the turn is complete. ``audio`` is the turn so far at 16 kHz
        (only its last seconds count); ``transcript`` may be empty."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its times in seconds from the start of the audio it belongs to."""

    text: str
    start: float
    end: float
    confidence: float | None = None
    measured: bool = True
    """False where the times are estimated (e.g. shared out by length)."""
    span: tuple[int, int] | None = None
    """Of speech: [start, end) where the word is written in the text given to ``stream``; None where the
    engine does not tell, and of recognised words."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said."""

    text: str
    language: str | None = None
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    """Mean probability of the words or tokens, 0..1, where the model gives one."""
    seconds: float = 0.0
    """Length of the audio that was transcribed."""


class SttStream(Protocol):
    """Streaming recognition, where the model can."""

    def feed(self, pcm: Pcm) -> None: ...

    async def partial(self) -> str: ...

    async def finish(self) -> Transcript: ...

    def close(self) -> None: ...


class SpeechToText(Engine, Protocol):
    """Speech to text."""

    async def transcribe(
        self,
        audio: Pcm,
        *,
        language: str | None = None,
        hint: str = "",
        words: bool = False,
        lane: Lane = Lane.LIVE,
    ) -> Transcript:
        """``language`` None or "auto" lets the model decide; ``hint`` is text that steers spelling;
        ``words`` asks for word times. No speech gives an empty text, never an invention."""
        ...

    def stream(self, *, language: str | None = None, hint: str = "") -> SttStream | None:
        """A streaming recogniser, or None where the model cannot stream."""
        ...


# --- thinking --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function the model wants called; ``arguments`` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt. ``images`` are data or https URLs."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; ``parameters`` is a JSON schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    examples: tuple[str, ...] = ()
    """What people say who want it, with ``{parameter}`` where one is named, ``{*}`` for any words,
    ``(one|other)`` and ``[perhaps]``. For models that can't call tools themselves; others are not told."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Regular expressions of what a ``{parameter}`` of the examples may be, in lower case without marks."""
    whole: str = ""
    """The parameter that takes the user's words as they are, where no place of an example does."""
    said: tuple[str, ...] = ()
    """Whole sentences of people who want it, in many ways: others are found by their nearness in meaning."""
    slots: tuple[str, ...] = ()
    """As ``examples``: where arguments stand in words that ask for it and are none of its examples."""
    follow: tuple[str, ...] = ()
    """As ``examples``: what is said right after it was called, to answer what it asked, or to put it right.
    Arguments that aren't said anew stay those of the call before."""
    again: str = ""
    """The parameter that is true for such a call."""


@dataclass(frozen=True, slots=True)
class Usage:
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of a model's answer: any of text, a whole tool call, usage, or why it ended."""

    text: str = ""
    tool_call: ToolCall | None = None
    usage: Usage | None = None
    finish: FinishReason | None = None


ToolChoice = Literal["none", "auto", "required"] | str
"""A literal, or the name of the one function that must be called."""


@dataclass(frozen=True, slots=True)
class Generation:
    """How to answer. None leaves a value to the engine's settings."""

    max_tokens: int | None = None
    temperature: float | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    schema: Mapping[str, Any] | None = None
    """A JSON schema the whole answer must satisfy."""


class LanguageModel(Engine, Protocol):
    """Chat completion, streamed."""

    def stream(
        self,
        messages: Sequence[Message],
        generation: Generation = Generation(),
        *,
        lane: Lane = Lane.LIVE,
    ) -> AsyncGenerator[Delta, None]:
        """Deltas as they come; the last one carries ``finish`` (and ``usage`` where known).
        Closing the iterator stops the generation at the source."""
        ...

    async def warm(self, messages: Sequence[Message], generation: Generation = Generation()) -> None:
        """Process a prompt's prefix ahead of its first use; a no-op where that gains nothing.
        Give the ``generation`` that will be used: its tools are part of the prompt."""
        ...


@runtime_checkable
class Queues(Protocol):
    """An engine whose requests wait in a line of its own, beside the pool's."""

    def queue_wait(self) -> float:
        """Seconds that the oldest live request has been waiting; 0 where none waits."""
        ...


# --- speaking --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that a speech engine offers."""

    id: str
    name: str
    languages: tuple[str, ...]
    gender: Literal["female", "male", "neutral"] | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How to say it. ``speed`` 1.0 is the voice's own pace."""

    speed: float = 1.0
    language: str | None = None
    emotion: str | None = None


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of synthesised speech.

    ``span``  [start, end) indexes of the text it speaks, within the text given to ``stream``.
    ``words`` follow the text in order; times are seconds from the start of this chunk.
    """

    pcm: Pcm
    span: tuple[int, int]
    words: tuple[Word, ...] = ()


class TextToSpeech(Engine, Protocol):
    """Text to speech."""

    def voices(self) -> Sequence[Voice]: ...

    def default_voice(self, language: str | None) -> str:
        """The id of the voice to use where nobody chose one."""
        ...

    def stream(
        self,
        text: str,
        *,
        voice: str | None = None,
        style: Style = Style(),
        lane: Lane = Lane.LIVE,
    ) -> AsyncGenerator[AudioChunk, None]:
        """Chunks in order, leading and trailing silence trimmed. Text with nothing to say (only
        punctuation, emoji) gives no chunk. Unknown voice: InvalidInput ``unknown_voice``.
        Closing the iterator stops the synthesis."""
        ...


@runtime_checkable
class BlendsVoices(Protocol):
    """A speech engine that can mix its voices into new ones."""

    def blend(self, parts: Mapping[str, float]) -> Voice:
        """The voice of these parts (weights above 0 by voice id, scaled to sum 1); its id may be given
        to ``stream``. Nothing is stored. InvalidInput ``unknown_voice``."""
        ...


# --- finding ---------------------------------------------------------------------------------

Vectors = NDArray[np.float32]
"""[texts, dimensions], each row of length 1."""


class Embedder(Engine, Protocol):
    """Text as vectors; the dot product of two tells how near their meanings are."""

    @property
    def identity(self) -> str:
        """The model and all that shapes its vectors, e.g. ``e5/multilingual-e5-small-q4``. Vectors of
        different identities can't be compared."""
        ...

    async def embed(
        self, texts: Sequence[str], *, role: Literal["query", "passage"], lane: Lane = Lane.LIVE
    ) -> Vectors:
        """``query`` is what is looked for, ``passage`` what may be found. Any length; models look at
        long texts in windows, or at their beginning. The scale differs from model to model: rank by
        it, compare it with no fixed threshold."""
        ...


# --- telling voices apart --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Voiceprint:
    """A voice as numbers: of length 1, so that the dot product of two tells how alike the voices are.
    Empty where nothing was heard. ``seconds`` of voice it was made of."""

    vector: NDArray[np.float32]
    seconds: float


class SpeakerEncoder(Engine, Protocol):
    """Who speaks, as far as the sound of a voice tells; not what is said."""

    @property
    def identity(self) -> str:
        """The model and all that shapes its vectors; those of different identities can't be compared."""
        ...

    @property
    def threshold(self) -> float:
        """The cosine from which a voice is taken for the one person known, measured for this model."""
        ...

    async def encode(self, audio: Pcm, *, lane: Lane = Lane.LIVE) -> Voiceprint:
        """The voice in ``audio`` (any rate); silence in it does not count."""
        ...


@dataclass(frozen=True, slots=True)
class Engines:
    """The ears, mind and mouth a process runs with; built by the composition root."""

    vad: VoiceActivityDetector
    turn: TurnDetector | None
    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
    extra: Mapping[str, Engine] = field(default_factory=dict)
    """Further engines that an agent may choose, by ``kind.name``."""
