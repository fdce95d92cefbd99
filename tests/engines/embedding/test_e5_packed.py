"""The packed file of weights, read from one written here."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from kaikou.engines.embedding.e5.packed import BLOCK, read_packed, unpacked
from kaikou.engines.embedding.e5.tokens import Tokens
from kaikou.errors import ModelUnavailable

PIECES = [
    ("<s>", 0.0),
    ("<pad>", 0.0),
    ("</s>", 0.0),
    ("<unk>", 0.0),
    ("▁", -3.0),
    ("▁tea", -2.0),
    ("t", -5.0),
]


def packed_block(values: list[int], scale: float) -> bytes:
    """32 whole numbers from -8 to 7."""
    halves = [value + 8 for value in values]
    body = bytes(halves[at] | halves[at + 16] << 4 for at in range(16))
    return np.float16(scale).tobytes() + body


def written(folder: Path, *, cut: int = 0) -> Path:
    text = b"".join(piece.encode() for piece, _ in PIECES)
    offsets = np.cumsum([0, *(len(piece.encode()) for piece, _ in PIECES)]).astype("<u4")
    scores = np.array([score for _, score in PIECES], "<f4")
    replaced = struct.pack("<IBI", ord("Ｔ"), 1, ord("t")) + struct.pack("<IB", 1, 0)
    head = b"E5S1" + struct.pack("<i7ifi", 1, 32, 1, 1, 64, len(PIECES), 8, 1, 1e-12, BLOCK)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text)) + offsets.tobytes() + scores.tobytes()
    head += text + struct.pack("<iI", 2, len(replaced)) + replaced
    tensors = {
        "emb.word": (1, packed_block(list(range(-8, 8)) * 2, 0.5)),
        "emb.pos": (0, np.arange(4, dtype="<f4").tobytes()),
    }
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name in tensors)
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, (kind, data) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BI", kind, 0)
        directory += struct.pack("<QQ", size + len(body), len(data))
        body += data
    path = folder / "weights.bin"
    whole = head + directory + body
    path.write_bytes(whole[: len(whole) - cut])
    return path


def test_tensors_and_vocabulary_come_out(tmp_path: Path) -> None:
    packed = read_packed(written(tmp_path))
    assert (packed.shape.hidden, packed.shape.positions) == (32, 8)
    assert packed.vocabulary.pieces[5] == ("▁tea", -2.0)
    assert packed.vocabulary.replaced == {"Ｔ": "t", "\x01": ""}
    np.testing.assert_array_equal(packed.floats("emb.pos"), [0, 1, 2, 3])
    expected = np.array(list(range(-8, 8)) * 2, np.float32) * 0.5
    np.testing.assert_array_equal(packed.matrix("emb.word", 32), [expected])
    np.testing.assert_array_equal(unpacked(packed.blocks("emb.word", 32)[[0, 0]]), [expected, expected])


@pytest.mark.parametrize("cut", [1, 40, 150])
def test_a_cut_file_is_told_with_its_remedy(tmp_path: Path, cut: int) -> None:
    with pytest.raises(ModelUnavailable, match="models pull multilingual-e5-small --force"):
        read_packed(written(tmp_path, cut=cut))


def test_anything_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(ModelUnavailable, match="E5S1"):
        read_packed(path)
    with pytest.raises(ModelUnavailable, match="no tensor l0"):
        read_packed(written(tmp_path)).floats("l0.q.b")


def test_characters_are_replaced_spaces_joined_and_long_texts_cut(tmp_path: Path) -> None:
    tokens = Tokens(read_packed(written(tmp_path)).vocabulary, longest=8)
    assert tokens.windows(["tea", "t\x01ea  Ｔ", ""]) == [[[0, 5, 2]], [[0, 5, 4, 6, 2]], [[0, 2]]]
    (windows,) = tokens.windows(["tea " * 8])
    assert [len(ids) for ids in windows] == [8, 5]
    assert all(ids[0] == 0 and ids[-1] == 2 for ids in windows)
