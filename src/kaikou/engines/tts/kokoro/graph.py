"""An ONNX graph to look around in, to edit and to cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from kaikou.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class Tensor:
    """A float32 tensor where the graph is cut; a string stands for a free dimension."""

    name: str
    shape: tuple[int | str, ...]


class Graph:
    """A model's nodes (in the specification's topological order) and its weights by name."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self.weights: dict[str, onnx.TensorProto] = {each.name: each for each in model.graph.initializer}
        self.nodes: list[onnx.NodeProto] = list(model.graph.node)
        self._producers: dict[str, onnx.NodeProto] = {}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        self.index()

    def index(self) -> None:
        """Look again who makes and who uses each tensor; until then edits are not seen."""
        self._producers = {name: node for node in self.nodes for name in node.output}
        self._users = {}
        for node in self.nodes:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the model's own outputs."""
        return tuple(output.name for output in self._model.graph.output)

    def producer(self, name: str) -> onnx.NodeProto:
        """The node that a tensor comes from. Raises ModelUnavailable."""
        if name not in self._producers:
            raise broken(name)
        return self._producers[name]

    def only_user(self, name: str) -> onnx.NodeProto:
        """The one node that takes a tensor. Raises ModelUnavailable."""
        users = self.users(name)
        if len(users) != 1:
            raise broken(name)
        return users[0]

    def users(self, name: str) -> Sequence[onnx.NodeProto]:
        """The nodes that take a tensor."""
        return self._users.get(name, ())

    def weight(self, name: str) -> NDArray[Any]:
        """A weight's values. Raises ModelUnavailable."""
        if name not in self.weights:
            raise broken(name)
        return numpy_helper.to_array(self.weights[name])

    def replace(self, old: Sequence[onnx.NodeProto], new: Sequence[onnx.NodeProto]) -> None:
        """``new`` in the place of the last of ``old``."""
        gone = {id(node) for node in old}
        places = [at for at, node in enumerate(self.nodes) if id(node) in gone]
        last = places[-1]
        before = [node for node in self.nodes[:last] if id(node) not in gone]
        self.nodes = [*before, *new, *self.nodes[last + 1 :]]

    def part(self, starts: Sequence[Tensor], ends: Sequence[Tensor | str]) -> onnx.ModelProto:
        """A model that computes ``ends`` from the tensors ``starts`` and the model's own inputs.

        An end named by a string is one of the model's own outputs. Raises ModelUnavailable where a
        tensor does not exist, i.e. this is not the model the caller knows.
        """
        given = {tensor.name for tensor in starts}
        wanted = {end if isinstance(end, str) else end.name for end in ends}
        nodes: list[onnx.NodeProto] = []
        for node in reversed(self.nodes):
            if wanted.intersection(node.output) - given:
                nodes.append(node)
                wanted.update(name for name in node.input if name)
        inputs = {value.name: value for value in self._model.graph.input}
        made = {name for node in nodes for name in node.output}
        if missing := wanted - given - made - self.weights.keys() - inputs.keys():
            raise broken(min(missing))
        outputs = {value.name: value for value in self._model.graph.output}
        graph = onnx.GraphProto(name=self._model.graph.name)
        graph.node.extend(reversed(nodes))
        graph.initializer.extend(self.weights[name] for name in sorted(wanted & self.weights.keys()))
        graph.input.extend(value for name, value in inputs.items() if name in wanted)
        graph.input.extend(_value(tensor) for tensor in starts if tensor.name in wanted)
        graph.output.extend(outputs[end] if isinstance(end, str) else _value(end) for end in ends)
        domains = {node.domain for node in nodes}
        opsets = [entry for entry in self._model.opset_import if entry.domain in domains]
        return onnx.ModelProto(ir_version=self._model.ir_version, opset_import=opsets, graph=graph)


def broken(tensor: str) -> ModelUnavailable:
    """The error for a model file that is not the one this engine was written for."""
    return ModelUnavailable(
        f"The model file is not the Kokoro model this engine knows (at {tensor!r}).",
        hint="Remove it with its folder and run `kaikou models pull kokoro-82m`.",
    )


def _value(tensor: Tensor) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(tensor.name, onnx.TensorProto.FLOAT, list(tensor.shape))
