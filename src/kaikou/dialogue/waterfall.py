"""Where the time of one turn went, from the end of speech to the first sound of the reply."""

from __future__ import annotations

from dataclasses import dataclass, field

from kaikou.dialogue.events import Metrics, Stage
from kaikou.dialogue.items import new_id

STAGES = ("end_of_turn", "transcript", "first_token", "first_clause", "first_audio", "sent")
"""In the order in which they are reported."""


@dataclass(slots=True)
class Span:
    """A stage being measured (seconds, monotonic clock); ``queued`` waiting for the processor."""

    start: float
    end: float
    queued: float = 0.0


@dataclass(slots=True)
class Waterfall:
    """Collects a turn's stages. All times are the loop's clock in seconds.

    ``speech_end`` is when the last voiced audio arrived. Stages overlap and may begin before the
    end of turn is decided: that is what speculation is for.
    """

    turn_id: str = field(default_factory=lambda: new_id("turn"))
    speech_end: float = 0.0
    speculations: int = 0
    spans: dict[str, Span] = field(default_factory=dict)

    def mark(self, stage: str, start: float, end: float, queued: float = 0.0) -> None:
        """Record a stage; the first record of a stage stands."""
        self.spans.setdefault(stage, Span(start, end, queued))

    def metrics(self, reply_id: str, engines: tuple[tuple[str, str], ...] = ()) -> Metrics:
        """The waterfall as an event, relative to the end of speech."""
        zero = self.speech_end
        stages = tuple(
            Stage(
                name, round(span.start - zero, 4), round(span.end - zero, 4), round(max(0.0, span.queued), 4)
            )
            for name in STAGES
            if (span := self.spans.get(name)) is not None
        )
        last = self.spans.get("sent") or self.spans.get("first_audio") or self.spans.get("first_token")
        total = round(last.end - zero, 4) if last else 0.0
        return Metrics(self.turn_id, reply_id, stages, total, self.speculations, engines)
