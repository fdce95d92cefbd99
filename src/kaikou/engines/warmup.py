"""Loads the engines in the background while the server already answers.

Small engines load one after another, so that listening is ready early; the language model, whose
download is the longest, loads beside them. What fails is tried again, and never takes the server
down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from kaikou.engines.ports import Engine, Engines, Health
from kaikou.errors import KaikouError, NotReady, SettingsError

log = logging.getLogger(__name__)

BACK_OFF = (5.0, 15.0, 60.0, 300.0)
"""Seconds before each next try; the last one repeats."""
CLOSE_SECONDS = 10.0
_STEP = 0.005
"""Smallest growth of a fraction that is worth telling."""

_WORDS = {
    "vad": "speech detection",
    "turn": "turn detection",
    "stt": "speech recognition",
    "llm": "the language model",
    "tts": "the voice",
}
_ESSENTIAL = ("vad", "stt", "llm", "tts")


@dataclass(frozen=True, slots=True)
class Loading:
    """How far one engine is. ``kind`` is ``vad`` …, or ``kind.name`` of an extra engine."""

    kind: str
    name: str
    health: Health
    tries: int = 0

    @property
    def title(self) -> str:
        return _WORDS.get(self.kind, self.name)


OnChange = Callable[[Loading], None]
"""Called on the event loop whenever an engine's state, sentence or fraction changed."""


class Warmup:
    """Owns the loading of ``engines`` and their end: ``start`` once, ``aclose`` at shut-down."""

    def __init__(
        self, engines: Engines, on_change: OnChange | None = None, *, back_off: Sequence[float] = BACK_OFF
    ) -> None:
        self._engines: dict[str, Engine] = {"vad": engines.vad}
        if engines.turn is not None:
            self._engines["turn"] = engines.turn
        self._engines |= {"stt": engines.stt, "tts": engines.tts, "llm": engines.llm, **engines.extra}
        self._on_change = on_change
        self._back_off = back_off
        self._state = {
            kind: Loading(kind, engine.card.name, Health("waiting")) for kind, engine in self._engines.items()
        }
        self._changed = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wake = {kind: asyncio.Event() for kind in self._engines}
        self._one_by_one = asyncio.Semaphore(1)

    def start(self) -> None:
        """Begin to load; returns at once."""
        if not self._tasks:
            for kind in self._engines:
                self._begin(kind)

    async def aclose(self) -> None:
        """Stop loading and close every engine. Safe to call twice."""
        await self._stop(*self._tasks)
        for kind, engine in reversed(self._engines.items()):
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await engine.close()
            except Exception:
                # The others must still be closed.
                log.exception("engine %s did not close properly", kind)

    # -- state

    def state(self) -> tuple[Loading, ...]:
        """Every engine as it is now: while loading, how far; afterwards, its own health."""
        return tuple(
            replace(loading, health=self._engines[kind].health())
            if loading.health.state == "ready"
            else loading
            for kind, loading in self._state.items()
        )

    @property
    def ready(self) -> bool:
        """Whether a conversation can be held: ears, mind and mouth have loaded."""
        return not self._missing()

    def waiting_for(self) -> str:
        """What a conversation still waits for, as a sentence; empty when ready."""
        parts = []
        for loading in self._missing():
            health = loading.health
            what = health.detail.rstrip(".") or health.state
            share = f", {health.progress:.0%}" if health.progress is not None else ""
            parts.append(f"{loading.title} ({what}{share})")
        if not parts:
            return ""
        listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
        return f"Waiting for {listed}."

    def require_ready(self) -> None:
        """Raises NotReady, whose hint says what is waited for."""
        if not self.ready:
            raise NotReady("Kaikou is still getting ready.", hint=self.waiting_for())

    def require(self, kind: str) -> None:
        """Raises NotReady while the one engine is not ready."""
        health = self._state[kind].health
        if health.state != "ready":
            raise NotReady(f"The {kind} engine is being made ready.", hint=health.detail)

    async def wait_ready(self) -> None:
        """Return when a conversation can be held. The caller sets the time limit."""
        while not self.ready:
            self._changed.clear()
            await self._changed.wait()

    def _missing(self) -> list[Loading]:
        return [self._state[kind] for kind in _ESSENTIAL if self._state[kind].health.state != "ready"]

    # -- changing

    def retry(self, kind: str) -> bool:
        """Load a failed engine again at once; False where it has not failed, or is not loaded here."""
        if kind not in self._state or self._state[kind].health.state != "failed":
            return False
        task = self._tasks.get(kind)
        if task is None or task.done():
            self._begin(kind)
        else:
            self._wake[kind].set()
        return True

    async def replace(self, kind: str, engine: Engine) -> Engine:
        """From now on ``engine``, which has loaded, serves ``kind``. Returns the one before, loaded or
        not, which the caller must close once nobody uses it."""
        await self._stop(kind)
        before, self._engines[kind] = self._engines[kind], engine
        self._state[kind] = Loading(kind, engine.card.name, Health("waiting"))
        self._set(kind, Health("ready", progress=1.0), 1)
        return before

    # -- loading

    def _begin(self, kind: str) -> None:
        lock = asyncio.Semaphore(1) if kind == "llm" else self._one_by_one
        self._tasks[kind] = asyncio.create_task(self._load(kind, lock), name=f"load {kind}")

    async def _stop(self, *kinds: str) -> None:
        tasks = {self._tasks[kind] for kind in kinds if kind in self._tasks}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _load(self, kind: str, turn: asyncio.Semaphore) -> None:
        """Load one engine, again and again until it is there or its settings are at fault."""
        for tries in count(1):
            async with turn:
                self._set(kind, Health("loading"), tries)
                error = await self._try(kind)
            if error is None:
                self._set(kind, Health("ready", progress=1.0), tries)
                return
            if isinstance(error, SettingsError):
                self._set(kind, Health("failed", str(error)), tries)
                return
            pause = self._back_off[min(tries, len(self._back_off)) - 1]
            self._set(kind, Health("failed", f"{error} Next try in {pause:.0f} s."), tries)
            self._wake[kind].clear()
            try:
                await asyncio.wait_for(self._wake[kind].wait(), pause)
            except TimeoutError:
                continue

    async def _try(self, kind: str) -> KaikouError | None:
        loop = asyncio.get_running_loop()
        last: tuple[str, float | None] = ("", None)

        def progress(doing: str, fraction: float | None) -> None:
            """From any thread; small steps are left out before they reach the loop."""
            nonlocal last
            text, before = last
            small = fraction is not None and before is not None and 0 <= fraction - before < _STEP
            if doing == text and (small or fraction == before):
                return
            last = (doing, fraction)
            if loop.is_closed():  # a download's thread may outlive the server by a moment
                return
            loop.call_soon_threadsafe(self._progress, kind, doing, fraction)

        try:
            await self._engines[kind].load(progress)
        except KaikouError as error:
            log.warning("engine %s: %s", kind, error)
            return error
        except Exception:
            # A fault of ours or of a library: the other engines and the server go on.
            log.exception("engine %s could not be loaded", kind)
            return KaikouError("It could not be loaded, for a reason that the log tells.")
        return None

    def _progress(self, kind: str, doing: str, fraction: float | None) -> None:
        if self._state[kind].health.state == "loading":
            self._set(kind, Health("loading", doing, fraction), self._state[kind].tries)

    def _set(self, kind: str, health: Health, tries: int) -> None:
        self._state[kind] = replace(self._state[kind], health=health, tries=tries)
        self._changed.set()
        if self._on_change is not None:
            try:
                self._on_change(self._state[kind])
            except Exception:
                # Whoever watches must not stop the loading.
                log.exception("a watcher of the warm-up failed")
