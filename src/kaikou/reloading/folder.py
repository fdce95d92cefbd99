"""A folder whose files are loaded again as they are saved.

A file is a module of its own; a folder with an ``__init__.py`` is one, too. What it holds is for its
reader to say. A version that doesn't load is reported, and the last good one stays. Such a file is code
that runs with the server's rights: nothing but the operator may write here.
"""

from __future__ import annotations

import asyncio
import logging
import stat
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from watchfiles import awatch

from kaikou.reloading.modules import forget_module, last_line

log = logging.getLogger(__name__)

DEBOUNCE_MS = 200
"""A save is several changes; they are taken together, within this long."""
AGAIN_SECONDS = 2.0
"""Until a folder that could not be watched is tried again."""

Content = TypeVar("Content")


class Threads(Protocol):
    """Where files are run: code that may hang."""

    async def run(self, function: Callable[[], Any]) -> Any:
        """The function's result, from a thread. Cancelling stops the waiting, not the thread."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedFile(Generic[Content]):
    """One file as loaded last. ``content`` None: no version of it ever loaded."""

    content: Content | None = None
    error: str = ""
    """Why the newest version isn't in force; empty where it is."""


class WatchedFolder(Generic[Content]):
    """The files of a folder. ``start`` loads them and watches; ``changed`` is told of every reload.

    ``read(name, path)`` runs a file and gives what it holds (blocking, in a thread; raises what the file
    raises); ``package`` is what its modules are called by. ``shared`` are names of files that concern
    every other; ``along`` adds to names of changed files those to be loaded again with them. ``noun`` is
    what a person calls such a file.
    """

    def __init__(
        self,
        folder: Path,
        package: str,
        read: Callable[[str, Path], Content],
        threads: Threads,
        *,
        noun: str,
        load_timeout: float,
        changed: Callable[[], None],
        told: Callable[[Content], str] = lambda _: "loaded",
        shared: Collection[str] = (),
        along: Callable[[set[str]], set[str]] = lambda names: names,
    ) -> None:
        self.folder = folder
        self.trouble = ""
        """What is wrong with the folder itself."""
        self.loaded = False
        self._package = package
        self._read = read
        self._threads = threads
        self._noun = noun
        self._load_timeout = load_timeout
        self._changed = changed
        self._told = told
        self._shared = frozenset(shared)
        self._along = along
        self._files: dict[str, LoadedFile[Content]] = {}
        self._log: deque[str] = deque(maxlen=50)
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def files(self) -> Mapping[str, LoadedFile[Content]]:
        """What is known of each file, by name."""
        return self._files

    @property
    def lines(self) -> tuple[str, ...]:
        """What happened last, oldest first."""
        return tuple(self._log)

    @property
    def errors(self) -> list[str]:
        """``name: what is wrong`` of each file whose newest version isn't in force."""
        return [f"{name}: {file.error}" for name, file in self._files.items() if file.error]

    def start(self) -> None:
        """Begin to load and watch; ``close`` must follow."""
        self._task = asyncio.create_task(self._watch(), name=f"{self._noun} folder")

    async def close(self) -> None:
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=5)

    # -- loading ---------------------------------------------------------------------------------------

    async def load(self, names: set[str] | None = None) -> None:
        """Read the named files (None: all) anew; forget those that are gone."""
        try:
            present = await asyncio.to_thread(self._present)
        except OSError as error:
            self._say_trouble(f"The folder can't be read: {error.strerror or error}.")
            return
        if isinstance(present, str):
            self._say_trouble(present)
            return
        self.trouble = ""
        for name in sorted(self._files.keys() - present.keys()):
            del self._files[name]
            forget_module(self._package, name)
            self._note(f"{name}: removed")
        for name, path in present.items():
            if names is None or name in names or name not in self._files:
                self._files[name] = await self._load(name, path)
        self._files = dict(sorted(self._files.items()))
        self.loaded = True
        self._changed()

    async def _load(self, name: str, path: Path) -> LoadedFile[Content]:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._load_timeout):
                content: Content = await self._threads.run(lambda: self._read(name, path))
        except TimeoutError:
            error = f"It took longer than {self._load_timeout:g} seconds to load."
        except Exception as raised:  # noqa: BLE001 - such a file may raise anything
            error = last_line(raised, path)
        else:
            took = (time.perf_counter() - began) * 1000
            self._note(f"{name}: {self._told(content)} in {took:.0f} ms")
            return LoadedFile(content)
        log.warning("the %s %s doesn't load: %s", self._noun, path.name, error)
        self._note(f"{name}: {error}")
        before = self._files.get(name)
        return LoadedFile(before.content if before else None, error)

    def _present(self) -> dict[str, Path] | str:
        """The folder's files by name, or what is wrong with it. Touches the disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if sys.platform != "win32" and self.folder.stat().st_mode & stat.S_IWOTH:
            return "Everybody on this machine may write to the folder: its files are not loaded."
        found = {}
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith((".", "_")):
                continue
            if path.suffix == ".py" and path.is_file():
                found[path.stem] = path
            elif (path / "__init__.py").is_file():
                found[path.name] = path / "__init__.py"
        return found

    async def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                await self._follow()
            except Exception as error:
                self._say_trouble(f"The folder can't be watched: {error}.")
                log.warning("the %s folder can't be watched", self._noun, exc_info=error)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        """Load everything, then what changes, until the folder is gone."""
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        async with aclosing(awatch(self.folder, debounce=DEBOUNCE_MS, stop_event=self._stop)) as watch:
            # Watching begins before reading: what is saved meanwhile is not missed.
            change = asyncio.ensure_future(anext(watch, None))
            try:
                await asyncio.sleep(0)
                await self.load()
                while (changes := await change) is not None:
                    names = self._names({Path(path) for _, path in changes})
                    if names is None or names:
                        await self.load(names and self._along(names))
                    change = asyncio.ensure_future(anext(watch, None))
            finally:
                change.cancel()
                await asyncio.wait({change}, timeout=1)

    def _names(self, paths: set[Path]) -> set[str] | None:
        """The files that changed paths belong to; None: all, as what they share changed."""
        names = set()
        for path in paths:
            try:
                inside = path.relative_to(self.folder.absolute())
            except ValueError:
                return None
            if "__pycache__" in inside.parts:
                continue
            if inside.parts and inside.parts[0] in self._shared:
                return None
            if inside.suffix == ".py" or len(inside.parts) > 1 or not inside.suffix:
                names.add(inside.parts[0].removesuffix(".py") if inside.parts else "")
        return names

    def _note(self, line: str) -> None:
        self._log.append(f"{datetime.now():%H:%M:%S} {line}")

    def _say_trouble(self, said: str) -> None:
        self.trouble, self._files = said, {}
        self._changed()
