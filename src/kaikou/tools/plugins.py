"""The plugin folder: the operator's own tools, each file loaded again as it is saved.

A file is a module of its own (``kaikou_plugins.<name>``); a folder with an ``__init__.py`` is one, too.
What stands in it as ``@tool`` is offered. A version that doesn't load is reported, and the last good one
stays. A plugin is code that runs with the server's rights: nothing but the operator may write here.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import stat
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from watchfiles import awatch

from kaikou.errors import NotFound
from kaikou.settings import ToolSettings
from kaikou.tools.function import MARK, FunctionTool, declared
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec
from kaikou.tools.register_shim import SETTINGS_FILE, add_shim, registered
from kaikou.tools.threads import ToolThreads

log = logging.getLogger(__name__)

PACKAGE = "kaikou_plugins"
SOURCE = "plugin"
DEBOUNCE_MS = 200
"""A save is several changes; they are taken together, within this long."""
AGAIN_SECONDS = 2.0
"""Until a folder that could not be watched is tried again."""


@dataclass(frozen=True, slots=True)
class PluginFile:
    """One file as loaded last."""

    tools: tuple[FunctionTool, ...] = ()
    error: str = ""
    """Why the newest version isn't in force; empty where it is."""


class PluginFolder:
    """The tools of a folder. ``start`` loads them and watches; ``changed`` is told of every reload."""

    name = SOURCE

    def __init__(
        self,
        folder: Path,
        settings: ToolSettings,
        threads: ToolThreads,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._threads = threads
        self._changed = changed
        self._files: dict[str, PluginFile] = {}
        self._tools: dict[str, FunctionTool] = {}
        self._specs: tuple[ToolSpec, ...] = ()
        self._trouble = ""
        """What is wrong with the folder itself."""
        self._clashes = ""
        self._loaded = False
        self._log: deque[str] = deque(maxlen=50)
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def files(self) -> Mapping[str, PluginFile]:
        """What is known of each file, by name."""
        return self._files

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="plugin folder")

    async def close(self) -> None:
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=5)

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return self._specs

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        found = self._tools.get(name)
        if found is None:
            raise NotFound(f"No plugin has a tool named {name!r}.", code="tool_not_found")
        return await found.call(arguments, caller, self._threads)

    def status(self) -> SourceStatus:
        lines = tuple(self._log)
        if self._trouble:
            return SourceStatus("failed", str(self._folder), self._trouble, lines)
        if not self._loaded:
            return SourceStatus("loading", f"Reading {self._folder}.", log=lines)
        broken = [f"{name}: {file.error}" for name, file in self._files.items() if file.error]
        error = "; ".join([*broken, *([self._clashes] if self._clashes else [])])
        detail = f"{self._folder}: {len(self._files)} files, {len(self._specs)} tools."
        return SourceStatus("failed" if error else "ok", detail, error, lines)

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
        self._trouble = ""
        for name in sorted(self._files.keys() - present.keys()):
            del self._files[name]
            _forget(name)
            self._note(f"{name}: removed")
        for name, path in present.items():
            if names is None or name in names or name not in self._files:
                self._files[name] = await self._load(name, path)
        self._files = dict(sorted(self._files.items()))
        self._offer()
        self._loaded = True
        self._changed()

    async def _load(self, name: str, path: Path) -> PluginFile:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._settings.load_timeout):
                tools = await self._threads.run(lambda: load_file(name, path))
        except TimeoutError:
            error = f"It took longer than {self._settings.load_timeout:g} seconds to load."
        except Exception as raised:  # noqa: BLE001 - a plugin may raise anything
            error = last_line(raised, path)
        else:
            took = (time.perf_counter() - began) * 1000
            self._note(f"{name}: {len(tools)} tools, loaded in {took:.0f} ms")
            return PluginFile(tools)
        log.warning("the plugin %s doesn't load: %s", path.name, error)
        self._note(f"{name}: {error}")
        before = self._files.get(name)
        return PluginFile(before.tools if before else (), error)

    def _offer(self) -> None:
        tools: dict[str, FunctionTool] = {}
        clashes = []
        for name, file in self._files.items():
            for one in file.tools:
                if one.tool.name in tools:
                    clashes.append(f"{name}: there is a tool {one.tool.name} already")
                else:
                    tools[one.tool.name] = one
        self._tools, self._clashes = tools, "; ".join(clashes)
        self._specs = tuple(one.spec(SOURCE) for one in tools.values())

    def _present(self) -> dict[str, Path] | str:
        """The folder's plugins by name, or what is wrong with it. Touches the disk."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if sys.platform != "win32" and self._folder.stat().st_mode & stat.S_IWOTH:
            return "Everybody on this machine may write to the folder: its files are not loaded."
        found = {}
        for path in sorted(self._folder.iterdir()):
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
                log.warning("the plugin folder can't be watched", exc_info=error)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _follow(self) -> None:
        """Load everything, then what changes, until the folder is gone."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        async with aclosing(awatch(self._folder, debounce=DEBOUNCE_MS, stop_event=self._stop)) as watch:
            # Watching begins before reading: what is saved meanwhile is not missed.
            change = asyncio.ensure_future(anext(watch, None))
            try:
                await asyncio.sleep(0)
                await self.load()
                while (changes := await change) is not None:
                    names = self._names({Path(path) for _, path in changes})
                    if names is None or names:
                        await self.load(names)
                    change = asyncio.ensure_future(anext(watch, None))
            finally:
                change.cancel()
                await asyncio.wait({change}, timeout=1)

    def _names(self, paths: set[Path]) -> set[str] | None:
        """The plugins that changed paths belong to; None: all, as what they share changed."""
        names = set()
        for path in paths:
            try:
                inside = path.relative_to(self._folder.absolute())
            except ValueError:
                return None
            if "__pycache__" in inside.parts:
                continue
            if inside.parts and inside.parts[0] == SETTINGS_FILE:
                return None
            if inside.suffix == ".py" or len(inside.parts) > 1 or not inside.suffix:
                names.add(inside.parts[0].removesuffix(".py") if inside.parts else "")
        return names

    def _note(self, line: str) -> None:
        self._log.append(f"{datetime.now():%H:%M:%S} {line}")

    def _say_trouble(self, said: str) -> None:
        self._trouble, self._files, self._tools, self._specs = said, {}, {}, ()
        self._changed()


def load_file(name: str, path: Path) -> tuple[FunctionTool, ...]:
    """Run a plugin and give its tools. Blocks. Raises what the file raises; then the version before
    stays the module of that name."""
    full = f"{PACKAGE}.{name}"
    parent = sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
    parent.__path__ = []
    within = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(full, path, submodule_search_locations=within)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    before = _forget(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    try:
        # Compiled here: a cached one is taken for fresh where a file was saved twice within a second.
        code = compile(path.read_bytes(), str(path), "exec")
        shim = add_shim(module, path.parent)
        exec(code, module.__dict__)  # noqa: S102 - running the operator's code is what a plugin is
        marked = [
            one
            for one in vars(module).values()
            if hasattr(one, MARK) and str(getattr(one, "__module__", "")).startswith(full)
        ]
        own = tuple(found for one in marked if (found := declared(one)) is not None)
        return own + registered(shim)
    except BaseException:
        _forget(name)
        sys.modules.update(before)
        raise


def _forget(name: str) -> dict[str, ModuleType]:
    """Take a plugin's modules out of ``sys.modules``; gives them."""
    full = f"{PACKAGE}.{name}"
    gone = [one for one in sys.modules if one == full or one.startswith(f"{full}.")]
    return {one: sys.modules.pop(one) for one in gone}


def last_line(error: BaseException, path: Path) -> str:
    """The traceback's last line, with the line of the file where there is one."""
    line: int | None = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    said = str(error).strip().splitlines()
    told = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
    return f"{told} (line {line})" if line else told
