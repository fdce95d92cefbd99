"""A connected server's tools as the toolbox knows them, and its answers as outcomes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kaikou.engines.ports import Tool
from kaikou.tools.ports import Outcome, ToolSpec

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import CallToolResult

MOST_PAGES = 50
"""Of a list of tools: a server that never ends its list must not keep us."""


async def tools_of(client: Client, source: str, call_seconds: float) -> tuple[ToolSpec, ...]:
    """All tools the server lists, as those of ``source``; ``call_seconds`` is what a call of one may take."""
    found: list[ToolSpec] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        found += (
            ToolSpec(
                Tool(one.name, one.description or one.title or one.name, one.input_schema),
                source,
                one.title or one.name,
                call_seconds,
            )
            for one in page.tools
        )
        cursor = page.next_cursor
        if not cursor:
            break
    return tuple(found)


def outcome_of(result: CallToolResult) -> Outcome:
    """A server's answer as an outcome: its texts, else its structured content as JSON."""
    parts = []
    for block in result.content:
        if block.type == "text":
            parts.append(block.text)
        elif block.type == "resource" and (text := getattr(block.resource, "text", None)) is not None:
            parts.append(text)
        else:
            parts.append(f"[{block.type}]")
    text = "\n".join(parts)
    if not text and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False)
    return Outcome(text or "Done.", failed=bool(result.is_error))


def said(error: BaseException, command: str = "") -> str:
    """The error under the groups that task groups wrap around it, in one line. ``command`` is the program
    that was to be started, if any."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if command and isinstance(error, FileNotFoundError | PermissionError):
        return f"The program {command} can't be started: {error.strerror or error}."
    if isinstance(error, TimeoutError):
        return "The server didn't answer in time."
    lines = str(error).strip().splitlines()
    # By name: the SDK chooses which HTTP client's error it is.
    if lines and type(error).__name__ == "ConnectError":
        return f"This address can't be reached: {lines[0]}."
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
