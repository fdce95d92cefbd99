"""From a session's choices and the settings to the bounds its parts work with."""

from __future__ import annotations

from kaikou.dialogue.reply import ReplyPlan
from kaikou.dialogue.session import ReplyRequest, SessionConfig, TurnPolicy
from kaikou.dialogue.turn_values import TurnRules
from kaikou.engines.ports import Style
from kaikou.errors import InvalidInput
from kaikou.settings.tree import LiveSettings


def turn_rules(policy: TurnPolicy, live: LiveSettings, turn_detector: bool) -> TurnRules:
    """The turn machine's bounds."""
    return TurnRules(
        policy=policy,
        speculate=live.speculate,
        semantic=turn_detector,
        soft_end_ms=live.soft_end_ms,
        min_silence_ms=live.min_silence_ms,
        max_silence_ms=live.max_silence_ms,
        resume_after_ms=live.resume_after_ms,
        max_utterance_ms=live.max_utterance_seconds * 1000,
    )


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


def checked_text(text: str, longest: int) -> str:
    """The text without blanks around it. InvalidInput ``empty_message``, ``message_too_long``."""
    text = text.strip()
    if not text:
        raise InvalidInput("The message is empty.", code="empty_message", param="text")
    if len(text) > longest:
        raise InvalidInput(
            f"The message has {len(text)} characters; at most {longest} are taken.",
            code="message_too_long",
            hint="Split it, or raise limits.max_text_chars.",
            param="text",
        )
    return text
