"""The child process of the embedded language model: llama.cpp with its own loopback server.

Run as a script, so that it loads nothing but llama.cpp. Reads one line of JSON
(:class:`ChildConfig`) from standard input, writes one line with its address to standard output,
and serves until standard input closes, which also happens when the parent dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
import threading
from dataclasses import asdict, dataclass, field

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """What the child needs to know; given on standard input, so that the key shows in no listing."""

    model: str
    api_key: str = field(repr=False)
    context: int
    """Tokens of one request, prompt and answer together."""
    parallel: int
    threads: int
    gpu_layers: int
    """Layers on a GPU; -1 as many as fit."""
    batch: int
    """Prompt tokens processed in one go. In between, other requests move on and cancelled ones stop."""
    prompt_cache_mb: int
    """Memory for prompts that lost their place."""
    nice: int
    parent: int

    def to_json(self) -> str:
        return json.dumps(asdict(self))


def main() -> None:
    # A group of its own: Ctrl+C in the terminal is the parent's to handle. But no session of its own:
    # Linux shares cores among sessions first (autogroup), and niceness counts only within one. It is
    # done here because uvloop's subprocesses don't know `process_group`.
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    # Only the address goes to standard output: whatever the library prints joins the log.
    answer = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(os.dup(0), "rb", buffering=0) as given:
        config = ChildConfig(**json.loads(given.readline()))
    _die_with(config.parent)
    if hasattr(os, "nice"):
        os.nice(config.nice)
    parent_gone = threading.Thread(target=_exit_at_end_of_input, name="parent watch", daemon=True)
    parent_gone.start()
    try:
        address = serve(config)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must learn that we end
        print(error, file=sys.stderr, flush=True)
        os._exit(1)
    os.write(answer, json.dumps({"address": address}).encode() + b"\n")
    os.close(answer)
    parent_gone.join()


def serve(config: ChildConfig) -> str:
    """Load the model and serve it in threads of the library; the server's address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = config.model
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [config.api_key]
    params.ui = False
    params.n_ctx = config.context * config.parallel
    params.n_parallel = config.parallel
    params.n_batch = params.n_ubatch = config.batch
    params.n_gpu_layers = config.gpu_layers
    params.cache_ram_mib = config.prompt_cache_mb
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = config.threads
        cpu.poll = 0  # waiting threads sleep: spinning ones would starve speech
    server = xllamacpp.Server(params)
    _kept.append(server)
    return str(server.listening_address)


_kept: list[object] = []
"""The server must live as long as the process."""


def _die_with(parent: int) -> None:
    """Let the kernel end this process with its parent, where it can (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # the watch on standard input remains
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)


def _exit_at_end_of_input() -> None:
    while os.read(0, 1024):
        pass
    # At once: nothing here is worth saving, and an orderly end would first finish its work.
    os._exit(0)


if __name__ == "__main__":
    main()
