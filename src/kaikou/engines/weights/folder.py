"""A model's folder on disk: is it whole, and are its bytes the published ones?

Hashing a gigabyte at each start would be slow, so a folder that was verified carries a seal: the
size and modification time of each file at that moment. A file that still has both is taken as
unchanged; any other is hashed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from kaikou.engines.weights.catalogue import Model, WeightFile
from kaikou.errors import ModelUnavailable

SEAL = ".kaikou.json"


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def complete(folder: Path, model: Model) -> tuple[WeightFile, ...] | None:
    """The variant of ``model`` of which ``folder`` holds every file at the right size, or None."""
    return next((files for files in model.variants if _all_sized(folder, files)), None)


def _all_sized(folder: Path, files: Iterable[WeightFile]) -> bool:
    try:
        return all((folder / file.name).stat().st_size == file.size for file in files)
    except OSError:
        return False


def verify(folder: Path, model: str, files: Sequence[WeightFile]) -> None:
    """Raise ModelUnavailable naming the first file that is missing or altered; seal the folder."""
    trusted = _sealed(folder)
    if all(trusted.get(file.name) == _mark(folder / file.name, file) for file in files):
        return
    for file in files:
        path = folder / file.name
        if not path.is_file():
            raise ModelUnavailable(
                f"The file {file.name} of model {model} is missing.",
                hint=f"Run `kaikou models pull {model}` to fetch it.",
            )
        if trusted.get(file.name) != _mark(path, file) and sha256(path) != file.sha256:
            raise ModelUnavailable(
                f"The file {file.name} of model {model} is not the published one (its SHA-256 differs).",
                code="model_altered",
                hint=f"Run `kaikou models pull {model} --force` to fetch it again; the file is {path}.",
            )
    seal = {file.name: _mark(folder / file.name, file) for file in files}
    with contextlib.suppress(PermissionError, OSError):  # a read-only copy is hashed at each start instead
        (folder / SEAL).write_text(json.dumps({"files": seal}, indent=1), "utf-8")


def _mark(path: Path, file: WeightFile) -> list[object] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return [file.sha256, stat.st_size, stat.st_mtime_ns]


def _sealed(folder: Path) -> dict[str, list[object]]:
    try:
        marks = json.loads((folder / SEAL).read_text("utf-8"))["files"]
        return {str(name): list(mark) for name, mark in marks.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # no seal, or not one of ours: everything is hashed
