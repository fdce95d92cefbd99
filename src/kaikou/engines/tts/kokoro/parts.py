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
from typing import Any, BinaryIO

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from kaikou.engines.tts.kokoro import rewrites
from kaikou.engines.tts.kokoro.dequantise import dequantise
from kaikou.engines.tts.kokoro.graph import Graph, Tensor, broken
from kaikou.errors import ModelUnavailable

DURATIONS = Tensor("/encoder/Clip_output_0", (1, "tokens"))
FEATURES = Tensor("/encoder/MatMul_1_output_0", (1, 512, "frames"))
PITCH = Tensor("/encoder/Reshape_output_0", (1, "halves"))
ENERGY = Tensor("/encoder/Reshape_1_output_0", (1, "halves"))
HARMONICS = Tensor("/decoder/decoder/generator/Concat_3_output_0", (1, 22, "steps"))
SPECTRA = Tensor("/decoder/decoder/generator/conv_post/Conv_output_0", (1, 22, "steps"))

_FORMAT = 1
"""Raised whenever what is written below changes."""
_MANIFEST = "manifest.json"
_PAGE = 4096  # runtimes map weights that begin on a page
_SMALLEST = 1024  # bytes; smaller weights stay inside the graph

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
    graph = _read(model)
    rewrites.spectrum(graph)
    graph.index()
    return Parts(**{name: part.SerializeToString() for name, part in _cut(graph).items()})


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
    folders = [place / "kokoro-82m-float32" for place in places]
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


def _cut(graph: Graph) -> dict[str, onnx.ModelProto]:
    return {
        "encoder": graph.part((), (FEATURES, PITCH, ENERGY, DURATIONS)),
        "source": graph.part((PITCH,), (HARMONICS,)),
        "vocoder": graph.part((FEATURES, PITCH, ENERGY, HARMONICS), (SPECTRA,)),
        "wave": graph.part((SPECTRA,), graph.outputs),
    }


def _read(model: Path) -> Graph:
    try:
        return Graph(onnx.load(model))
    except OSError as error:
        raise _unreadable() from error
    except DecodeError as error:
        raise broken(model.name) from error


def _unreadable() -> ModelUnavailable:
    return ModelUnavailable(
        "The model file of Kokoro cannot be read.", hint="Run `kaikou models pull kokoro-82m`."
    )


def _make(model: Path, mark: list[Any], folder: Path) -> None:
    """Write everything beside ``folder``, then rename it: a folder of that name is always whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        stage.chmod(0o755)
        _write(model, stage)
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


def _write(model: Path, folder: Path) -> None:
    graph = _read(model)
    with (folder / "weights.bin").open("wb") as file:
        weights = _WeightFile(file)
        dequantise(graph, weights.keep)
        rewrites.spectrum(graph)
        graph.index()
        for name, part in _cut(graph).items():
            weights.move(part)
            (folder / f"{name}.onnx").write_bytes(part.SerializeToString())
        rewrites.sines(graph)
        rewrites.upsampling(graph, weights.keep)
        graph.index()
        part = _cut(graph)["vocoder"]
        weights.move(part)
        (folder / "vocoder-openvino.onnx").write_bytes(part.SerializeToString())


class _WeightFile:
    """Weights of several models in one file, as the ONNX specification's external data."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}

    def keep(self, name: str, values: NDArray[np.float32]) -> onnx.TensorProto:
        """Write a float32 weight and give the tensor that points at it."""
        tensor = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT, dims=values.shape)
        self._point(tensor, np.ascontiguousarray(values, "<f4").tobytes())
        return tensor

    def move(self, model: onnx.ModelProto) -> None:
        """Take the large weights out of ``model``."""
        for tensor in model.graph.initializer:
            if tensor.data_location != onnx.TensorProto.EXTERNAL and len(tensor.raw_data) >= _SMALLEST:
                data = tensor.raw_data
                tensor.ClearField("raw_data")
                self._point(tensor, data)

    def _point(self, tensor: onnx.TensorProto, data: bytes) -> None:
        if tensor.name not in self._places:
            self._file.write(b"\0" * (-self._file.tell() % _PAGE))
            self._places[tensor.name] = (self._file.tell(), len(data))
            self._file.write(data)
        offset, length = self._places[tensor.name]
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", "weights.bin"), ("offset", str(offset)), ("length", str(length))):
            tensor.external_data.add(key=key, value=value)


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
