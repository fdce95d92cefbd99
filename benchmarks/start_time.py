"""How long a start takes until calls are answered, with every model already in the cache.

  python benchmarks/start_time.py [--starts 3] [--json FILE]

Starts ``kaikou serve`` with the engines of this folder's settings, in a data folder of its own, and asks
``/api/health`` until it says healthy. The first start may fetch models and is not counted. It also compiles
Python's sources, as pip does when it installs them: bytecode is kept in the same folder, whatever
``PYTHONDONTWRITEBYTECODE`` says here.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from soak import free_port, wait_ready

from kaikou.machine import about_machine

MOST_SECONDS = 3600.0
"""A first start may have to fetch 1.6 GB."""


def start(folder: str) -> float:
    """Seconds from the command to healthy."""
    port = free_port()
    env = os.environ | {"KAIKOU_DATA_DIR": folder, "PYTHONPYCACHEPREFIX": str(Path(folder, "bytecode"))}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-m", "kaikou", "serve", "--port", str(port)],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_ready(port, MOST_SECONDS)
        return time.perf_counter() - begun
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--starts", type=int, default=3, help="after the first")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"first start: {start(folder):.1f} s", flush=True)
        times = []
        for _ in range(given.starts):
            times.append(start(folder))
            print(f"next start: {times[-1]:.1f} s", flush=True)
    print(f"median of {given.starts}: {statistics.median(times):.1f} s")
    if given.json:
        given.json.write_text(json.dumps({"seconds": times, "machine": about_machine()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
