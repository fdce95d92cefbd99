"""Engines that are not needed for every call, made when somebody first asks for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kaikou.engines.pool import Pool
from kaikou.engines.ports import Engine, Engines
from kaikou.engines.registry import TALKING, EngineContext, Kind, Weights, create
from kaikou.errors import KaikouError, NotReady, SettingsError
from kaikou.settings.tree import Settings

log = logging.getLogger(__name__)


class EngineShelf:
    """Loads each (kind, name) once and keeps it until ``close``.

    ``patience`` is how many seconds a caller waits for an engine to load before it is told
    NotReady; loading goes on meanwhile (weights may have to be downloaded).
    """

    def __init__(self, settings: Settings, pool: Pool, weights: Weights, *, patience: float = 5.0) -> None:
        self._settings = settings
        self._pool = pool
        self._weights = weights
        self._patience = patience
        self._loading: dict[tuple[Kind, str], asyncio.Task[Engine]] = {}
        self._former: list[asyncio.Task[Engine]] = []
        """Made with settings that are no longer in force; sessions may still use them."""

    async def choose(self, default: Engines, names: Mapping[str, str]) -> Engines:
        """``default`` with the engines that ``names`` gives by kind (``{"llm": "deepseek"}``).

        Raises SettingsError ``unknown_engine``; NotReady while one loads; what loading raised.
        """
        chosen: dict[str, Any] = {}
        for kind in TALKING:
            name = names.get(kind)
            current: Engine | None = getattr(default, kind)
            if not name or name == "auto" or (current is not None and current.card.name == name):
                continue
            if kind == "turn" and name == "none":
                chosen[kind] = None
            else:
                chosen[kind] = await self.engine(kind, name)
        unknown = set(names) - set(TALKING)
        if unknown:
            raise SettingsError(
                f"There is no kind of engine named {sorted(unknown)[0]!r}.",
                code="unknown_engine",
                hint=f"Kinds: {', '.join(TALKING)}.",
                param="engines",
            )
        return replace(default, **chosen) if chosen else default

    async def engine(self, kind: Kind, name: str, *, patience: float | None = None) -> Engine:
        """The engine of that kind and name, loaded; ``patience`` instead of the shelf's own. Raises as
        ``choose`` does."""
        task = self._task(kind, name)
        done, _ = await asyncio.wait([task], timeout=self._patience if patience is None else patience)
        if not done:
            raise NotReady(
                f"The {kind} engine {name!r} is being made ready.",
                hint="Try again in a moment; weights may have to be downloaded first.",
            )
        return task.result()

    def loaded(self, kind: Kind, name: str) -> Engine | None:
        """The engine, where it has been loaded; nothing is begun."""
        task = self._loading.get((kind, name))
        done = task is not None and task.done() and not task.cancelled() and task.exception() is None
        return task.result() if task is not None and done else None

    def use(self, settings: Settings, kind: Kind) -> None:
        """Make engines of ``kind`` with these settings from now on; those there are kept for whoever
        uses them."""
        self._settings = settings
        for key in [key for key in self._loading if key[0] == kind]:
            self._former.append(self._loading.pop(key))

    def _task(self, kind: Kind, name: str) -> asyncio.Task[Engine]:
        key = (kind, name)
        task = self._loading.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            context = EngineContext(
                name, getattr(self._settings, kind), self._settings, self._pool, self._weights
            )
            engine = create(kind, context)
            task = self._loading[key] = asyncio.create_task(_load(engine), name=f"load {kind}.{name}")
        return task

    async def close(self) -> None:
        """Free every engine made here."""
        tasks = [*self._loading.values(), *self._former]
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        self._loading.clear()
        self._former.clear()
        for engine in results:
            if not isinstance(engine, BaseException):
                await engine.close()


async def _load(engine: Engine) -> Engine:
    try:
        await engine.load(lambda doing, _fraction: log.debug("%s: %s", engine.card.name, doing))
    except BaseException as error:
        if isinstance(error, KaikouError):
            log.warning("engine %s could not be loaded: %s", engine.card.name, error)
        await engine.close()
        raise
    return engine
