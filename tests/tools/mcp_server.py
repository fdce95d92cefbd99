"""A small MCP server of the SDK's own, for tests: ``python mcp_server.py [transport] [port]``."""

from __future__ import annotations

import asyncio
import os
import sys

from mcp.server.mcpserver import MCPServer

server = MCPServer("little")


@server.tool()
def add(a: int, b: int) -> str:
    """Add two numbers."""
    return f"{a + b} from {os.environ.get('WHO', 'nobody')}"


@server.tool(name="files.read all")
def read() -> str:
    """Read, and fail."""
    raise ValueError("no such file")


@server.tool()
async def hang() -> str:
    """Never answer."""
    await asyncio.sleep(3600)
    return ""


@server.tool()
def die() -> str:
    """End the process."""
    print("I am dying", file=sys.stderr, flush=True)
    os._exit(1)


if __name__ == "__main__":
    transport, port = ([*sys.argv[1:], "stdio", "0"])[:2] if len(sys.argv) != 2 else (sys.argv[1], "0")
    if transport == "stdio":
        server.run()
    else:
        server.run(transport, port=int(port))  # type: ignore[call-overload]
