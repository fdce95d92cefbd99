"""Which MCP servers there are: the settings, ``mcp.json``, and the reference server's own file.

Both files have the form that desktop clients use: ``{"mcpServers": {"name": {"command": …} | {"url": …}}}``.
An address with no ``type`` (or ``transport``) is tried as streamable HTTP and as SSE in turn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from kaikou.errors import SettingsError
from kaikou.settings.services import McpServerSettings

FILES = ("mcp.json", ".mcp_server_settings.json")
"""In the data folder; of two servers with one name, the first file's counts, and the settings' before it."""
_TRANSPORTS = {
    "": "auto",
    "auto": "auto",
    "stdio": "stdio",
    "sse": "sse",
    "http": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamablehttp": "http",
}


def read_file(path: Path) -> tuple[dict[str, McpServerSettings], dict[str, str]]:
    """The servers of a file (none where there is no file), and by name what is wrong with the others.
    Touches the disk. SettingsError ``invalid_mcp_file``."""
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}, {}
    except (OSError, ValueError) as error:
        raise _wrong(path, f"is not valid JSON: {error}") from None
    servers = found.get("mcpServers") if isinstance(found, dict) else None
    if not isinstance(servers, dict):
        raise _wrong(path, 'must hold {"mcpServers": {…}}')
    good: dict[str, McpServerSettings] = {}
    bad: dict[str, str] = {}
    for name, entry in servers.items():
        try:
            good[str(name)] = server_of(entry)
        except ValueError as error:
            bad[str(name)] = str(error)
    return good, bad


def server_of(entry: Any) -> McpServerSettings:
    """One entry in the usual form. ValueError says what is wrong."""
    if not isinstance(entry, Mapping):
        raise ValueError("an entry must be an object")
    kind = str(entry.get("type") or entry.get("transport") or "").lower()
    if kind not in _TRANSPORTS:
        raise ValueError(f"there is no transport {kind!r}; stdio, sse and http are known")
    known = {
        name: entry[name] for name in ("command", "args", "env", "cwd", "url", "headers") if name in entry
    }
    extra = {name: entry[name] for name in ("timeout", "agents") if name in entry}
    token = entry.get("token") or entry.get("API_ACCESS_TOKEN")
    disabled = bool(entry.get("disabled")) or entry.get("enabled") is False
    try:
        made = McpServerSettings.model_validate(
            {**known, **extra, "transport": _TRANSPORTS[kind], "token": token, "disabled": disabled}
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if wrong := complaint(made):
        raise ValueError(wrong)
    return made


def complaint(server: McpServerSettings) -> str:
    """What a server's settings lack; empty where nothing."""
    if server.command and server.url:
        return "it has both a command and a url"
    if not server.command and not server.url:
        return "it needs a command or a url"
    if server.transport == "stdio" and not server.command:
        return "stdio needs a command"
    return ""


def headers_of(server: McpServerSettings) -> dict[str, str]:
    """The headers of every request, the token's included."""
    headers = {name: _plain(value) for name, value in server.headers.items()}
    if server.token is not None:
        headers.setdefault("Authorization", f"Bearer {server.token.get_secret_value()}")
    return headers


def _plain(value: SecretStr) -> str:
    return value.get_secret_value()


def _wrong(path: Path, said: str) -> SettingsError:
    return SettingsError(f"{path.name} {said}.", code="invalid_mcp_file", hint="See docs/tools.md.")
