"""Tools: what an agent can do besides talk. ``from kaikou.tools import tool`` is all a plugin needs."""

from kaikou.tools.function import tool
from kaikou.tools.ports import Caller, ChangeAgent, ChangePrompt, Leave, Outcome, PlayAudio, SetVolume

__all__ = ["Caller", "ChangeAgent", "ChangePrompt", "Leave", "Outcome", "PlayAudio", "SetVolume", "tool"]
