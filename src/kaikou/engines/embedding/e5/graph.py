"""The encoder as an ONNX graph: BERT (Devlin et al. 2018) from summed embeddings to mean-pooled vectors.

Inputs: ``embedded`` float32 [texts, tokens, hidden], word, position and type embeddings added up;
``mask`` float32 [texts, tokens], 1 for a token, 0 for padding. Output: ``pooled`` [texts, hidden], the
mean over a text's tokens. The graph is made from the packed weights each time: it takes less time than
reading it back would save, and leaves one file on disk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from kaikou.engines.embedding.e5.packed import Packed

_OPSET = 20
_IR = 9
_HIDDEN_FROM_MASK = 1e9


def encoder_graph(packed: Packed) -> bytes:
    """The graph, serialised for ``open_session``."""
    graph: bytes = _Builder(packed).model().SerializeToString()
    return graph


class _Builder:
    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._shape = packed.shape
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def model(self) -> onnx.ModelProto:
        shape = self._shape
        width = shape.hidden // shape.heads
        self._keep("split", np.array([0, 0, 3, shape.heads, width], np.int64))
        self._keep("merge", np.array([0, 0, shape.hidden], np.int64))
        self._keep("one", np.array(1, np.float32))
        self._keep("far", np.array(-_HIDDEN_FROM_MASK, np.float32))
        self._keep("scale", np.array(width**-0.5, np.float32))
        self._keep("heads_and_queries", np.array([1, 2], np.int64))
        self._keep("tokens_axis", np.array([1], np.int64))
        self._keep("last_axis", np.array([2], np.int64))
        for part in range(3):
            self._keep(f"part{part}", np.array(part, np.int64))
        away = self._node("Sub", "one", "mask")
        away = self._node("Mul", away, "far")
        self._bias = self._node("Unsqueeze", away, "heads_and_queries")
        now = self._norm("emb.ln", "embedded")
        for layer in range(shape.layers):
            now = self._layer(f"l{layer}", now)
        weight = self._node("Unsqueeze", "mask", "last_axis")
        total = self._node("ReduceSum", self._node("Mul", now, weight), "tokens_axis", keepdims=0)
        count = self._node("ReduceSum", weight, "tokens_axis", keepdims=0)
        self._nodes.append(helper.make_node("Div", [total, count], ["pooled"]))
        return self._finished()

    def _layer(self, name: str, given: str) -> str:
        """Attention and the inner part, each with its residual and norm behind it."""
        after = self._norm(f"{name}.aln", self._node("Add", given, self._attention(name, given)))
        inner = self._node("Gelu", self._linear(after, f"{name}.fi", self._shape.hidden))
        inner = self._linear(inner, f"{name}.fo", self._shape.inner)
        return self._norm(f"{name}.oln", self._node("Add", after, inner))

    def _attention(self, name: str, given: str) -> str:
        """Scaled dot products of all heads; queries, keys and values come from one product."""
        hidden = self._shape.hidden
        parts = [self._packed.matrix(f"{name}.{part}.w", hidden) for part in "qkv"]
        biases = [self._packed.floats(f"{name}.{part}.b") for part in "qkv"]
        self._keep(f"{name}.qkv.w", np.ascontiguousarray(np.concatenate(parts).T))
        self._keep(f"{name}.qkv.b", np.concatenate(biases))
        all_three = self._node("Add", self._node("MatMul", given, f"{name}.qkv.w"), f"{name}.qkv.b")
        all_three = self._node("Reshape", all_three, "split")
        turned = self._node("Transpose", all_three, perm=[2, 0, 3, 1, 4])
        query, key, value = (self._node("Gather", turned, f"part{part}", axis=0) for part in range(3))
        scores = self._node("MatMul", query, self._node("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self._node("Add", self._node("Mul", scores, "scale"), self._bias)
        mixed = self._node("MatMul", self._node("Softmax", scores, axis=-1), value)
        mixed = self._node("Reshape", self._node("Transpose", mixed, perm=[0, 2, 1, 3]), "merge")
        return self._linear(mixed, f"{name}.ao", hidden)

    def _linear(self, given: str, name: str, inputs: int) -> str:
        self._keep(f"{name}.w", np.ascontiguousarray(self._packed.matrix(f"{name}.w", inputs).T))
        self._keep(f"{name}.b", self._packed.floats(f"{name}.b"))
        return self._node("Add", self._node("MatMul", given, f"{name}.w"), f"{name}.b")

    def _norm(self, name: str, given: str) -> str:
        for part in "wb":
            self._keep(f"{name}.{part}", self._packed.floats(f"{name}.{part}"))
        return self._node("LayerNormalization", given, f"{name}.w", f"{name}.b", epsilon=self._shape.epsilon)

    def _node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _keep(self, name: str, value: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
        self._weights.append(numpy_helper.from_array(value, name))

    def _finished(self) -> onnx.ModelProto:
        hidden = self._shape.hidden
        inputs = [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, ["texts", "tokens", hidden]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["texts", "tokens"]),
        ]
        output = helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["texts", hidden])
        graph = helper.make_graph(self._nodes, "e5", inputs, [output], self._weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
