"""How a reply is to sound, from the session's choices and what was asked of this one."""

from __future__ import annotations

from dataclasses import dataclass

from kaikou.dialogue.session import ReplyRequest, SessionConfig
from kaikou.engines.ports import Style
from kaikou.settings.tree import LiveSettings


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """What a reply is made with."""

    audio: bool
    voice: str | None
    style: Style
    rate: int
    ahead_seconds: float
    lead_ms: float
    fixed: bool = False
    """The words are a fixed phrase (a greeting): its sound is worth keeping."""
    in_conversation: bool = True
    metadata: tuple[tuple[str, str], ...] = ()


def plan_reply(config: SessionConfig, live: LiveSettings, request: ReplyRequest | None = None) -> ReplyPlan:
    """How a reply is to sound; what ``request`` leaves open is the session's."""
    asked = request or ReplyRequest()
    return ReplyPlan(
        audio=config.audio_replies if asked.audio_replies is None else asked.audio_replies,
        voice=asked.voice or config.voice,
        style=Style(speed=config.speed, language=config.language),
        rate=config.output_rate,
        ahead_seconds=live.synthesis_ahead_seconds,
        lead_ms=live.send_ahead_ms if config.send_ahead_ms is None else config.send_ahead_ms,
        in_conversation=asked.in_conversation,
        metadata=asked.metadata,
    )
