"""All MCP servers: those of the settings, and those of the files, which are read again as they change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaikou.errors import NotFound, SettingsError
from kaikou.settings.services import McpServerSettings, ToolSettings
from kaikou.tools.mcp.config import FILES, complaint, read_file
from kaikou.tools.mcp.connection import McpServer
from kaikou.tools.mcp.editing import McpFile
from kaikou.tools.ports import Caller, Outcome, SourceStatus, ToolSource, ToolSpec

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks at the files. They lie beside a database that changes all the time, so their times
are asked for; a watch of the folder would wake for every word that is stored."""

Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A server as it is set, and by what: the name of a file, or ``settings``."""

    name: str
    server: McpServerSettings
    origin: str


class McpServers:
    """Keeps a connection to each server; ``changed`` gets the name of a source that changed."""

    def __init__(
        self, data_dir: Path, settings: ToolSettings, changed: Callable[[str], None] = lambda _: None
    ) -> None:
        self._files = [data_dir / name for name in FILES]
        self.file = McpFile(self._files[0], settings.mcp_servers)
        self._settings = settings
        self._changed = changed
        self._servers: dict[str, McpServer] = {}
        self._broken: dict[str, str] = {}
        """By name of a server or a file: what is wrong with it."""
        self._entries: tuple[Entry, ...] = ()
        self._loading = asyncio.Lock()
        self._stamp: Stamp = ()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="mcp files")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=5)
        await asyncio.gather(*(server.close() for server in self._servers.values()))

    def sources(self) -> Sequence[ToolSource]:
        """One a server, by name; those that can't even be tried only tell why."""
        broken = (_Broken(f"mcp:{name}", why) for name, why in self._broken.items())
        return [*(self._servers[name] for name in sorted(self._servers)), *broken]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that are set and can be used, those switched off among them, by name."""
        return self._entries

    async def restart(self, name: str) -> None:
        """Connect anew, now. NotFound ``mcp_server_not_found``."""
        async with self._loading:
            server = self._servers.pop(name, None)
            if server is None:
                raise NotFound(
                    f"No server {name[:80]!r} is in use.", code="mcp_server_not_found", param="name"
                )
            await server.close()
            self._start(name, server.server)
        self._changed(f"mcp:{name}")

    async def load(self) -> None:
        """Read settings and files; connect what is new, keep what is the same, drop what is gone."""
        async with self._loading:
            await self._load()

    async def _load(self) -> None:
        wanted: dict[str, McpServerSettings] = {}
        broken: dict[str, str] = {}
        origins: dict[str, str] = {}
        for name, server in self._settings.mcp.items():
            if wrong := complaint(server):
                broken[name] = f"tools.mcp.{name}: {wrong}"
            else:
                wanted[name] = server
                origins[name] = "settings"
        for path in self._files:
            try:
                good, bad = await asyncio.to_thread(read_file, path)
            except SettingsError as error:
                # A file in the middle of an edit: what is connected stays.
                broken[path.name] = str(error)
                for entry in self._entries:
                    wanted.setdefault(entry.name, entry.server)
                    origins.setdefault(entry.name, entry.origin)
                continue
            wanted = good | wanted
            origins = dict.fromkeys(good, path.name) | origins
            broken = bad | broken
        self._entries = tuple(Entry(name, wanted[name], origins[name]) for name in sorted(wanted))
        wanted = {name: server for name, server in wanted.items() if not server.disabled}
        gone = [name for name, server in self._servers.items() if wanted.get(name) != server.server]
        dropped = [self._servers.pop(name) for name in gone]
        for name, server in wanted.items():
            if name not in self._servers:
                self._start(name, server)
        for name, why in broken.items():
            if self._broken.get(name) != why:
                log.warning("%s", why)
        touched = {*gone, *(broken.keys() ^ self._broken.keys())}
        self._broken = broken
        for name in touched:
            self._changed(f"mcp:{name}")
        await asyncio.gather(*(server.close() for server in dropped))

    def _start(self, name: str, server: McpServerSettings) -> None:
        made = McpServer(name, server, self._settings, lambda: self._changed(f"mcp:{name}"))
        self._servers[name] = made
        made.start()

    async def _watch(self) -> None:
        while True:
            try:
                stamp = await asyncio.to_thread(self._stamps)
                if stamp != self._stamp:
                    self._stamp = stamp
                    await self.load()
            except Exception:
                # What is connected stays, and the file is read again once it changes.
                log.exception("the MCP servers' files were not read")
            await asyncio.sleep(LOOK_SECONDS)

    def _stamps(self) -> Stamp:
        return tuple(_stamp(path) for path in self._files)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class _Broken:
    """A server whose entry can't be used."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._why = why

    def specs(self, caller: Caller) -> Sequence[ToolSpec]:
        return ()

    async def call(self, name: str, arguments: object, caller: Caller) -> Outcome:
        return Outcome(self._why, failed=True)

    def status(self) -> SourceStatus:
        return SourceStatus("failed", "Its entry can't be used.", self._why)
