"""The network: windows of 1.6 s of mel power to vectors of length 1.

Made as an ONNX graph from the weights, so that ONNX Runtime computes it outside Python's lock: in numpy a
reply that is being made would feel each of its hundreds of steps.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from kaikou.audio.pcm import Samples
from kaikou.engines.mel import FFT, HOP, filters, power_frames
from kaikou.engines.onnx import open_session

Array = NDArray[np.float32]

BANDS = 40
WINDOW = 160
"""Frames that the network sees at once: 1.6 s."""
STEP = 77
"""Frames from one window to the next."""
LAYERS = 3
MOST_WINDOWS = 6
"""Of longer sound this many windows are looked at, evenly: enough for a voice, and no more waiting."""
_COVERED = 0.75
"""Of its last window so much must be sound."""
_OPSET, _IR = 17, 9


class Network:
    """Turns sound into a vector. Blocks; safe to use from several threads."""

    def __init__(self, graph: bytes, threads: int) -> None:
        self._session: onnxruntime.InferenceSession = open_session(graph, threads)

    def vector(self, samples: Samples) -> Array:
        """[256], of length 1 and nowhere negative, for float32 mono sound at 16 kHz."""
        (raw,) = self._session.run(None, {"mels": windows(samples).transpose(1, 0, 2)})
        mean: Array = _unit(raw).mean(axis=0)
        unit: Array = mean / np.maximum(np.float32(np.linalg.norm(mean)), np.finfo(np.float32).tiny)
        return unit


def _unit(rows: Array) -> Array:
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    unit: Array = rows / lengths
    return unit


def network_graph(tensors: Mapping[str, Array]) -> bytes:
    """``mels`` [160, windows, 40] to ``voices`` [windows, 256]: three LSTMs (Hochreiter and Schmidhuber
    1997, with forget gate), whose last state goes through one linear layer and ReLU. ``tensors`` by
    PyTorch's names; KeyError where one is missing."""
    weights: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def keep(name: str, value: NDArray[np.generic]) -> str:
        weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    given = "mels"
    axis = keep("directions", np.array([1], np.int64))
    for number in range(LAYERS):
        own = [tensors[f"lstm.{name}_l{number}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        inputs, state, bias_in, bias_state = (_gates(one) for one in own)
        hidden = state.shape[1]
        names = [
            keep(f"w{number}", inputs[None]),
            keep(f"r{number}", state[None]),
            keep(f"b{number}", np.concatenate([bias_in, bias_state])[None]),
        ]
        seen, last = f"seen{number}", f"last{number}"
        nodes.append(helper.make_node("LSTM", [given, *names], [seen, last], hidden_size=hidden))
        given = f"given{number + 1}"
        nodes.append(helper.make_node("Squeeze", [seen, axis], [given]))
    first = keep("first", np.array([0], np.int64))
    nodes.append(helper.make_node("Squeeze", [f"last{LAYERS - 1}", first], ["state"]))
    linear = [keep("linear", tensors["linear.weight"]), keep("bias", tensors["linear.bias"])]
    nodes.append(helper.make_node("Gemm", ["state", *linear], ["raw"], transB=1))
    nodes.append(helper.make_node("Relu", ["raw"], ["voices"]))
    takes = helper.make_tensor_value_info("mels", TensorProto.FLOAT, [WINDOW, "windows", BANDS])
    gives = helper.make_tensor_value_info(
        "voices", TensorProto.FLOAT, ["windows", len(tensors["linear.bias"])]
    )
    graph = helper.make_graph(nodes, "speaker", [takes], [gives], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    packed: bytes = model.SerializeToString()
    return packed


def _gates(rows: Array) -> Array:
    """PyTorch's order of the gates (input, forget, cell, output) as ONNX' (input, output, forget, cell)."""
    inputs, forget, cell, output = np.split(rows, 4)
    return np.concatenate([inputs, output, forget, cell])


def windows(samples: Samples) -> Array:
    """Mel power in windows [windows, 160, 40], the last filled with silence."""
    frames = -(-(len(samples) + 1) // HOP)
    starts = list(range(0, max(1, frames - WINDOW + STEP + 1), STEP))
    if len(starts) > 1 and len(samples) - starts[-1] * HOP < _COVERED * WINDOW * HOP:
        starts.pop()
    if len(starts) > MOST_WINDOWS:
        starts = [starts[at] for at in np.linspace(0, len(starts) - 1, MOST_WINDOWS).astype(int)]
    length = max(len(samples), (starts[-1] + WINDOW) * HOP)
    padded = np.pad(samples, (FFT // 2, FFT // 2 + length - len(samples)))
    mel = (power_frames(padded.astype(np.float32)) @ filters(BANDS).T).astype(np.float32)
    return np.stack([mel[start : start + WINDOW] for start in starts])
