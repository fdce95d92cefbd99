"""Starts, watches and ends one child process of the embedded language model."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import secrets
import signal
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from kaikou.engines.llm.llama import child
from kaikou.engines.llm.llama.child import ChildConfig
from kaikou.errors import EngineFailed

log = logging.getLogger(__name__)

START_SECONDS = 300.0
"""A large model on a slow disk may take minutes."""
STOP_SECONDS = 5.0
SPINS = 20_000
"""Turns of GNU OpenMP's waiting loop before a thread sleeps."""
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|DATABASE_URL", re.IGNORECASE)
_LEVEL = re.compile(r"^[\d.]+ ([EWID]) ")
_LEVELS = {"E": logging.ERROR, "W": logging.DEBUG, "I": logging.DEBUG, "D": logging.DEBUG}


class LlamaProcess:
    """One run of the child: started once, ended once. ``config`` without key and parent."""

    def __init__(self, config: ChildConfig) -> None:
        self.api_key = secrets.token_urlsafe(32)
        self._config = replace(config, api_key=self.api_key, parent=os.getpid())
        self._process: asyncio.subprocess.Process | None = None
        self._log: asyncio.Task[None] | None = None
        self._last: deque[str] = deque(maxlen=8)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> str:
        """Start it and wait until the model is loaded; its address. Raises EngineFailed."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            child.__file__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=child_environment(os.environ),
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._log = asyncio.create_task(self._copy_log(self._process.stderr), name="llama log")
        try:
            async with asyncio.timeout(START_SECONDS):
                with suppress(ConnectionError):  # it died already; the empty answer tells
                    self._process.stdin.write(self._config.to_json().encode() + b"\n")
                    await self._process.stdin.drain()
                line = await self._process.stdout.readline()
        except BaseException:
            await self.stop()
            raise
        if not line:
            await self.stop()
            raise EngineFailed(
                f"The embedded language model could not be started: {self.reason()}.",
                code="engine_start_failed",
                hint="Check that the model is a complete GGUF file and that there is memory for it.",
            )
        return str(json.loads(line)["address"])

    async def wait(self) -> int:
        """Wait until it has ended; its exit status."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> None:
        """End it. Safe to call twice."""
        if self._process is None:
            return
        if self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                with suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        if self._log is not None:
            await self._log

    def reason(self) -> str:
        """Why it ended, as far as that is known: its last error, or how it went."""
        errors = [line for line in self._last if _level(line) >= logging.ERROR]
        if errors:
            return errors[-1][-300:].rstrip(".")
        status = self._process.returncode if self._process else None
        if status is not None and status < 0:
            hint = ", perhaps for want of memory" if -status == signal.SIGKILL else ""
            return f"ended by {signal.Signals(-status).name}{hint}"
        return f"exit status {status}"

    async def _copy_log(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while data := await stream.read(8192):
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-8192:]  # progress dots come without an end of line
            for raw in lines:
                line = raw.decode(errors="replace").strip()
                if line:
                    self._last.append(line)
                    log.log(_level(line), "llama.cpp: %s", line)


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The parent's environment without its secrets, and with threads that wait busily for a moment only.

    A token is some four hundred steps with a barrier after each. Threads that sleep at every barrier
    wait to be woken each time, behind whatever else runs; threads that never do would starve speech. Some
    hundred microseconds of waiting cost nobody anything: this process has the lowest priority.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith("KAIKOU_") and not _SECRET.search(name)
    }
    return kept | {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": str(SPINS), "PYTHONUNBUFFERED": "1"}


def _level(line: str) -> int:
    match = _LEVEL.match(line)
    return _LEVELS[match.group(1)] if match else logging.DEBUG
