"""Processor and memory of a server process, seen from outside: by pid on this machine, else by its
``/metrics``."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds since the process began, and resident bytes now; children included where known."""

    cpu: float
    memory: int


class Watch:
    """Looks at one server: ``idle()`` before any load, then ``during()`` beside each. ``idle`` blocks."""

    def __init__(self, url: str, pid: int | None = None) -> None:
        self._url = url
        self._pid = pid
        self._idle: Usage | None = None

    def idle(self) -> None:
        """Find the process, and note what it needs while nobody calls."""
        self._pid = self._pid or _listener(self._url)
        self._idle = self._read()

    async def during(self, seconds: float) -> Spent | None:
        """The share of a core used in the next ``seconds``, and the most memory; None where nothing
        can be read."""
        first, at = await asyncio.to_thread(self._read), time.perf_counter()
        last, memory = first, 0
        for wait in _steps(seconds):
            await asyncio.sleep(wait)
            last = await asyncio.to_thread(self._read)
            memory = max(memory, last.memory if last else 0)
        if first is None or last is None:
            return None
        idle = self._idle.memory if self._idle else first.memory
        return Spent((last.cpu - first.cpu) / (time.perf_counter() - at), memory, idle, self._pid)

    def _read(self) -> Usage | None:
        return usage_of(self._pid) if self._pid else _of_metrics(self._url)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a server needed under load: ``cores`` (1.0 is one of them), bytes."""

    cores: float
    memory: int
    idle: int
    pid: int | None

    def figures(self, sessions: int) -> dict[str, Any]:
        """JSON-ready, and for each of the ``sessions`` that talked."""
        return {
            "cpu_percent": round(100 * self.cores, 1),
            "cpu_ms_per_session_second": round(1000 * self.cores / sessions, 2),
            "memory_mb": round(self.memory / 1e6, 1),
            "idle_mb": round(self.idle / 1e6, 1),
            "mb_per_session": round((self.memory - self.idle) / 1e6 / sessions, 2),
            "pid": self.pid,
        }


def _steps(seconds: float) -> list[float]:
    """About a second each."""
    count = max(1, round(seconds))
    return [seconds / count] * count


def usage_of(pid: int) -> Usage | None:
    """A process and its children; None where there is no such process."""
    cpu, memory = 0.0, 0
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    family = _family(pid)
    for member in family:
        try:
            stat = (_PROC / str(member) / "stat").read_text()
            pages = int((_PROC / str(member) / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it ended between listing and reading
        fields = stat.rsplit(")", 1)[1].split()
        cpu += (int(fields[11]) + int(fields[12])) / tick
        memory += pages * page
    return Usage(cpu, memory) if family else None


def _family(pid: int) -> list[int]:
    if not (_PROC / str(pid)).exists():
        return []
    found, waiting = [], [pid]
    while waiting:
        member = waiting.pop()
        found.append(member)
        for task in (_PROC / str(member) / "task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:
                continue  # the thread ended
    return found


def _listener(url: str) -> int | None:
    """The process that listens on the url's port, when it is on this machine and visible."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    try:
        address = socket.gethostbyname(parts.hostname or "")
    except OSError:
        return None
    if not address.startswith("127."):
        return None
    inodes = set()
    for table in ("tcp", "tcp6"):
        path = _PROC / "net" / table
        if path.exists():
            for line in path.read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return None
    for folder in _PROC.glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in inodes for link in folder.iterdir()):
                return int(folder.parent.name)
        except OSError:
            continue  # another user's process, or gone
    return None


def _of_metrics(url: str) -> Usage | None:
    import httpx

    parts = urlsplit(url)
    scheme = "https" if parts.scheme == "wss" else "http"
    try:
        text = httpx.get(f"{scheme}://{parts.netloc}/metrics", timeout=5).raise_for_status().text
    except httpx.HTTPError:
        return None
    cpu = re.search(r"^process_cpu_seconds_total (\S+)", text, re.MULTILINE)
    memory = re.search(r"^process_resident_memory_bytes (\S+)", text, re.MULTILINE)
    return Usage(float(cpu[1]), int(float(memory[1]))) if cpu and memory else None
