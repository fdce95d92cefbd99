"""Sound files by their extension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kaikou.errors import InvalidInput

if TYPE_CHECKING:
    from kaikou.audio.pcm import Pcm

_FORMATS = {".wav": "wav", ".mp3": "mp3", ".opus": "opus", ".ogg": "opus", ".flac": "flac", ".aac": "aac"}


def format_of(path: Path) -> str:
    """The format a file name asks for. InvalidInput before any work is done for nothing."""
    found = _FORMATS.get(path.suffix.lower())
    if found is None:
        raise InvalidInput(
            f"The extension of {path.name!r} names no audio format.",
            code="unsupported_format",
            hint=f"Use one of {', '.join(_FORMATS)}.",
        )
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {str(path.parent)!r} to write into.", code="no_such_folder")
    return found


def write_sound(path: Path, sound: Pcm) -> None:
    """Write a whole file. Blocking."""
    from kaikou.audio.encoding import encode

    path.write_bytes(encode(sound, format_of(path)))
