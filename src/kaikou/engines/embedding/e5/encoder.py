"""The model in a runtime: token ids in, mean-pooled vectors out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from kaikou.engines.embedding.e5.graph import encoder_graph
from kaikou.engines.embedding.e5.packed import Array, Blocks, Packed, Shape, read_packed, unpacked
from kaikou.engines.embedding.e5.tokens import Tokens
from kaikou.engines.onnx import open_session
from kaikou.engines.openvino import OpenVinoModel

RuntimeName = Literal["onnxruntime", "openvino", "openvino-float32"]
_STEP = 16
"""Lengths are padded to a multiple: OpenVINO plans anew for each length it has not seen."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What all runtimes share: the vocabulary, and the word vectors, which stay packed on disk."""

    packed: Packed
    tokens: Tokens
    words: Blocks
    places: Array
    """Position and type embeddings added up, [positions, hidden]."""

    @property
    def shape(self) -> Shape:
        return self.packed.shape


def read_weights(path: Path) -> Weights:
    """Blocking, about two seconds. Raises ModelUnavailable."""
    packed = read_packed(path)
    shape = packed.shape
    places = packed.floats("emb.pos").reshape(shape.positions, shape.hidden)
    first_type = packed.floats("emb.type")[: shape.hidden]
    return Weights(
        packed,
        Tokens(packed.vocabulary, shape.positions),
        packed.blocks("emb.word", shape.hidden),
        places + first_type,
    )


class Encoder:
    """One runtime session with ``threads`` threads; make it in the lane that uses it."""

    def __init__(self, weights: Weights, runtime: RuntimeName, threads: int) -> None:
        self._weights = weights
        graph = encoder_graph(weights.packed)
        self._openvino: OpenVinoModel | None = None
        if runtime == "onnxruntime":
            self._session = open_session(graph, threads)
        else:
            precision: Literal["bf16", "float32"] = "bf16" if runtime == "openvino" else "float32"
            self._openvino = OpenVinoModel(graph, threads, precision, None)

    def pooled(self, batch: list[list[int]]) -> Array:
        """[len(batch), hidden], the mean over each text's tokens; not yet of length 1."""
        shape = self._weights.shape
        longest = min(-(-max(map(len, batch)) // _STEP) * _STEP, shape.positions)
        embedded = np.zeros((len(batch), longest, shape.hidden), np.float32)
        mask = np.zeros((len(batch), longest), np.float32)
        for row, ids in enumerate(batch):
            embedded[row, : len(ids)] = unpacked(self._weights.words[ids]) + self._weights.places[: len(ids)]
            mask[row, : len(ids)] = 1
        feed = {"embedded": embedded, "mask": mask}
        if self._openvino is not None:
            return self._openvino.run(feed)
        found: Array = self._session.run(None, feed)[0]
        return found
