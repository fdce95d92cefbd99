"""The processor's one owner: model work in three lanes, bounded, cancellable, metered."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from kaikou.engines.ports import Lane
from kaikou.settings import PoolSettings

P = ParamSpec("P")
T = TypeVar("T")


class Pool:
    """Runs blocking model calls off the event loop."""

    def __init__(self, settings: PoolSettings | None = None) -> None:
        self.settings = settings or PoolSettings()

    async def run(self, kind: str, lane: Lane, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        raise NotImplementedError
