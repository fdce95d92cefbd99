"""Kokoro's 8-bit ONNX graph in float32: the same weights, without rounding every activation.

The published file computes with 8-bit integers: each product is ``DynamicQuantizeLinear`` of the
input, ``ConvInteger`` or ``MatMulInteger``, a bias rounded to integers, ``Cast`` and ``Mul`` with both
scales. Processors with wide vectors run plain ``Conv`` and ``MatMul`` faster than that. A weight is
``(quantised - zero point) * scale`` (ONNX specification, DequantizeLinear); the weights of
``DynamicQuantizeLSTM`` (com.microsoft) lie transposed, [directions, inputs, 4 * hidden].
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray

from kaikou.engines.tts.kokoro.graph import Graph, broken
from kaikou.engines.tts.kokoro.rewrites import Keep

Array = NDArray[np.generic]
_LSTM_INPUTS = 8
"""Of the standard LSTM; the quantised one has scales and zero points behind them."""


def dequantise(graph: Graph, keep: Keep) -> None:
    """Put float32 nodes for all quantised ones of ``graph``, in place. Weights go to ``keep`` one by
    one, so that only one is in memory. Nodes and weights that nothing needs any more are left: cut
    the graph afterwards. Raises ModelUnavailable where a pattern is not the known one."""
    _Rewriting(graph, keep).run()


class _Rewriting:
    def __init__(self, graph: Graph, keep: Keep) -> None:
        self._graph = graph
        self._keep = keep
        self._kept: set[str] = set()

    def run(self) -> None:
        for node in self._graph.nodes:
            match node.op_type:
                case "ConvInteger" | "MatMulInteger":
                    self._product(node)
                case "DynamicQuantizeLSTM":
                    self._lstm(node)
        self._graph.index()

    def _product(self, node: onnx.NodeProto) -> None:
        """The chain from ``node`` to the ``Mul`` with the scales becomes one node with its name."""
        quantised, weight, _, zero_point = node.input
        source = self._graph.producer(quantised)
        after = self._graph.only_user(node.output[0])
        bias = ""
        if after.op_type == "Add":
            bias = self._float_bias(after.input[1])
            after = self._graph.only_user(after.output[0])
        scaled = self._graph.only_user(after.output[0])
        if source.op_type != "DynamicQuantizeLinear" or after.op_type != "Cast" or scaled.op_type != "Mul":
            raise broken(node.name)
        scales = self._graph.producer(scaled.input[1])
        scale = next((name for name in scales.input if name in self._graph.weights), None)
        if scale is None:
            raise broken(scaled.input[1])
        axis = 0 if node.op_type == "ConvInteger" else -1
        name = self._weight(weight, scale, zero_point, axis)
        node.op_type = node.op_type.removesuffix("Integer")
        node.input[:] = [source.input[0], name, *([bias] if bias else [])]
        node.output[:] = [scaled.output[0]]
        scaled.output[:] = [f"{scaled.output[0]}_unused"]

    def _float_bias(self, rounded: str) -> str:
        """The bias in float32 behind ``Div -> Floor -> Cast -> Reshape``."""
        for _ in range(4):
            node = self._graph.producer(rounded)
            rounded = node.input[0]
            if node.op_type == "Div":
                return rounded
        raise broken(rounded)

    def _lstm(self, node: onnx.NodeProto) -> None:
        plain, (w_scale, w_zero, r_scale, r_zero) = node.input[:_LSTM_INPUTS], node.input[_LSTM_INPUTS:]
        plain[1] = self._weight(plain[1], w_scale, w_zero, 0, turned=True)
        plain[2] = self._weight(plain[2], r_scale, r_zero, 0, turned=True)
        node.op_type, node.domain = "LSTM", ""
        node.input[:] = plain

    def _weight(self, name: str, scale: str, zero_point: str, axis: int, *, turned: bool = False) -> str:
        floating = f"{name}_float32"
        if floating not in self._kept:
            weight = self._graph.weight(name).astype(np.float32)
            weight -= _along(self._graph.weight(zero_point), weight.ndim, axis).astype(np.float32)
            weight *= _along(self._graph.weight(scale), weight.ndim, axis).astype(np.float32)
            if turned:
                weight = np.ascontiguousarray(weight.transpose(0, 2, 1))
            self._graph.weights[floating] = self._keep(floating, weight)
            self._kept.add(floating)
        return floating


def _along(values: Array, dimensions: int, axis: int) -> Array:
    """One value, or one for each index of ``axis``, in a shape that broadcasts."""
    if values.ndim == 0:
        return values
    shape = [1] * dimensions
    shape[axis] = len(values)
    return values.reshape(shape)
