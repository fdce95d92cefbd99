"""Refreshes the locks: ``requirements.lock``, ``requirements-dev.lock``, ``frontend/package-lock.json``.

No lock names a download address: packages come from whatever index the reader's pip and npm are
set to, and the hashes say that they are the same files. Run by ``make lock``; ``--check`` only
tells whether a lock holds an address.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import page

ROOT = page.ROOT
PYTHON_LOCKS = {
    "requirements.lock": ([], "What `kaikou serve` needs."),
    "requirements-dev.lock": (["postgres", "dev"], "The same, with PostgreSQL, tests and linters."),
}
HEADER = "# {what} Made by `make lock`; do not edit.\n"


def lock_python(name: str, extras: list[str], what: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
    # One version of each package for every Python: what is tested on one is what runs on the other.
    command += ["--python-version", "3.11", "--fork-strategy", "fewest"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate"]
    command += ["--upgrade", *(f"--extra={extra}" for extra in extras), "pyproject.toml"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    (ROOT / name).write_text(HEADER.format(what=what) + answer.stdout, encoding="utf-8")


def without_addresses(node: Any) -> Any:
    """The lock's tree without ``resolved`` and ``funding``, the two keys that hold addresses."""
    if isinstance(node, dict):
        kept = node.items()
        return {key: without_addresses(value) for key, value in kept if key not in {"resolved", "funding"}}
    return [without_addresses(value) for value in node] if isinstance(node, list) else node


def lock_page() -> None:
    """Made anew, so that every package is the newest that package.json allows (as --upgrade above);
    in an empty folder, because npm leaves out the digests of what is installed already."""
    lock = page.FRONTEND / "package-lock.json"
    command, environment = page.npm()
    options = ["--package-lock-only", "--omit-lockfile-registry-resolved=true", "--no-audit", "--no-fund"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(page.FRONTEND / "package.json", folder)
        subprocess.run([*command, "install", *options], cwd=folder, env=environment, check=True)
        tree = without_addresses(json.loads(Path(folder, lock.name).read_text(encoding="utf-8")))
    lock.write_text(json.dumps(tree, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def addresses() -> list[str]:
    """Lines of the locks that hold an address."""
    locks = [ROOT / name for name in PYTHON_LOCKS] + [page.FRONTEND / "package-lock.json"]
    return [
        f"{lock.name}:{number}: {line.strip()}"
        for lock in locks
        for number, line in enumerate(Path(lock).read_text(encoding="utf-8").splitlines(), 1)
        if "://" in line
    ]


def main() -> int:
    if "--check" not in sys.argv[1:]:
        for name, (extras, what) in PYTHON_LOCKS.items():
            lock_python(name, extras, what)
        lock_page()
    found = addresses()
    print("\n".join(found) or "The locks name no address.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
