"""The same function in nodes that a runtime is fast at. Each rewrite edits a float32 graph in place.

Which runtime gains from which was measured with its own profiler; see ``surgery``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from kaikou.engines.tts.kokoro.graph import Graph

Keep = Callable[[str, NDArray[np.float32]], onnx.TensorProto]
"""Keeps a float32 weight somewhere and gives the tensor that stands for it in the graph."""

SINE_SQUARED = (9.869521738, -32.46503547, 42.64227089, -29.42107968, 10.573119)
"""sin²(pi r) for r in [-1/2, 1/2] as a polynomial in s = r²: s (c0 + s (c1 + ...)). Least squares at
4,001 Chebyshev points of s in [0, 1/4]; the largest error is 5e-7."""

_WITHOUT_END = np.iinfo(np.int64).max


def spectrum(graph: Graph) -> None:
    """``STFT`` as a convolution with the windowed Fourier basis: X[k] = sum x[n] w[n] exp(-2 pi i k n / N)
    (ONNX specification). Both runtimes take ten times as long for the node itself."""
    for node in list(graph.nodes):
        if node.op_type != "STFT":
            continue
        signal, hop, window = node.input[:3]
        shape = graph.weight(window).astype(np.float64)
        size = len(shape)
        angle = 2 * np.pi * np.outer(np.arange(size // 2 + 1), np.arange(size)) / size
        basis = np.concatenate((np.cos(angle) * shape, -np.sin(angle) * shape))[:, None, :]
        new = _Nodes(graph, node.name)
        flat = new.add("Reshape", signal, new.integers([1, 1, -1]))
        stride = int(graph.weight(hop))
        bins = new.add("Conv", flat, new.weight(basis), kernel_shape=[size], strides=[stride])
        split = new.add("Reshape", bins, new.integers([1, 2, size // 2 + 1, -1]))
        new.end("Transpose", node.output[0], split, perm=[0, 3, 2, 1])
        graph.replace([node], new.made)


def sines(graph: Graph) -> None:
    """The 48 activations x + sin²(a x) / a ("snake") with a polynomial: OpenVINO computes ``Sin`` one
    number at a time, multiplications 16 or 32."""
    for node in list(graph.nodes):
        if node.op_type != "Sin":
            continue
        scaled = graph.producer(node.input[0])
        users = graph.users(node.output[0])
        if scaled.op_type != "Mul" or [user.op_type for user in users] != ["Pow"]:
            continue
        squared = users[0]
        factor, x = scaled.input if scaled.input[0] in graph.weights else reversed(scaled.input)
        new = _Nodes(graph, node.name)
        turns = new.add("Mul", x, new.weight(graph.weight(factor) / np.pi))
        rest = new.add("Sub", turns, new.add("Round", turns))
        s = new.add("Mul", rest, rest)
        value = new.add("Mul", s, new.weight(np.array(SINE_SQUARED[-1])))
        for coefficient in SINE_SQUARED[-2:0:-1]:
            value = new.add("Mul", new.add("Add", value, new.weight(np.array(coefficient))), s)
        value = new.add("Add", value, new.weight(np.array(SINE_SQUARED[0])))
        new.end("Mul", squared.output[0], value, s)
        graph.replace([scaled, node, squared], new.made)


def upsampling(graph: Graph, keep: Keep) -> None:
    """A ``ConvTranspose`` whose kernel is a multiple of its stride, as a convolution that computes all
    phases of an output step as channels: y[q S + p] = sum_m x[q - m] w[p + m S]. OpenVINO has no
    matrix-unit kernel for the transposed one."""
    for node in list(graph.nodes):
        if node.op_type != "ConvTranspose":
            continue
        given = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        stride = given["strides"][0]
        x, weight, *bias = node.input
        kernel = graph.weight(weight)
        inputs, outputs, size = kernel.shape
        if given.get("group", 1) != 1 or size % stride or not bias or given.get("output_padding", [0]) != [0]:
            continue
        taps = size // stride
        # [inputs, outputs, taps, phases] to [outputs * phases, inputs, taps], the latest tap first.
        phases = kernel.reshape(inputs, outputs, taps, stride)[:, :, ::-1].transpose(1, 3, 0, 2)
        new = _Nodes(graph, node.name)
        name = f"{node.name}/phases"
        graph.weights[name] = keep(
            name, np.ascontiguousarray(phases, np.float32).reshape(outputs * stride, inputs, taps)
        )
        offset = new.weight(np.repeat(graph.weight(bias[0]), stride))
        found = new.add("Conv", x, name, offset, kernel_shape=[taps], pads=[taps - 1, taps - 1])
        found = new.add("Reshape", found, new.integers([1, outputs, stride, -1]))
        found = new.add("Transpose", found, perm=[0, 1, 3, 2])
        found = new.add("Reshape", found, new.integers([1, outputs, -1]))
        first, last = given["pads"]
        ends = new.integers([-last if last else _WITHOUT_END])
        new.end("Slice", node.output[0], found, new.integers([first]), ends, new.integers([2]))
        graph.replace([node], new.made)


class _Nodes:
    """New nodes under the name of an old one."""

    def __init__(self, graph: Graph, name: str) -> None:
        self._graph = graph
        self._name = name
        self.made: list[onnx.NodeProto] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """The name of the new node's output."""
        return self.end(kind, f"{self._name}/{len(self.made)}", *inputs, **attributes)

    def end(self, kind: str, output: str, *inputs: str, **attributes: Any) -> str:
        """The same for an output that has a name already."""
        name = f"{self._name}/{len(self.made)}"
        self.made.append(helper.make_node(kind, list(inputs), [output], name, **attributes))
        return output

    def weight(self, values: NDArray[np.floating]) -> str:
        return self._constant(np.asarray(values, np.float32))

    def integers(self, values: list[int]) -> str:
        return self._constant(np.array(values, np.int64))

    def _constant(self, values: NDArray[np.generic]) -> str:
        name = f"{self._name}/constant{len(self._graph.weights)}"
        self._graph.weights[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name
