"""`make dev`: the server with reload and Vite's development server, side by side.

Edit Python and the server restarts; edit the page and the browser follows. Open Vite's address
(it prints it); what belongs to the server is passed on to it. Ctrl-C ends both.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time

import page

STOP_SECONDS = 10


def start() -> list[subprocess.Popen[bytes]]:
    server = os.environ.get("PORT") or os.environ.get("KAIKOU_PORT") or "8000"
    environment = {**os.environ, "KAIKOU_SERVER": f"http://127.0.0.1:{server}"}
    commands = [
        [sys.executable, "-m", "kaikou", "serve", "--reload"],
        [sys.executable, page.__file__, "--npm", "run", "dev"],
    ]
    # Each in a group of its own: the programs they start end with them.
    return [
        subprocess.Popen(command, cwd=page.ROOT, env=environment, start_new_session=True)
        for command in commands
    ]


def stop(children: list[subprocess.Popen[bytes]]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(child.poll() is None for child in children):
            time.sleep(0.1)


def main() -> int:
    children = start()
    status = 0
    # A service manager's stop is a Ctrl-C like any other.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        status = next(child.returncode for child in children if child.returncode is not None)
    except KeyboardInterrupt:
        print()
    stop(children)
    return status


if __name__ == "__main__":
    sys.exit(main())
