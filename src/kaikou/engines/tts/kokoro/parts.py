"""Kokoro in four parts, each run by the runtime and in the precision that suits it.

========  ==============================================  ==========================================
part      from                                            to
========  ==============================================  ==========================================
encoder   tokens, style, speed                            features, pitch, energy, durations
source    pitch                                           the voice's harmonics, as spectra
vocoder   features, pitch, energy, harmonics, style       the sound, as spectra: nine tenths of the work
wave      spectra                                         samples
========  ==============================================  ==========================================

The cut behind the encoder lets silence be left out. Source and wave are apart because they compute
phases: in bfloat16 these would be wrong by more than a turn, and they cost next to nothing in float32.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kaikou.errors import ModelUnavailable

DURATIONS = "/encoder/Clip_output_0"
FEATURES = "/encoder/MatMul_1_output_0"
PITCH = "/encoder/Reshape_output_0"
ENERGY = "/encoder/Reshape_1_output_0"
HARMONICS = "/decoder/decoder/generator/Concat_3_output_0"
SPECTRA = "/decoder/decoder/generator/conv_post/Conv_output_0"

_FORMAT = 1
"""Raised whenever what ``surgery`` writes changes."""
_FOLDER = "kokoro-82m-float32"
_MANIFEST = "manifest.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """The four models: files, or their content."""

    encoder: Path | bytes
    source: Path | bytes
    vocoder: Path | bytes
    wave: Path | bytes
    openvino: Path | None = None
    """The vocoder once more, rewritten for OpenVINO."""
    cache: Path | None = None
    """Where OpenVINO may keep what it compiled."""


def quantised(model: Path) -> Parts:
    """The published 8-bit model, cut in memory. Blocking. Raises ModelUnavailable."""
    from kaikou.engines.tts.kokoro import surgery  # it takes a second to import; most starts do without

    try:
        made = surgery.cut(model)
    except OSError as error:
        raise _unreadable() from error
    return Parts(made["encoder"], made["source"], made["vocoder"], made["wave"])


def floating(model: Path, places: Sequence[Path]) -> Parts:
    """The model in float32, kept in a folder ``kokoro-82m-float32`` of the first of ``places`` that has
    it or can be written to; about 330 MB, made in a second or two. Blocking.

    Raises ModelUnavailable for a model file that is not the known one, OSError where nothing can be
    written.
    """
    try:
        mark = _mark(model)
    except OSError as error:
        raise _unreadable() from error
    folders = [place / _FOLDER for place in places]
    for folder in folders:
        if _whole(folder, mark):
            return _parts(folder)
    problem: OSError | None = None
    for folder in folders:
        try:
            _make(model, mark, folder)
        except OSError as error:
            log.info("no float32 model in %s: %s", folder, error)
            problem = problem or error
            continue
        return _parts(folder)
    raise problem or FileNotFoundError("no folder to keep the float32 model in")


def _unreadable() -> ModelUnavailable:
    return ModelUnavailable(
        "The model file of Kokoro cannot be read.", hint="Run `kaikou models pull kokoro-82m`."
    )


def _make(model: Path, mark: list[Any], folder: Path) -> None:
    """Write everything beside ``folder``, then rename it: a folder of that name is always whole."""
    from kaikou.engines.tts.kokoro import surgery

    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        stage.chmod(0o755)
        surgery.write_float32(model, stage)
        files = {path.name: _mark(path) for path in sorted(stage.iterdir())}
        manifest = {"format": _FORMAT, "source": mark, "files": files}
        (stage / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        if folder.exists():
            if _whole(folder, mark):  # another process was faster
                return
            old = stage / "old"
            folder.rename(old)
        stage.rename(folder)
        shutil.rmtree(folder / "old", ignore_errors=True)
    except OSError:
        if _whole(folder, mark):  # it took the place between our two looks
            return
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _whole(folder: Path, mark: list[Any]) -> bool:
    """Is ``folder`` what was once made from the model file with this ``mark``, with nothing changed?"""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        return (
            manifest["format"] == _FORMAT
            and manifest["source"] == mark
            and all(_mark(folder / name)[:2] == kept[:2] for name, kept in manifest["files"].items())
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _mark(path: Path) -> list[Any]:
    """What tells a file from a changed one without reading it."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _parts(folder: Path) -> Parts:
    cache = folder / "openvino"
    return Parts(
        **{name: folder / f"{name}.onnx" for name in ("encoder", "source", "vocoder", "wave")},
        openvino=folder / "vocoder-openvino.onnx",
        cache=cache if os.access(folder, os.W_OK) or cache.is_dir() else None,
    )
