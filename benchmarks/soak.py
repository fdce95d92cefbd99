"""Hold many conversations for a long time, let some clients vanish, and watch for leaks.

  python benchmarks/soak.py [--minutes 30] [--sessions 20] [--json FILE]

Starts a server of its own on scripted engines. Each round opens ``--sessions`` calls over
/v1/realtime, a third of which are cut off without a goodbye. After each round every session must be
gone; over all rounds the server's memory must settle. Exit status 1 when either fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from kaikou.cli.caller_voice import babble
from kaikou.cli.load import run
from kaikou.cli.load_values import Load

SETTINGS = {
    "KAIKOU_VAD__ENGINE": "energy",
    "KAIKOU_TURN__ENGINE": "none",
    "KAIKOU_STT__ENGINE": "scripted",
    "KAIKOU_LLM__ENGINE": "scripted",
    "KAIKOU_TTS__ENGINE": "scripted",
    "KAIKOU_LIVE__MAX_SESSIONS": "500",
    "KAIKOU_LIVE__RESUME_SECONDS": "1",
}
MOST_GROWTH = 1.15
"""Of the median memory in the last third of the rounds over that in the middle third."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(port: int, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def wait_ready(port: int, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError):
            if get(port, "/api/health")["status"] == "healthy":
                return
        time.sleep(0.3)
    raise SystemExit("the server did not become healthy")


def live_sessions(port: int) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics")
    with urllib.request.urlopen(request, timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("kaikou_sessions ") or line.startswith("kaikou_live_sessions "):
                return int(float(line.split()[-1]))
    raise SystemExit("/metrics does not tell the number of sessions")


async def vanish(url: str) -> None:
    """A client that talks a little and is then cut off."""
    socket_ = await connect(url)
    await socket_.send(json.dumps({"type": "session.update", "session": {"kaikou": {"events": True}}}))
    await asyncio.sleep(0.5)
    socket_.transport.abort()


async def one_round(port: int, sessions: int, seconds: float) -> dict[str, float]:
    url = f"ws://127.0.0.1:{port}/v1/realtime"
    staying = max(1, sessions * 2 // 3)
    calls = run(Load(url, sessions=staying, seconds=seconds), babble())
    leaving = [vanish(url) for _ in range(sessions - staying)]
    callers, *_ = await asyncio.gather(calls, *leaving)
    for _ in range(100):
        if live_sessions(port) == 0:
            break
        await asyncio.sleep(0.2)
    return {
        "turns": sum(caller.turns for caller in callers),
        "answered": sum(caller.answered for caller in callers),
        "errors": sum(len(caller.errors) for caller in callers),
        "sessions_left": live_sessions(port),
        "memory_mb": get(port, "/health")["memory_usage"]["process"] / 1e6,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--round-seconds", type=float, default=20)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    port, rounds = free_port(), []
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "kaikou", "serve", "--port", str(port)],
            cwd=folder,
            env={**os.environ, **SETTINGS, "KAIKOU_DATA_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_ready(port)
            until = time.monotonic() + given.minutes * 60
            while time.monotonic() < until:
                rounds.append(asyncio.run(one_round(port, given.sessions, given.round_seconds)))
                print(f"round {len(rounds)}: {rounds[-1]}", flush=True)
        finally:
            server.terminate()
            server.wait(30)
    left = sum(one["sessions_left"] for one in rounds)
    lost = sum(one["turns"] - one["answered"] for one in rounds)
    third = max(1, len(rounds) // 3)
    middle = statistics.median(one["memory_mb"] for one in rounds[third : 2 * third] or rounds)
    last = statistics.median(one["memory_mb"] for one in rounds[-third:])
    print(f"{len(rounds)} rounds, {left:.0f} sessions left behind, {lost:.0f} turns unanswered, "
          f"memory {middle:.0f} -> {last:.0f} MB")  # fmt: skip
    if given.json:
        given.json.write_text(json.dumps({"rounds": rounds, "memory_mb": [middle, last]}, indent=2))
    return 1 if left or last > middle * MOST_GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
