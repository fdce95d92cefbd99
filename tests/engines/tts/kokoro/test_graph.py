"""Cutting a graph, on a small model written by hand and run for real."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from kaikou.engines.onnx import open_session
from kaikou.engines.tts.kokoro.graph import Model, Tensor, _field, _value_info, _varint
from kaikou.errors import ModelUnavailable


def node(kind: str, inputs: list[str], outputs: list[str]) -> bytes:
    body = b"".join(_field(1, name.encode()) for name in inputs)
    body += b"".join(_field(2, name.encode()) for name in outputs)
    return _field(1, body + _field(4, kind.encode()))


def weight(name: str, values: list[float]) -> bytes:
    data = np.array(values, "<f4").tobytes()
    head = _varint(1 << 3) + _varint(len(values)) + _varint(2 << 3) + _varint(1)
    return _field(5, head + _field(8, name.encode()) + _field(9, data))


def small_model() -> bytes:
    """y = (x + 2) * 3, by way of a tensor called ``middle``."""
    graph = (
        node("Add", ["x", "two"], ["middle"])
        + node("Mul", ["middle", "three"], ["y"])
        + _field(2, b"small")
        + weight("two", [2.0])
        + weight("three", [3.0])
        + _field(11, _value_info(Tensor("x", (None,))))
        + _field(12, _value_info(Tensor("y", (None,))))
    )
    version = _varint(1 << 3) + _varint(8)
    opset = _field(8, _field(1, b"") + _varint(2 << 3) + _varint(17))
    return version + opset + _field(7, graph)


MIDDLE = Tensor("middle", (None,))
X = np.array([1.0, -4.0], np.float32)


def test_both_halves_together_are_the_whole() -> None:
    model = Model(small_model())
    first = open_session(model.part((), [MIDDLE]), 1)
    second = open_session(model.part([MIDDLE], model.outputs), 1)
    (middle,) = first.run(None, {"x": X})
    (y,) = second.run(None, {"middle": middle})
    np.testing.assert_array_equal(middle, X + 2)
    np.testing.assert_array_equal(y, (X + 2) * 3)


def test_a_half_holds_only_what_it_needs() -> None:
    model = Model(small_model())
    assert b"three" not in model.part((), [MIDDLE])
    assert b"two" not in model.part([MIDDLE], ["y"])
    second = open_session(model.part([MIDDLE], ["y"]), 1)
    assert [one.name for one in second.get_inputs()] == ["middle"]


def test_an_extra_output_beside_the_own_one() -> None:
    model = Model(small_model())
    session = open_session(model.part((), [MIDDLE, "y"]), 1)
    middle, y = session.run(["middle", "y"], {"x": X})
    np.testing.assert_array_equal(y, middle * 3)


def test_a_tensor_that_is_not_there() -> None:
    with pytest.raises(ModelUnavailable, match="no tensor elsewhere"):
        Model(small_model()).part((), [Tensor("elsewhere", (None,))])


@pytest.mark.parametrize(
    "data", [b"", b"\x3a", b"not a model at all", b"\x3a\xff\xff\xff\xff\x0f", small_model()[:-5]]
)
def test_what_is_no_model(data: bytes) -> None:
    with pytest.raises(ModelUnavailable):
        Model(data)


def test_the_small_model_itself_runs() -> None:
    (y,) = onnxruntime.InferenceSession(small_model()).run(None, {"x": X})
    np.testing.assert_array_equal(y, (X + 2) * 3)
