"""The plugin folder: the operator's own tools, each file loaded again as it is saved.

A file is a module of its own (``kaikou_plugins.<name>``); a folder with an ``__init__.py`` is one, too.
What stands in it as ``@tool`` is offered. How files are watched and loaded: ``reloading/folder.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kaikou.errors import NotFound
from kaikou.reloading.folder import LoadedFile, WatchedFolder
from kaikou.reloading.modules import execute, replaced_module
from kaikou.settings.services import ToolSettings
from kaikou.tools.function import MARK, FunctionTool, declared
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSpec, counted
from kaikou.tools.shim.connection import KeptByConversation
from kaikou.tools.shim.loading import SETTINGS_FILE, add_shim
from kaikou.tools.threads import ToolThreads

PACKAGE = "kaikou_plugins"
SOURCE = "plugin"

FileTools = tuple[FunctionTool, ...]


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
        self._threads = threads
        self._changed = changed
        self._tools: dict[str, FunctionTool] = {}
        self._specs: tuple[ToolSpec, ...] = ()
        self._clashes = ""
        self._kept = KeptByConversation()
        self._imported: dict[str, set[str]] = {}
        """The files of the folder that each file imported."""
        self._watched: WatchedFolder[FileTools] = WatchedFolder(
            folder,
            PACKAGE,
            self._read,
            threads,
            noun="plugin",
            load_timeout=settings.load_timeout,
            changed=self._offer,
            told=lambda tools: f"{len(tools)} tools, loaded",
            shared=(SETTINGS_FILE,),
            along=self._with_dependents,
        )

    @property
    def folder(self) -> Path:
        return self._watched.folder

    @property
    def files(self) -> Mapping[str, LoadedFile[FileTools]]:
        """What is known of each file, by name."""
        return self._watched.files

    def start(self) -> None:
        self._watched.start()

    async def close(self) -> None:
        await self._watched.close()

    async def load(self, names: set[str] | None = None) -> None:
        """Read the named files (None: all) anew; forget those that are gone."""
        await self._watched.load(names)

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return self._specs

    async def call(self, name: str, arguments: Mapping[str, Any], caller: Caller) -> Outcome:
        found = self._tools.get(name)
        if found is None:
            raise NotFound(f"No plugin has a tool named {name!r}.", code="tool_not_found")
        return await found.call(arguments, caller, self._threads)

    def status(self) -> SourceStatus:
        watched = self._watched
        if watched.trouble:
            return SourceStatus("failed", str(watched.folder), watched.trouble, watched.lines)
        if not watched.loaded:
            return SourceStatus("loading", f"Reading {watched.folder}.", log=watched.lines)
        error = "; ".join([*watched.errors, *([self._clashes] if self._clashes else [])])
        files, tools = counted(len(watched.files), "file"), counted(len(self._specs), "tool")
        detail = f"{watched.folder}: {files}, {tools}."
        return SourceStatus("failed" if error else "ok", detail, error, watched.lines)

    def _read(self, name: str, path: Path) -> FileTools:
        asked = self._imported[name] = set()
        return load_file(name, path, self._kept, asked)

    def _with_dependents(self, names: set[str]) -> set[str]:
        return names | {one for one, imported in self._imported.items() if imported & names}

    def _offer(self) -> None:
        tools: dict[str, FunctionTool] = {}
        clashes = []
        for name, file in self._watched.files.items():
            for one in file.content or ():
                if one.tool.name in tools:
                    clashes.append(f"{name}: there is a tool {one.tool.name} already")
                else:
                    tools[one.tool.name] = one
        self._tools, self._clashes = tools, "; ".join(clashes)
        self._specs = tuple(one.spec(SOURCE) for one in tools.values())
        self._changed()


def load_file(name: str, path: Path, kept: KeptByConversation, asked: set[str]) -> FileTools:
    """Run a plugin and give its tools. Blocks. Raises what the file raises; then the version before
    stays the module of that name. ``asked`` is filled with the names of the files beside it that it imports,
    ``kept`` is what plugins of the reference server leave at their connection."""
    with replaced_module(PACKAGE, name, path) as module:
        folder = path.parent.parent if path.name == "__init__.py" else path.parent
        shim = add_shim(module, folder, kept, asked)
        execute(module, path)
        marked = [
            one
            for one in vars(module).values()
            if hasattr(one, MARK) and str(getattr(one, "__module__", "")).startswith(module.__name__)
        ]
        own = tuple(found for one in marked if (found := declared(one)) is not None)
        return own + shim.tools()
