"""What this room is handed by the composition root."""

from __future__ import annotations

from typing import Any, Protocol

from kaikou.engines.ports import Embedder


class EmbedderSource(Protocol):
    """Gives the embedder that the settings choose, which is loaded when first asked for."""

    async def __call__(self, patience: float) -> Embedder:
        """Raises NotReady when it does not load within ``patience`` seconds (it goes on loading), and
        whatever else loading raised."""
        ...


class OnChange(Protocol):
    """Told, on the event loop, what changed."""

    def __call__(self, **data: Any) -> None: ...


def unwatched(**data: Any) -> None:
    """Where nobody follows."""
