"""What a load is to do, and what each of its callers saw; times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from kaikou.cli.wires import WIRES, Wire


@dataclass(frozen=True, slots=True)
class Load:
    """What to drive: ``url`` is the socket's; times in seconds."""

    url: str
    wire: Wire = WIRES["realtime"]
    sessions: int = 1
    seconds: float = 20.0
    """How long turns are begun."""
    every: float | None = None
    """A turn begins each so many seconds, answered or not; None: ``think`` after an answer."""
    think: float = 1.0
    pause: float = 0.0
    """A pause in the middle of each turn, as people make."""
    interrupt: float | None = None
    """So long after a reply's first audio the caller talks into it (instead of ``think``)."""
    silence_ms: int = 200
    """Silence that ends a turn, asked of the server; it is no part of the added latency."""
    expected: float = 0.0
    """Delays the server's scripted engines add by design; no part of the added latency either."""
    redial: float | None = None
    """Callers who were refused dial again each so many seconds; None: they give up."""
    reply_timeout: float = 20.0
    key: str | None = None

    @property
    def turns(self) -> int | None:
        """Turns of each caller, where they keep a schedule."""
        return max(1, int(self.seconds / self.every + 1e-9)) if self.every else None


@dataclass(slots=True)
class Caller:
    """What one caller saw; times in seconds."""

    turns: int = 0
    answered: int = 0
    early: int = 0
    """Turns the server answered before they were over: it talked over the caller."""
    overrun: int = 0
    """Answers that still went on when the schedule's next turn began."""
    latencies: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    """How late each frame left this process: large values mean the bench itself is the bottleneck."""
    cuts: list[float] = field(default_factory=list)
    """From the first voiced sample of an interruption to the last audio of the interrupted reply."""
    told: list[float] = field(default_factory=list)
    """The same, to the server's word that the caller speaks."""
    too_late: int = 0
    """Interruptions that found no reply to interrupt: all of its audio was here already."""
    connecting: float | None = None
    errors: list[str] = field(default_factory=list)
    refused: str = ""
    """Why the caller is not inside."""
    refusals: int = 0
    """How often this caller was turned away."""
