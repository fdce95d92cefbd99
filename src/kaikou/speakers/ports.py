"""What this room is handed by the composition root, and how it sees a conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from kaikou.engines.ports import SpeakerEncoder

EncoderSource = Callable[[float], Awaitable[SpeakerEncoder]]
"""The speaker encoder, loaded within that many seconds. Raises NotReady; it goes on loading."""


class Talk(Protocol):
    """A session, as far as this room needs to know it (``dialogue/ports.py``)."""

    @property
    def conversation_id(self) -> str: ...
    @property
    def language(self) -> str | None: ...


class OnChange(Protocol):
    """Told, on the event loop, what changed."""

    def __call__(self, **data: Any) -> None: ...
