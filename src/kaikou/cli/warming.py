"""What the terminal shows while a server warms up: the page's address, then each engine's way."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from kaikou.cli.console import stderr

if TYPE_CHECKING:
    from rich.progress import TaskID

    from kaikou.engines.warmup import Loading

_ESSENTIAL = {"vad", "stt", "llm", "tts"}


class Warming:
    """A display for ``serving.serve``; where standard error is no terminal, plain lines."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = stderr()
        self._began = time.monotonic()
        self._said: dict[str, str] = {}
        self._ready: set[str] = set()
        self._told = False
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("  {task.fields[title]:<22}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Warming:
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def opened(self, addresses: list[str]) -> None:
        """The port answers."""
        self._say(f"Kaikou 开口 is open: {addresses[0]}")
        for address in addresses[1:]:
            self._say(f"  on your network: {address}")
        self._bars.start()

    def changed(self, loading: Loading) -> None:
        """One engine came further."""
        health = loading.health
        if health.state == "ready":
            self._ready.add(loading.kind)
        if self._console.is_terminal and not self._told:
            self._draw(loading)
        elif health.state in {"ready", "failed"} or health.detail:
            self._line(loading)
        if not self._told and self._ready >= _ESSENTIAL:
            self._told = True
            self._bars.stop()
            self._say(f"Ready to talk after {time.monotonic() - self._began:.1f} s.")

    def _draw(self, loading: Loading) -> None:
        health = loading.health
        words = {"waiting": "waiting", "loading": health.detail or "loading", "ready": "ready"}
        known = loading.kind in self._tasks
        if not known:
            self._tasks[loading.kind] = self._bars.add_task("", total=None, title=loading.title)
        done = 1.0 if health.state == "ready" else health.progress
        self._bars.update(
            self._tasks[loading.kind],
            description=words.get(health.state, health.detail),
            total=None if done is None else 1.0,
            completed=done or 0.0,
        )

    def _line(self, loading: Loading) -> None:
        """Each new step once; the growth of a download is left out of a log."""
        step = loading.health.detail.split(":")[0] or loading.health.state
        if loading.health.state == "failed":
            step = loading.health.detail
        if self._said.get(loading.kind) != step:
            self._said[loading.kind] = step
            self._say(f"{loading.title}: {step}")

    def _say(self, text: str) -> None:
        if self._console.is_terminal:
            self._console.print(text, style="bold", soft_wrap=True, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)
