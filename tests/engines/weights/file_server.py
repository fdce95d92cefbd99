"""A hub on a free port of this machine that serves files and misbehaves on request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class FileServer:
    """``files`` by path. The faults count down: each request uses up one."""

    files: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    """Bytes of the body after which the next connections are closed."""
    stall_after: list[int] = field(default_factory=list)
    """Bytes of the body after which the next connections fall silent."""
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next answers, without content."""
    ranges: bool = True
    wrong_range: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)
    """(path, Range header) of each request."""
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away, which is what some tests are about
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        wanted = headers.get("range", "")
        self.requests.append((path, wanted))
        status = self.statuses.pop(0) if self.statuses else 200 if path in self.files else 404
        if status != 200:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            return
        body = self.files[path]
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.ranges else 0
        claimed = start + 1 if self.wrong_range else start
        line = "HTTP/1.1 206 Partial" if start else "HTTP/1.1 200 OK"
        extra = f"Content-Range: bytes {claimed}-{len(body) - 1}/{len(body)}\r\n" if start else ""
        body = body[start:]
        writer.write(f"{line}\r\n{extra}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        if self.cut_after:
            writer.write(body[: self.cut_after.pop(0)])
        elif self.stall_after:
            writer.write(body[: self.stall_after.pop(0)])
            await writer.drain()
            await reader.read()  # until the client gives up
            return
        else:
            writer.write(body)
        await writer.drain()


@asynccontextmanager
async def running_file_server() -> AsyncIterator[FileServer]:
    server = FileServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening:
        yield server
