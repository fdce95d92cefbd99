"""``mcp.json`` as the page changes it: servers at an address added, switched, given to agents, thrown away.

Programs are not added here: who may start one on this machine is decided by who may write the file.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kaikou.errors import InvalidInput, NotFound
from kaikou.tools.mcp.config import server_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SCHEMES = {"http", "https"}

Entries = dict[str, Any]


class McpFile:
    """One file ``{"mcpServers": {…}}`` of at most ``most`` servers; what else it holds is kept. Written whole
    and at once, so that a reader never sees half of it; a new file is its owner's alone, because it may hold
    keys."""

    def __init__(self, path: Path, most: int = 100) -> None:
        self.path = path
        self._most = most
        self._lock = asyncio.Lock()
        self._thrown: dict[str, tuple[Any, float]] = {}
        """Entries that may be brought back, and until when (monotonic)."""

    async def add(self, name: str, url: str, *, transport: str = "auto", token: str = "") -> None:
        """A server that runs somewhere. InvalidInput ``invalid_mcp_server``, ``mcp_server_exists``,
        ``mcp_servers_limit``, ``invalid_mcp_file``."""
        if not _NAME.fullmatch(name):
            raise _invalid("name", "A name holds letters, digits, - and _, at most 64 of them.")
        try:
            split = urlsplit(url)
            good = split.scheme in _SCHEMES and bool(split.hostname) and len(url) <= 2_000
        except ValueError:
            good = False
        if not good:
            raise _invalid("url", "The address must begin with http:// or https:// and name a server.")
        entry: Entries = {"url": url}
        if transport != "auto":
            entry["type"] = transport
        if token:
            entry["token"] = token
        try:
            server_of(entry)
        except ValueError as error:
            raise _invalid("transport", f"{error}.") from None

        def put(servers: Entries) -> None:
            if name in servers:
                raise _taken(name)
            if len(servers) >= self._most:
                raise InvalidInput(
                    f"There can be {self._most} servers.",
                    code="mcp_servers_limit",
                    hint="Remove some, or raise tools.mcp_servers.",
                    status=409,
                )
            servers[name] = entry

        await self._change(put)

    async def switch(self, name: str, *, on: bool) -> None:
        """Use it, or leave it out for now. NotFound ``mcp_server_not_found``."""

        def put(servers: Entries) -> None:
            entry = _entry(servers, name)
            entry.pop("enabled", None)
            entry.pop("disabled", None)
            if not on:
                entry["disabled"] = True

        await self._change(put)

    async def grant(self, name: str, agents: Sequence[str] | None) -> None:
        """Ids of the agents that get its tools; None for all. NotFound ``mcp_server_not_found``."""

        def put(servers: Entries) -> None:
            entry = _entry(servers, name)
            entry.pop("agents", None)
            if agents is not None:
                entry["agents"] = list(agents)

        await self._change(put)

    async def remove(self, name: str, *, keep_seconds: float = 0.0) -> None:
        """``restore`` brings it back for so long. NotFound ``mcp_server_not_found``."""

        def put(servers: Entries) -> None:
            entry = _entry(servers, name)
            moment = time.monotonic()
            self._thrown = {one: kept for one, kept in self._thrown.items() if kept[1] > moment}
            self._thrown[name] = (entry, moment + keep_seconds)
            del servers[name]

        await self._change(put)

    async def restore(self, name: str) -> None:
        """NotFound ``mcp_server_not_found``; InvalidInput ``mcp_server_exists``."""
        entry, until = self._thrown.pop(name, (None, 0.0))
        if entry is None or until <= time.monotonic():
            raise _missing(name)

        def put(servers: Entries) -> None:
            if name in servers:
                raise _taken(name)
            servers[name] = entry

        await self._change(put)

    async def _change(self, put: Callable[[Entries], None]) -> None:
        async with self._lock:
            whole = await asyncio.to_thread(self._read)
            put(whole["mcpServers"])
            await asyncio.to_thread(self._write, whole)

    def _read(self) -> Entries:
        try:
            whole = json.loads(self.path.read_text("utf-8-sig"))
        except FileNotFoundError:
            return {"mcpServers": {}}
        except (OSError, ValueError) as error:
            raise self._broken(f"can't be read: {error}") from None
        if not isinstance(whole, dict) or not isinstance(whole.setdefault("mcpServers", {}), dict):
            raise self._broken('must hold {"mcpServers": {…}}')
        return whole

    def _write(self, whole: Entries) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        mode = self.path.stat().st_mode & 0o777 if self.path.exists() else 0o600
        number, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        temporary = Path(name)
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(whole, file, ensure_ascii=False, indent=2)
                file.write("\n")
            temporary.chmod(mode)
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def _broken(self, why: str) -> InvalidInput:
        return InvalidInput(
            f"{self.path.name} {why}.",
            code="invalid_mcp_file",
            hint=f"Mend {self.path} with an editor first.",
            status=409,
        )


def _entry(servers: Entries, name: str) -> Entries:
    entry = servers.get(name)
    if not isinstance(entry, dict):
        raise _missing(name)
    return entry


def _missing(name: str) -> NotFound:
    return NotFound(
        f"mcp.json has no server {name[:80]!r}.",
        code="mcp_server_not_found",
        hint="Servers of the settings are changed there.",
        param="name",
    )


def _taken(name: str) -> InvalidInput:
    said = f"There is a server {name!r} already."
    return InvalidInput(said, code="mcp_server_exists", param="name", status=409)


def _invalid(param: str, message: str) -> InvalidInput:
    return InvalidInput(message, code="invalid_mcp_server", param=param)
