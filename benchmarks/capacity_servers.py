"""The servers that live_capacity.py compares: how each is started, and what its callers do."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipecat_wire import PipecatWire
from soak import free_port

from kaikou.cli.watch import usage_of
from kaikou.cli.wires import WIRES, Wire

HERE = Path(__file__).parent
READY_SECONDS = 180.0
WORDS = "This is a scripted answer."
REPLY_SECONDS = 1.25
"""Five words of the scripted voice, 0.25 s each."""
LONG_SECONDS = 8.0

SCRIPTED = {
    "KAIKOU_TURN__ENGINE": "none",
    "KAIKOU_STT__ENGINE": "scripted",
    "KAIKOU_STT__SCRIPTED__DELAY_MS": "0",
    "KAIKOU_LLM__ENGINE": "scripted",
    "KAIKOU_LLM__SCRIPTED__FIRST_TOKEN_MS": "0",
    "KAIKOU_LLM__SCRIPTED__TOKENS_PER_SECOND": "1000000",
    "KAIKOU_LLM__SCRIPTED__REPLIES": WORDS,
    "KAIKOU_TTS__ENGINE": "scripted",
    "KAIKOU_LIVE__MAX_SESSIONS": "1000",
}
LONG = {"KAIKOU_LLM__SCRIPTED__REPLIES": " ".join(["word"] * int(LONG_SECONDS / 0.25)) + "."}
LIMIT = 60
LOAD = (1, 10, 30, 60, 100)


@dataclass(frozen=True, slots=True)
class Server:
    """One kind of row."""

    name: str
    script: str | None = None
    """In this folder; None: Kaikou itself."""
    arguments: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    wire: Wire = WIRES["realtime"]
    speech: bool = False
    """Callers send recorded speech instead of a voice-like sound."""
    every: float | None = None
    interrupt: float | None = None
    redial: float | None = None
    """Callers who were refused dial again each so many seconds."""
    sessions: tuple[int, ...] = LOAD
    pipecat: bool = False


def _kaikou(name: str, vad: str, **more: object) -> Server:
    settings = SCRIPTED | {"KAIKOU_VAD__ENGINE": vad} | more.pop("settings", {})  # type: ignore[operator]
    return Server(name, settings=settings, **more)  # type: ignore[arg-type]


def _floor(name: str, vad: str, seconds: float = REPLY_SECONDS, **more: object) -> Server:
    arguments = ("--vad", vad, "--reply-seconds", str(seconds))
    return Server(name, "floor_server.py", arguments, **more)  # type: ignore[arg-type]


def _pipecat(name: str, vad: str, seconds: float = REPLY_SECONDS, **more: object) -> Server:
    arguments = ("--vad", vad, "--reply-seconds", str(seconds))
    return Server(name, "pipecat_server.py", arguments, wire=PipecatWire(), pipecat=True, **more)  # type: ignore[arg-type]


def _limited(limit: int) -> dict[str, object]:
    return {"settings": {"KAIKOU_LIVE__MAX_SESSIONS": str(limit)}, "sessions": (2 * LIMIT,)}


# One interruption each 8 s: a turn, 1.5 s of its answer, a turn into it, the next answer.
_CUT: dict[str, object] = {"every": 8.0, "interrupt": 1.5, "sessions": (10,)}
_ALL = (
    _floor("floor", "energy"),
    _kaikou("kaikou", "energy"),
    _pipecat("pipecat", "energy", sessions=(1, 10, 20, 30)),
    _floor("floor, Silero", "silero", speech=True, sessions=(1, 10, 30)),
    _kaikou("kaikou, Silero", "silero", speech=True, sessions=(1, 10, 30, 60)),
    _pipecat("pipecat, Silero", "silero", speech=True, sessions=(1, 10, 20)),
    _kaikou(f"kaikou, limit {LIMIT}", "energy", **_limited(LIMIT)),
    _kaikou(f"kaikou, limit {LIMIT}, redial", "energy", redial=2.0, **_limited(LIMIT)),
    # As it is installed: the limit is what it finds by itself.
    _kaikou("kaikou, calibrated", "energy", **_limited(0)),
    _kaikou("kaikou, calibrated, redial", "energy", redial=2.0, **_limited(0)),
    _floor("floor, interrupted", "energy", LONG_SECONDS, **_CUT),
    _kaikou("kaikou, interrupted", "energy", settings=LONG, **_CUT),
    _kaikou("kaikou, Silero, interrupted", "silero", settings=LONG, speech=True, **_CUT),
    _pipecat("pipecat, interrupted", "energy", LONG_SECONDS, **_CUT),
)
SERVERS = {server.name.replace(", ", "-").replace(" ", "-").lower(): server for server in _ALL}
"""By the name the command line takes."""


@dataclass(slots=True)
class Running:
    """A server that takes calls. ``idle_mb`` is its memory before the first of them."""

    server: Server
    port: int
    pid: int
    idle_mb: float | None

    def cpu_seconds(self) -> float:
        """Used so far by the server and by this process."""
        used = usage_of(self.pid)
        return (used.cpu if used else 0.0) + time.process_time()


@contextmanager
def started(servers: Sequence[Server], pipecat: Path | None) -> Iterator[list[Running]]:
    """All of them on core 0, ready; stopped at the end."""
    with ExitStack() as stack:
        running = [stack.enter_context(_one(server, pipecat)) for server in servers]
        time.sleep(1.0)
        for one in running:
            used = usage_of(one.pid)
            one.idle_mb = round(used.memory / 1e6, 1) if used else None
        yield running


@contextmanager
def _one(server: Server, pipecat: Path | None) -> Iterator[Running]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        python = str(pipecat) if server.pipecat else sys.executable
        script = ["-m", "kaikou", "serve"] if server.script is None else [str(HERE / server.script)]
        environment = os.environ | {"KAIKOU_DATA_DIR": folder} | server.settings
        log = Path(folder) / "server.log"
        with log.open("w") as out, _on_core(0):
            process = subprocess.Popen(
                [python, *script, "--port", str(port), *server.arguments],
                cwd=folder,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_ready(server, port, process, log)
            yield Running(server, port, process.pid, None)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def _on_core(core: int) -> Iterator[None]:
    """What is started here stays on that core, where the system can keep it there."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def _wait_ready(server: Server, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    path = "/ready" if server.script is None else "/openapi.json"
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"{server.name} did not start:\n{log.read_text()[-2000:]}")


def ensure_pipecat(python: Path | None, install: bool) -> Path:
    """The interpreter of an environment that has Pipecat; made in the cache folder where asked for."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "kaikou" / "pipecat"
    found = python or home / "bin" / "python"
    if not found.exists():
        if not install:
            raise SystemExit(f"Pipecat is not in {home}: give --pipecat PYTHON or --install-pipecat.")
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        needed = ["pipecat-ai[websocket,silero]", "uvicorn", "uvloop"]
        subprocess.run([str(found), "-m", "pip", "install", "-q", *needed], check=True)
    return found
