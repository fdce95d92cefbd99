"""The ways to remember by name: those that come with Kaikou, and the operator's files."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from kaikou.errors import NotFound
from kaikou.memory.kit import ModuleKit
from kaikou.memory.ports import NONE, MemoryModule
from kaikou.memory.provider_shim import ProviderModule, provider_of, with_base
from kaikou.reloading.folder import Threads, WatchedFolder
from kaikou.reloading.modules import execute, replaced_module
from kaikou.settings.services import MemorySettings

PACKAGE = "kaikou_memory"
BUILTIN = (NONE, "summary", "facts")

MakeKit = Callable[[str], ModuleKit]
MakeModule = Callable[[ModuleKit], MemoryModule]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to remember as a person sees it. ``error``: why its newest version isn't in force."""

    name: str
    title: str
    description: str
    builtin: bool
    error: str = ""


class Modules:
    """Makes each module once; a file's anew whenever it is saved. A file may stand in for a built-in one
    by bearing its name, but for ``none``."""

    def __init__(
        self,
        folder: Path,
        settings: MemorySettings,
        threads: Threads,
        kit: MakeKit,
        changed: Callable[[], None],
    ) -> None:
        self._kit = kit
        self._changed = changed
        self._builtin = {name: _builtin(name, kit(name)) for name in BUILTIN}
        self._made: dict[str, tuple[MakeModule, MemoryModule]] = {}
        self._broken: dict[str, str] = {}
        self.watched: WatchedFolder[MakeModule] = WatchedFolder(
            folder,
            PACKAGE,
            lambda file, path: load_file(file, path, threads),
            threads,
            noun="memory module",
            load_timeout=settings.load_timeout,
            changed=self._make,
        )

    def start(self) -> None:
        self.watched.start()

    async def close(self) -> None:
        await self.watched.close()

    def get(self, name: str) -> MemoryModule:
        """NotFound ``memory_module_not_found``."""
        found = self._made.get(name)
        if found is not None:
            return found[1]
        if name in self._builtin:
            return self._builtin[name]
        raise NotFound(
            f"There is no way to remember named {name!r}.",
            code="memory_module_not_found",
            hint=self._broken.get(name) or f"There are: {', '.join(one.name for one in self.all())}.",
            param="memory",
        )

    def all(self) -> list[Way]:
        """The built-in ones first, then files by name."""
        ways = {name: _way(name, one, True) for name, one in self._builtin.items()}
        errors = {name: file.error for name, file in self.watched.files.items()}
        for name, (_, module) in self._made.items():
            ways[name] = _way(name, module, False, self._broken.get(name) or errors.get(name, ""))
        for name in errors.keys() - self._made.keys():
            if name not in ways:
                ways[name] = Way(name, name, "", False, self._broken.get(name) or errors[name])
        return list(ways.values())

    def _make(self) -> None:
        """Make what was loaded anew; a module that can't be made leaves the one before in force."""
        files = self.watched.files
        for name in self._made.keys() - files.keys():
            del self._made[name]
        self._broken.clear()
        for name, file in files.items():
            make, before = file.content, self._made.get(name)
            if make is None or name == NONE or (before is not None and before[0] is make):
                continue
            try:
                self._made[name] = (make, make(self._kit(name)))
            except Exception as error:  # noqa: BLE001 - a file may raise anything
                self._broken[name] = f"{type(error).__name__}: {error}"
        self._changed()


def load_file(name: str, path: Path, threads: Threads) -> MakeModule:
    """Run a file and give what makes its module. Blocks. Raises what the file raises, and TypeError where
    it holds no fitting class."""
    with replaced_module(PACKAGE, name, path) as module:
        with_base(module, path.parent.parent if path.name == "__init__.py" else path.parent)
        execute(module, path)
        found: Any = getattr(module, "Memory", None)
        if inspect.isclass(found):
            for method in ("recall", "learn"):
                if not asyncio.iscoroutinefunction(getattr(found, method, None)):
                    raise TypeError(f"its class Memory has no method `async def {method}`")
            return cast("MakeModule", found)
        provider = provider_of(module)
        if provider is not None:
            return lambda kit: ProviderModule(provider, kit, name, threads)
        raise TypeError("it has no class named Memory (with async recall and learn)")


def _builtin(name: str, kit: ModuleKit) -> MemoryModule:
    made: MemoryModule = import_module(f"kaikou.memory.builtin.{name}").Memory(kit)
    return made


def _way(name: str, module: MemoryModule, builtin: bool, error: str = "") -> Way:
    title = str(getattr(module, "title", "") or name)
    said = getattr(module, "description", "") or inspect.getdoc(type(module)) or ""
    return Way(name, title, str(said).split("\n\n")[0], builtin, error)
