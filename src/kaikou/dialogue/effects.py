"""What a tool's outcome may bring about after the reply that it was called in."""

from __future__ import annotations

from kaikou.tools.ports import ChangeAgent, Leave, PlayAudio

AfterReply = Leave | ChangeAgent | PlayAudio
"""Effects that wait until the reply was heard."""
