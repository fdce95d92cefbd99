"""What rendering needs to know of a session."""

from __future__ import annotations

from dataclasses import dataclass, field

from kaikou.api.openai.audio_format import AudioFormat
from kaikou.api.openai.session_config import audio_format
from kaikou.api.openai.session_models import RealtimeSession


@dataclass(slots=True)
class WireState:
    """One session as its client sees it. Replace ``session`` through ``adopt``."""

    session: RealtimeSession
    conversation_id: str = ""
    heard_seconds: float = 0.0
    """Input audio received so far."""
    input_format: AudioFormat = field(init=False)
    output_format: AudioFormat = field(init=False)

    def __post_init__(self) -> None:
        self.adopt(self.session)

    def adopt(self, session: RealtimeSession) -> None:
        self.session = session
        self.input_format = audio_format(session.audio.input.format)
        self.output_format = audio_format(session.audio.output.format)

    @property
    def extensions(self) -> bool:
        """Did the client ask for the ``kaikou.*`` events?"""
        return self.session.kaikou is not None and self.session.kaikou.events
