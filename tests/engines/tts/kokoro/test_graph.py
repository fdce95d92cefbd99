"""Cutting and rewriting graphs, on small models run for real."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from kaikou.engines.onnx import open_session
from kaikou.engines.tts.kokoro import rewrites
from kaikou.engines.tts.kokoro.dequantise import dequantise
from kaikou.engines.tts.kokoro.graph import Graph, Tensor
from kaikou.errors import ModelUnavailable

FLOAT = onnx.TensorProto.FLOAT
RANDOM = np.random.default_rng(7)


def model(
    nodes: list[onnx.NodeProto],
    weights: dict[str, NDArray[np.generic]],
    x: list[int | str],
    rank: int,
) -> onnx.ModelProto:
    return helper.make_model(
        helper.make_graph(
            nodes,
            "small",
            [helper.make_tensor_value_info("x", FLOAT, x)],
            [helper.make_tensor_value_info("y", FLOAT, [None] * rank)],
            [numpy_helper.from_array(value, name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9,
    )


def run(made: onnx.ModelProto, x: NDArray[np.float32]) -> NDArray[np.float32]:
    session: onnxruntime.InferenceSession = open_session(made.SerializeToString(), 1)
    found: list[NDArray[np.float32]] = session.run(["y"], {"x": x})
    return found[0]


def keep(name: str, values: NDArray[np.float32]) -> onnx.TensorProto:
    return numpy_helper.from_array(values, name)


def sum_and_product() -> onnx.ModelProto:
    """y = (x + 2) * 3, by way of a tensor called ``middle``."""
    nodes = [
        helper.make_node("Add", ["x", "two"], ["middle"], "add"),
        helper.make_node("Mul", ["middle", "three"], ["y"], "mul"),
    ]
    return model(nodes, {"two": np.float32([2]), "three": np.float32([3])}, ["n"], 1)


MIDDLE = Tensor("middle", ("n",))
X = np.array([1.0, -4.0], np.float32)


def test_both_halves_together_are_the_whole() -> None:
    graph = Graph(sum_and_product())
    first = open_session(graph.part((), [MIDDLE]).SerializeToString(), 1)
    second = open_session(graph.part([MIDDLE], graph.outputs).SerializeToString(), 1)
    (middle,) = first.run(None, {"x": X})
    (y,) = second.run(None, {"middle": middle})
    np.testing.assert_array_equal(middle, X + 2)
    np.testing.assert_array_equal(y, (X + 2) * 3)


def test_a_half_holds_only_what_it_needs() -> None:
    graph = Graph(sum_and_product())
    assert [each.name for each in graph.part((), [MIDDLE]).graph.initializer] == ["two"]
    second = graph.part([MIDDLE], ["y"])
    assert [each.name for each in second.graph.initializer] == ["three"]
    assert [each.name for each in second.graph.input] == ["middle"]


def test_a_tensor_that_is_not_there() -> None:
    graph = Graph(sum_and_product())
    for name in ("elsewhere", "x"):
        with pytest.raises(ModelUnavailable, match=name):
            graph.producer(name)
    with pytest.raises(ModelUnavailable, match="elsewhere"):
        graph.part((), [Tensor("elsewhere", ("n",))])
    with pytest.raises(ModelUnavailable, match="elsewhere"):
        graph.weight("elsewhere")


def test_the_spectrum_by_convolution_is_the_node_s() -> None:
    node = helper.make_node("STFT", ["x", "hop", "window"], ["y"], "stft", onesided=1)
    window = np.hanning(20).astype(np.float32)
    made = model([node], {"hop": np.array(5, np.int64), "window": window}, [1, "n"], 4)
    graph = Graph(made)
    rewrites.spectrum(graph)
    assert {each.op_type for each in graph.nodes} == {"Reshape", "Conv", "Transpose"}
    x = RANDOM.standard_normal((1, 200), np.float32)
    np.testing.assert_allclose(run(graph.part((), ["y"]), x), run(made, x), atol=2e-5)


def test_a_sine_by_polynomial_is_a_sine() -> None:
    nodes = [
        helper.make_node("Mul", ["alpha", "x"], ["ax"], "mul"),
        helper.make_node("Sin", ["ax"], ["sin"], "sin"),
        helper.make_node("Pow", ["sin", "two"], ["y"], "pow"),
    ]
    alpha = np.float32([[[0.5], [3.0]]])
    graph = Graph(model(nodes, {"alpha": alpha, "two": np.float32(2)}, [1, 2, "n"], 3))
    rewrites.sines(graph)
    assert "Sin" not in {each.op_type for each in graph.nodes}
    x = RANDOM.uniform(-30, 30, (1, 2, 999)).astype(np.float32)
    np.testing.assert_allclose(run(graph.part((), ["y"]), x), np.sin(alpha * x) ** 2, atol=6e-5)


@pytest.mark.parametrize(("size", "stride", "pads"), [(20, 10, [5, 5]), (12, 6, [3, 3]), (4, 2, [0, 0])])
def test_upsampling_by_convolution_is_the_node_s(size: int, stride: int, pads: list[int]) -> None:
    node = helper.make_node(
        "ConvTranspose", ["x", "w", "b"], ["y"], "up", kernel_shape=[size], strides=[stride], pads=pads
    )
    weights = {
        "w": RANDOM.standard_normal((6, 4, size), np.float32),
        "b": RANDOM.standard_normal(4, np.float32),
    }
    made = model([node], weights, [1, 6, "n"], 3)
    graph = Graph(made)
    rewrites.upsampling(graph, keep)
    assert "ConvTranspose" not in {each.op_type for each in graph.nodes}
    x = RANDOM.standard_normal((1, 6, 13), np.float32)
    np.testing.assert_allclose(run(graph.part((), ["y"]), x), run(made, x), atol=2e-5)


def quantised_product() -> tuple[onnx.ModelProto, NDArray[np.float32]]:
    """y = x W with an 8-bit W of its own scale and zero point for each column, and W."""
    weight = RANDOM.integers(-128, 128, (32, 8)).astype(np.int8)
    scale = RANDOM.uniform(0.01, 0.02, 8).astype(np.float32)
    zero = RANDOM.integers(-5, 5, 8).astype(np.int8)
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "qs", "qz"], "quantise"),
        helper.make_node("MatMulInteger", ["q", "w", "qz", "wz"], ["i"], "product"),
        helper.make_node("Mul", ["qs", "ws"], ["scales"], "scales"),
        helper.make_node("Cast", ["i"], ["f"], "cast", to=FLOAT),
        helper.make_node("Mul", ["f", "scales"], ["y"], "scaled"),
    ]
    made = model(nodes, {"w": weight, "ws": scale, "wz": zero}, [1, 32], 2)
    return made, (weight.astype(np.float32) - zero) * scale


def test_dequantised_is_what_the_quantised_one_rounds() -> None:
    made, weight = quantised_product()
    x = RANDOM.standard_normal((1, 32), np.float32)
    rounded = run(made, x)
    graph = Graph(made)
    dequantise(graph, keep)
    part = graph.part((), ["y"])
    assert [each.op_type for each in part.graph.node] == ["MatMul"]
    np.testing.assert_allclose(run(part, x), x @ weight, rtol=1e-4, atol=1e-4)
    assert np.abs(run(part, x) - rounded).max() < 0.3


def test_an_unknown_pattern_is_refused() -> None:
    made, _ = quantised_product()
    made.graph.node[3].op_type = "Identity"
    with pytest.raises(ModelUnavailable, match="product"):
        dequantise(Graph(made), keep)
