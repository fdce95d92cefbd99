"""What an engine is that looks at pictures."""

from __future__ import annotations

from typing import Literal, Protocol

from kaikou.engines.ports import Engine, Lane

MediaType = Literal["image/jpeg", "image/png"]


class Vision(Engine, Protocol):
    """A picture and a question in, words out."""

    async def describe(
        self, image: bytes, question: str, *, media_type: MediaType = "image/jpeg", lane: Lane = Lane.LIVE
    ) -> str:
        """The answer, fit to be spoken. Raises EngineFailed, also where there is none."""
        ...
