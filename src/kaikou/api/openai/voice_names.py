"""OpenAI's voice names, and which of ours stands in for each."""

from __future__ import annotations

from collections.abc import Sequence

from kaikou.engines.ports import Voice
from kaikou.errors import InvalidInput

STAND_INS: dict[str, tuple[str, ...]] = {
    "alloy": ("af_alloy", "af_heart"),
    "ash": ("am_michael", "am_echo"),
    "ballad": ("bm_george", "bm_lewis"),
    "cedar": ("am_fenrir", "am_michael"),
    "coral": ("af_bella", "af_heart"),
    "echo": ("am_echo", "am_adam"),
    "fable": ("bm_fable", "bm_george"),
    "marin": ("af_heart", "af_bella"),
    "nova": ("af_nova", "af_heart"),
    "onyx": ("am_onyx", "am_adam"),
    "sage": ("af_sarah", "af_heart"),
    "shimmer": ("af_sky", "af_heart"),
    "verse": ("am_puck", "am_adam"),
}
"""By the sound described for each; the first that the speech engine offers is taken."""


def resolve_voice(name: str, voices: Sequence[Voice] | None, param: str) -> str | None:
    """The id of our voice for a name on the wire; None lets the speech engine choose.

    ``voices`` None (engines not known) takes the name as it is. InvalidInput ``unknown_voice``.
    """
    if voices is None or any(voice.id == name for voice in voices):
        return name
    if name in STAND_INS:
        offered = {voice.id for voice in voices}
        return next((voice for voice in STAND_INS[name] if voice in offered), None)
    raise InvalidInput(
        f"There is no voice named {name[:100]!r}.",
        code="unknown_voice",
        param=param,
        hint="GET /api/voices lists the voices.",
    )
