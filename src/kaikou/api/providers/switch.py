"""Putting a choice in force while the server runs.

The new engine is made and loaded beside the old one; then the choice is written down, and then every
new session gets the new engine. Sessions under way keep theirs, which is closed after the last of them.
Where anything fails, the old engine stays and nothing is written.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kaikou import logs
from kaikou.api.providers.shapes import ErrorOut, SwitchOut
from kaikou.api.providers.wanted import check_unlocked, completed, engine_name, operators
from kaikou.engines.ports import Engine
from kaikou.engines.registry import EngineContext, create
from kaikou.errors import InvalidInput, NotReady, SettingsError, as_kaikou_error
from kaikou.settings.loading import LoadedSettings
from kaikou.settings.page import (
    Choice,
    ChoosableKind,
    page_file,
    read_choices,
    with_choices,
    write_choices,
)

if TYPE_CHECKING:
    from kaikou.api.runtime import Runtime

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds a request waits for its choice to be in force; loading goes on after that."""


@dataclass(slots=True)
class _Under:
    """A switch under way, or the last one that failed."""

    shown: SwitchOut
    task: asyncio.Task[None] | None = None


@dataclass
class Switchboard:
    """One for each process; ``close`` ends what is under way."""

    runtime: Runtime
    patience: float = field(default_factory=lambda: PATIENCE)
    _under: dict[ChoosableKind, _Under] = field(default_factory=dict)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def state(self, kind: ChoosableKind) -> SwitchOut | None:
        """A switch that is loading, or the last one if it failed."""
        found = self._under.get(kind)
        return found.shown if found is not None else None

    async def choices(self) -> dict[ChoosableKind, Choice]:
        """What the page keeps. A file that can't be used counts as none: it is written anew."""
        try:
            return await asyncio.to_thread(read_choices, page_file(self.runtime.settings.data_dir))
        except SettingsError as error:
            log.warning("%s", error)
            return {}

    async def put(self, kind: ChoosableKind, asked: Choice | None) -> bool:
        """Put a choice in force (None: what holds without one). True when it is, False while it still
        loads. Raises ``setting_locked``, ``switch_under_way``, or what kept the engine from loading."""
        under = self._under.get(kind)
        if under is not None and under.task is not None and not under.task.done():
            raise InvalidInput(
                f"Another choice for {kind} is being put in force.",
                code="switch_under_way",
                hint="Wait until it is there.",
                status=409,
            )
        if self.runtime.engines is None or self.runtime.warmup is None or self.runtime.draining:
            raise NotReady("The server is not ready for this.", hint="GET /api/health says why.")
        if asked is not None:
            check_unlocked(self.runtime.loaded, kind, asked)
            asked = completed(self.runtime.loaded, kind, asked)
            if asked.api_key is not None:
                logs.hide([asked.api_key.get_secret_value()])
        shown = SwitchOut(engine=asked.engine if asked is not None else "auto", state="loading")
        under = self._under[kind] = _Under(shown)
        under.task = asyncio.create_task(self._switch(kind, asked, under), name=f"switch {kind}")
        done, _ = await asyncio.wait({under.task}, timeout=self.patience)
        if not done:
            # A failure is told by the feed and by GET; nobody awaits the task.
            under.task.add_done_callback(lambda task: task.cancelled() or task.exception())
            return False
        if (error := under.task.exception()) is not None:
            self._under.pop(kind, None)  # the caller is told; nobody else asked
            raise error
        return True

    async def close(self) -> None:
        """Give up what is loading."""
        tasks = [under.task for under in self._under.values() if under.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- inside

    async def _switch(self, kind: ChoosableKind, asked: Choice | None, under: _Under) -> None:
        try:
            # Two kinds may load at once; each is put down on top of what the other has written.
            engine = await self._loaded(kind, asked, under)
            try:
                async with self._writing:
                    kept = self._with(await self.choices(), kind, asked)
                    path = page_file(self.runtime.settings.data_dir)
                    await asyncio.to_thread(write_choices, path, kept)
                    await self._take(kind, engine, with_choices(operators(self.runtime.loaded), kept))
            except BaseException:
                await engine.close()
                raise
        except Exception as error:
            known = as_kaikou_error(error, f"the {kind} engine")
            told = ErrorOut(code=known.code, message=known.message, hint=known.hint)
            under.shown = under.shown.model_copy(
                update={"state": "failed", "detail": str(known), "error": told}
            )
            self._tell(kind, under.shown)
            log.warning("the engine chosen for %s can't be used: %s", kind, known)
            raise known from error
        self._under.pop(kind, None)
        self._tell(kind, None)

    @staticmethod
    def _with(
        kept: dict[ChoosableKind, Choice], kind: ChoosableKind, asked: Choice | None
    ) -> dict[ChoosableKind, Choice]:
        others = {one: choice for one, choice in kept.items() if one != kind}
        return others if asked is None else {**others, kind: asked}

    async def _loaded(self, kind: ChoosableKind, asked: Choice | None, under: _Under) -> Engine:
        runtime = self.runtime
        loaded = with_choices(operators(runtime.loaded), self._with(await self.choices(), kind, asked))
        name = engine_name(loaded.settings, kind)
        under.shown = under.shown.model_copy(update={"engine": name})
        self._tell(kind, under.shown)
        section = getattr(loaded.settings, kind)
        context = EngineContext(name, section, loaded.settings, runtime.pool, runtime.weights)
        engine = await asyncio.to_thread(create, kind, context)
        loop = asyncio.get_running_loop()

        def progress(doing: str, fraction: float | None) -> None:
            loop.call_soon_threadsafe(self._progress, kind, under, doing, fraction)

        try:
            await engine.load(progress)
        except BaseException:
            await engine.close()
            raise
        return engine

    async def _take(self, kind: ChoosableKind, engine: Engine, loaded: LoadedSettings) -> None:
        """From here on the new engine serves."""
        runtime = self.runtime
        assert runtime.engines is not None and runtime.warmup is not None
        before = await runtime.warmup.replace(kind, engine)
        fields: dict[str, Any] = {kind: engine}
        runtime.engines = replace(runtime.engines, **fields)
        runtime.loaded, runtime.settings = loaded, loaded.settings
        if kind == "tts" and runtime.voices is not None:
            runtime.voices.use(runtime.engines.tts)
        if runtime.shelf is not None:
            runtime.shelf.use(loaded.settings, kind)
        if runtime.live is not None:
            runtime.live.retire(before)
        else:
            await before.close()
        log.info("%s is served by %s from now on", kind, engine.card.name)

    def _progress(self, kind: ChoosableKind, under: _Under, doing: str, fraction: float | None) -> None:
        if under.shown.state != "loading" or self._under.get(kind) is not under:
            return
        before = under.shown
        small = fraction is not None and before.progress is not None and fraction - before.progress < 0.005
        if doing == before.detail and small:
            return
        under.shown = before.model_copy(update={"detail": doing, "progress": fraction})
        self._tell(kind, under.shown)

    def _tell(self, kind: ChoosableKind, shown: SwitchOut | None) -> None:
        if shown is None:
            assert self.runtime.engines is not None
            name = getattr(self.runtime.engines, kind).card.name
            self.runtime.feed.publish(
                "providers", kind=kind, engine=name, state="ready", detail="", progress=1.0, error=None
            )
            return
        self.runtime.feed.publish("providers", kind=kind, **shown.model_dump())
