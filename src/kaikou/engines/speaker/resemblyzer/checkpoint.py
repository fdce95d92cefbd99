"""Reads tensors from a file of PyTorch's format before 1.6, without PyTorch.

Such a file is five pickles (a magic number, the version, facts of the machine, the objects, the keys of
their storages) and then each storage: its length as int64, and its numbers. A pickle may name any function
of Python; the few that tensors need are known here, every other is refused, so that a file can run nothing.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kaikou.errors import ModelUnavailable

Array = NDArray[np.float32]

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_SIZES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8", "IntStorage": "<i4"}


class _Storage:
    """Numbers that come later in the file."""

    def __init__(self, dtype: str, length: int) -> None:
        self.dtype = np.dtype(dtype)
        self.length = length
        self.numbers: NDArray[Any] = np.zeros(0, self.dtype)


class _View:
    """A tensor: a shape laid over a storage."""

    def __init__(
        self, storage: _Storage, offset: int, size: Sequence[int], stride: Sequence[int], *_: Any
    ) -> None:
        self.storage = storage
        self.offset = offset
        self.size = tuple(size)
        self.stride = tuple(stride)

    def array(self) -> Array:
        flat = self.storage.numbers[self.offset :]
        needed = sum((one - 1) * step for one, step in zip(self.size, self.stride, strict=True)) + 1
        if self.size and needed > len(flat):
            raise ValueError("a tensor is larger than its storage")
        bytes_apart = [step * flat.itemsize for step in self.stride]
        laid = np.lib.stride_tricks.as_strided(flat, self.size, bytes_apart, writeable=False)
        return np.ascontiguousarray(laid, np.float32)


class _Names(pickle.Unpickler):
    """Knows what a tensor is made of, and nothing else."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _View
        if module == "torch" and name in _SIZES:
            return _SIZES[name]
        raise pickle.UnpicklingError(f"the file asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _place, length, *view = pid
        if kind != "storage" or any(view):
            raise pickle.UnpicklingError("the file has an object of an unknown kind")
        return self.storages.setdefault(str(key), _Storage(dtype, int(length)))


def read_tensors(path: Path, group: str) -> dict[str, Array]:
    """The tensors of the mapping ``group`` as float32, by name. Blocks. ModelUnavailable for a file that
    is anything else."""
    data = path.read_bytes()
    try:
        return _read(data, group)
    except (pickle.UnpicklingError, ValueError, KeyError, TypeError, IndexError, EOFError) as error:
        raise ModelUnavailable(
            f"The file {path.name} holds no such weights: {error}.",
            hint="Remove it with `kaikou models`, and let it be fetched again.",
        ) from error


def _read(data: bytes, group: str) -> dict[str, Array]:
    file = io.BytesIO(data)
    if _Names(file).load() != _MAGIC or _Names(file).load() != _VERSION:
        raise ValueError("it is not of PyTorch's older format")
    if not _Names(file).load()["little_endian"]:
        raise ValueError("its numbers are big-endian")
    names = _Names(file)
    found = names.load()
    for key in _Names(file).load():
        storage = names.storages[str(key)]
        length = int.from_bytes(file.read(8), "little")
        if length != storage.length:
            raise ValueError("a storage has another length than announced")
        raw = file.read(length * storage.dtype.itemsize)
        storage.numbers = np.frombuffer(raw, storage.dtype, count=length)
    return {name: view.array() for name, view in found[group].items() if isinstance(view, _View)}
