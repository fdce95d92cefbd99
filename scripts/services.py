"""The services that tests need: a PostgreSQL of their own, on a private port and data folder.

  python scripts/services.py start [--install]    start it (apt-get install it first, if root)
  python scripts/services.py url                  print its URL; exit status 1 when it does not run
  python scripts/services.py stop                 stop it and delete its data

With CI=true, ``start`` installs without being asked. Nothing outside the data folder is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(
    os.environ.get("SERVICES_DIR") or Path(tempfile.gettempdir()) / f"kaikou-services-{os.getuid()}"
)
DATA, STATE = FOLDER / "postgres", FOLDER / "postgres.json"
USER = "kaikou"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=("start", "stop", "url"))
    parser.add_argument("--install", action="store_true", help="apt-get install what is missing (root only)")
    given = parser.parse_args()
    if given.command == "start":
        print(start(install=given.install or os.environ.get("CI") == "true"))
    elif given.command == "stop":
        stop()
    elif (url := running()) is None:
        return 1
    else:
        print(url)
    return 0


def start(*, install: bool) -> str:
    """Start PostgreSQL, unless it runs; returns its URL."""
    if (url := running()) is not None:
        return url
    programs = binaries(install=install)
    stop()
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    password = secrets.token_urlsafe(16)
    port = free_port()
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(FOLDER, "postgres", "postgres")
    secret = FOLDER / "password"
    secret.write_text(password)
    if os.getuid() == 0:
        shutil.chown(secret, "postgres", "postgres")
    secret.chmod(0o600)
    initdb = ["initdb", "-D", DATA, "-U", USER, "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8"]
    run(programs, *initdb, "--locale=C.UTF-8", "--no-sync")
    secret.unlink()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={FOLDER}"
    # A test's data may be lost in a power cut.
    options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    run(
        programs,
        "pg_ctl",
        "-D",
        DATA,
        "-l",
        FOLDER / "postgres.log",
        "-w",
        "-t",
        "60",
        "-o",
        options,
        "start",
    )
    url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
    STATE.touch(mode=0o600)
    STATE.write_text(json.dumps({"url": url, "port": port, "programs": str(programs)}))
    return url


def stop() -> None:
    """Stop PostgreSQL, if it runs, and delete its data."""
    if (DATA / "postmaster.pid").exists():
        run(binaries(install=False), "pg_ctl", "-D", DATA, "-m", "immediate", "-w", "stop", check=False)
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


def binaries(*, install: bool) -> Path:
    """The folder of initdb and pg_ctl, the newest version there is."""
    if (found := _binaries()) is not None:
        return found
    if install and os.getuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=quiet)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"]
        subprocess.run(command, check=True, env=quiet, stdout=sys.stderr)
        if (found := _binaries()) is not None:
            return found
    sys.exit("PostgreSQL is not installed: apt-get install postgresql, or run this as root with --install")


def _binaries() -> Path | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    folders = folders[::-1] + ([Path(on_path).resolve().parent] if on_path else [])
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def run(programs: Path, name: str, *arguments: object, check: bool = True) -> None:
    command = [str(programs / name), *map(str, arguments)]
    if os.getuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd="/", check=False, stdin=subprocess.DEVNULL
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
