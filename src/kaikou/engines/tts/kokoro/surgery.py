"""The published model file taken apart: cut as it is, or in float32 with its weights in one file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from kaikou.engines.tts.kokoro import parts, rewrites
from kaikou.engines.tts.kokoro.dequantise import dequantise
from kaikou.engines.tts.kokoro.graph import Graph, Tensor, broken

_DURATIONS = Tensor(parts.DURATIONS, (1, "tokens"))
_FEATURES = Tensor(parts.FEATURES, (1, 512, "frames"))
_PITCH = Tensor(parts.PITCH, (1, "halves"))
_ENERGY = Tensor(parts.ENERGY, (1, "halves"))
_HARMONICS = Tensor(parts.HARMONICS, (1, 22, "steps"))
_SPECTRA = Tensor(parts.SPECTRA, (1, 22, "steps"))

_PAGE = 4096  # runtimes map weights that begin on a page
_SMALLEST = 1024  # bytes; smaller weights stay inside the graph


def cut(model: Path) -> dict[str, bytes]:
    """The 8-bit parts by name. Raises ModelUnavailable, OSError."""
    graph = _read(model)
    rewrites.spectrum(graph)
    graph.index()
    return {name: part.SerializeToString() for name, part in _cut(graph).items()}


def write_float32(model: Path, folder: Path) -> None:
    """The float32 parts as ``<name>.onnx``, ``vocoder-openvino.onnx`` for OpenVINO, and ``weights.bin``
    for all of them. Raises ModelUnavailable, OSError."""
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


def _cut(graph: Graph) -> dict[str, onnx.ModelProto]:
    return {
        "encoder": graph.part((), (_FEATURES, _PITCH, _ENERGY, _DURATIONS)),
        "source": graph.part((_PITCH,), (_HARMONICS,)),
        "vocoder": graph.part((_FEATURES, _PITCH, _ENERGY, _HARMONICS), (_SPECTRA,)),
        "wave": graph.part((_SPECTRA,), graph.outputs),
    }


def _read(model: Path) -> Graph:
    try:
        return Graph(onnx.load(model))
    except DecodeError as error:
        raise broken(model.name) from error


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
