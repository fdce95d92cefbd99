"""Cut an ONNX model in two without the ``onnx`` package.

A model file is one protobuf message (onnx.proto3 of the ONNX specification). Cutting a graph only
needs to know which nodes lead to which tensors; nodes and weights themselves are copied as the bytes
they are. Field numbers used, from the specification: ``ModelProto.graph`` 7; ``GraphProto.node`` 1,
``initializer`` 5, ``input`` 11, ``output`` 12, ``value_info`` 13; ``NodeProto.input`` 1, ``output`` 2,
``attribute`` 5; ``TensorProto.name`` 8; ``ValueInfoProto.name`` 1, ``type`` 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaikou.errors import ModelUnavailable

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FLOAT = 1  # TensorProto.DataType


@dataclass(frozen=True, slots=True)
class Tensor:
    """A float32 tensor where the graph is cut; None stands for a free dimension."""

    name: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    raw: memoryview
    inputs: frozenset[str]
    outputs: frozenset[str]
    captures: bool
    """Has attributes with a graph inside, which may use any tensor of the outer graph."""


class Model:
    """A parsed model, from which parts can be taken. ``data`` must outlive it."""

    def __init__(self, data: bytes) -> None:
        self._head: list[memoryview] = []
        graph: memoryview | None = None
        for field, raw, value in _fields(memoryview(data)):
            if field == 7:
                graph = value
            else:
                self._head.append(raw)
        if graph is None:
            raise _broken()
        self._nodes: list[_Node] = []
        self._weights: dict[str, memoryview] = {}
        self._inputs: dict[str, memoryview] = {}
        self._outputs: dict[str, memoryview] = {}
        self._rest: list[memoryview] = []
        for field, raw, value in _fields(graph):
            match field:
                case 1:
                    self._nodes.append(_node(raw, value))
                case 5:
                    self._weights[_text(value, 8)] = raw
                case 11:
                    self._inputs[_text(value, 1)] = value
                case 12:
                    self._outputs[_text(value, 1)] = value
                case 13:
                    pass  # shapes of inner tensors: optional, and inferred again
                case _:
                    self._rest.append(raw)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the model's own outputs."""
        return tuple(self._outputs)

    def part(self, starts: Sequence[Tensor], ends: Sequence[Tensor | str]) -> bytes:
        """A model that computes ``ends`` from the tensors ``starts`` and the model's own inputs.

        An end named by a string is one of the model's own outputs. Raises ModelUnavailable where a
        tensor does not exist, i.e. this is not the model the caller knows.
        """
        given = {tensor.name for tensor in starts}
        needed = {end if isinstance(end, str) else end.name for end in ends}
        wanted = set(needed)
        kept: list[_Node] = []
        for node in reversed(self._nodes):  # the specification demands topological order
            if node.outputs - given & wanted:
                if node.captures:
                    raise _broken()
                kept.append(node)
                wanted |= node.inputs
        made = {name for node in kept for name in node.outputs} | given
        known = made | self._weights.keys() | self._inputs.keys()
        if missing := wanted - known - {""}:
            raise _broken(next(iter(sorted(missing))))
        body = bytearray()
        for node in reversed(kept):
            body += node.raw
        for name, raw in self._weights.items():
            if name in wanted:
                body += raw
        for name, value in self._inputs.items():
            if name in wanted:
                body += _field(11, value)
        for tensor in starts:
            body += _field(11, _value_info(tensor))
        for end in ends:
            body += _field(12, self._outputs[end] if isinstance(end, str) else _value_info(end))
        for raw in self._rest:
            body += raw
        return b"".join(self._head) + _field(7, body)


def _broken(tensor: str = "") -> ModelUnavailable:
    what = f" (no tensor {tensor})" if tensor else ""
    return ModelUnavailable(
        f"The model file is not the Kokoro model this engine knows{what}.",
        hint="Remove it with its folder and run `kaikou models pull kokoro-82m`.",
    )


def _node(raw: memoryview, value: memoryview) -> _Node:
    inputs: set[str] = set()
    outputs: set[str] = set()
    captures = False
    for field, _, item in _fields(value):
        if field == 1:
            inputs.add(str(item, "utf-8"))
        elif field == 2:
            outputs.add(str(item, "utf-8"))
        elif field == 5:
            captures = captures or any(inner in (6, 11) for inner, _, _ in _fields(item))
    return _Node(raw, frozenset(inputs), frozenset(outputs), captures)


def _text(message: memoryview, wanted: int) -> str:
    for field, _, value in _fields(message):
        if field == wanted:
            return str(value, "utf-8")
    return ""


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """(number, the whole field as it is, its content) of each field of a protobuf message."""
    at = 0
    while at < len(message):
        start = at
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            first, (_, at) = at, _read_varint(message, at)
        elif kind == _BYTES:
            size, first = _read_varint(message, at)
            at = first + size
        elif kind in (_FIXED64, _FIXED32):
            first, at = at, at + (8 if kind == _FIXED64 else 4)
        else:
            raise _broken()
        if at > len(message):
            raise _broken()
        yield key >> 3, message[start:at], message[first:at]


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise _broken()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, content: bytes | bytearray | memoryview) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + bytes(content)


def _value_info(tensor: Tensor) -> bytes:
    dims = b"".join(
        _field(1, b"" if size is None else _varint(1 << 3) + _varint(size)) for size in tensor.shape
    )
    tensor_type = _varint(1 << 3) + _varint(_FLOAT) + _field(2, dims)
    return _field(1, tensor.name.encode()) + _field(2, _field(1, tensor_type))
