"""What the turn machine is told, what it remembers, and what it answers (see ``machine``).

Times: ``at`` is the wall clock in ms (monotonic), ``*_ms`` of windows are session audio time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from kaikou.dialogue.session import TurnPolicy
from kaikou.settings.tree import LiveSettings

User = Literal["silent", "speaking", "trailing"]
Agent = Literal["idle", "replying", "paused"]


@dataclass(frozen=True, slots=True)
class TurnRules:
    """The bounds the machine decides with; from the session's policy and the settings (ms)."""

    policy: TurnPolicy = TurnPolicy()
    speculate: bool = True
    semantic: bool = True
    """A turn detector is asked; without one the transcript alone scales the silence."""
    onset_ms: float = 64.0
    """Voiced audio needed before a sound counts as speech."""
    soft_end_ms: float = 128.0
    min_silence_ms: float = 250.0
    max_silence_ms: float = 1600.0
    resume_after_ms: float = 1500.0
    confirm_ms: float = 600.0
    """Voiced audio after which a barge-in is checked for words without waiting for its end."""
    starved_ms: float = 700.0
    """No audio for so long counts as silence from then on (muted or stalled microphones)."""
    max_utterance_ms: float = 300_000.0
    max_speculations: int = 4
    """Replies begun unheard in one turn; after that only the transcription is speculative."""

    @classmethod
    def of(cls, policy: TurnPolicy, live: LiveSettings, *, semantic: bool) -> TurnRules:
        return cls(
            policy=policy,
            speculate=live.speculate,
            semantic=semantic,
            soft_end_ms=live.soft_end_ms,
            min_silence_ms=live.min_silence_ms,
            max_silence_ms=live.max_silence_ms,
            resume_after_ms=live.resume_after_ms,
            max_utterance_ms=live.max_utterance_seconds * 1000,
        )

    @property
    def automatic(self) -> bool:
        return self.policy.mode != "manual"


class TurnState(NamedTuple):
    """Everything the machine remembers between events.

    A tuple, because every window of speech makes new ones: ``_replace`` takes a tenth of the time
    that ``dataclasses.replace`` takes with so many fields.
    """

    rules: TurnRules = TurnRules()
    user: User = "silent"
    agent: Agent = "idle"
    generation: int = 0
    run_ms: float = 0.0
    """Voiced audio without a break (onset detection)."""
    voiced_ms: float = 0.0
    silence_ms: float = 0.0
    start_ms: float = 0.0
    """Audio time at which the utterance began."""
    end_ms: float = 0.0
    """Audio time at which its last voiced window ended."""
    heard_at: float = 0.0
    """Wall time of the newest window."""
    announced: bool = False
    asked: bool = False
    """A transcription of this generation is under way or done."""
    probing: bool = False
    probed_ms: float = 0.0
    """Voiced audio at the last probe for words during a barge-in."""
    transcript: str | None = None
    score: float | None = None
    scoring: bool = False
    speculations: int = 0
    begun: bool = False
    """A reply to this generation was begun unheard."""
    paused_at: float = 0.0
    idle_since: float | None = None
    ending: bool = False
    """All of the reply's sound was sent; only its tail still plays."""
    owed: bool = False
    """A committed turn waits for the running reply to end (interruption not allowed)."""


# --- what happens -----------------------------------------------------------------------------


class Window(NamedTuple):
    """The VAD judged the audio up to ``end_ms``. A tuple, because there are fifty a second."""

    probability: float
    end_ms: float
    length_ms: float
    at: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed (see ``deadline``)."""

    at: float


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The utterance of ``generation`` was understood as ``text`` (empty: no words)."""

    generation: int
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class TranscriptionFailed:
    generation: int
    at: float


@dataclass(frozen=True, slots=True)
class Probed:
    """A look at a barge-in's first words; empty: none yet."""

    generation: int
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Scored:
    """The turn detector's belief that the turn of ``generation`` is complete."""

    generation: int
    probability: float
    at: float


@dataclass(frozen=True, slots=True)
class CommitAsked:
    """The client ends the turn."""

    at: float


@dataclass(frozen=True, slots=True)
class ClearAsked:
    at: float


@dataclass(frozen=True, slots=True)
class ReplyBegan:
    """A reply that may be heard is under way (released, not speculative)."""

    at: float


@dataclass(frozen=True, slots=True)
class ReplyEnding:
    """All of its sound was sent: an answer may come before the last word has faded."""

    at: float


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    """Its playback is over, or it was cut by other means."""

    at: float


@dataclass(frozen=True, slots=True)
class RulesChanged:
    rules: TurnRules
    at: float


TurnEvent = (
    Window | Tick | Transcribed | TranscriptionFailed | Probed | Scored
    | CommitAsked | ClearAsked | ReplyBegan | ReplyEnding | ReplyEnded | RulesChanged
)  # fmt: skip


# --- what to do -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the client that the user speaks since ``start_ms``."""

    start_ms: float


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Transcribe the utterance so far; answer with Transcribed / TranscriptionFailed."""

    generation: int


@dataclass(frozen=True, slots=True)
class Probe:
    """Look for words in the utterance so far; answer with Probed."""

    generation: int


@dataclass(frozen=True, slots=True)
class Score:
    """Ask the turn detector; answer with Scored."""

    generation: int


@dataclass(frozen=True, slots=True)
class BeginReply:
    """Begin a reply to the transcript of ``generation``, unheard until Commit."""

    generation: int


@dataclass(frozen=True, slots=True)
class Discard:
    """The user goes on: throw away what was begun for ``generation``."""

    generation: int


@dataclass(frozen=True, slots=True)
class Commit:
    """The turn, voiced in [start_ms, end_ms) of the session's audio (both 0 where no speech was
    detected), is over: it becomes an item. ``respond``: (release or make) its reply now.
    ``transcribed`` False: its words are still to come."""

    generation: int
    start_ms: float
    end_ms: float
    respond: bool
    transcribed: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """The sound held no words: nothing comes of it. ``announced``: the client was told of it."""

    generation: int
    announced: bool


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold the reply's sound."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Let the held reply go on."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The user takes the floor: stop the reply for good."""


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer a turn committed earlier, now that the reply before it is over."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """Nobody spoke for ``idle_timeout_ms``: speak without new input."""


Action = (
    Announce | Transcribe | Probe | Score | BeginReply | Discard | Commit | Drop
    | Pause | Resume | Cut | Respond | Nudge
)  # fmt: skip
