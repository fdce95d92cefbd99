"""The network: windows of 1.6 s of mel power to vectors of length 1, in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kaikou.audio.pcm import Samples
from kaikou.engines.mel import FFT, HOP, filters, power_frames

Array = NDArray[np.float32]

BANDS = 40
WINDOW = 160
"""Frames that the network sees at once: 1.6 s."""
STEP = 77
"""Frames from one window to the next."""
_COVERED = 0.75
"""Of its last window so much must be sound."""
LAYERS = 3
MOST_WINDOWS = 8


@dataclass(frozen=True, slots=True)
class _Layer:
    inputs: Array
    """[inputs, 4 x hidden]: input, forget, cell and output gate, in this order."""
    state: Array
    bias: Array


class Network:
    """Safe to use from several threads."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        """``tensors`` by PyTorch's names. KeyError where one is missing."""
        self._layers = [
            _Layer(
                np.ascontiguousarray(tensors[f"lstm.weight_ih_l{number}"].T),
                np.ascontiguousarray(tensors[f"lstm.weight_hh_l{number}"].T),
                tensors[f"lstm.bias_ih_l{number}"] + tensors[f"lstm.bias_hh_l{number}"],
            )
            for number in range(LAYERS)
        ]
        self._linear = np.ascontiguousarray(tensors["linear.weight"].T)
        self._bias = tensors["linear.bias"]

    def vector(self, samples: Samples) -> Array:
        """[256], of length 1 and nowhere negative, for float32 mono sound at 16 kHz."""
        parts = self._parts(windows(samples))
        mean: Array = parts.mean(axis=0)
        return mean / np.float32(np.linalg.norm(mean))

    def _parts(self, mels: Array) -> Array:
        """[windows, 160, 40] to [windows, 256]."""
        seen = mels
        for layer in self._layers:
            seen = _lstm(layer, seen)
        raw = np.maximum(seen[:, -1] @ self._linear + self._bias, 0.0)
        lengths = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        parts: Array = raw / lengths
        return parts


def windows(samples: Samples) -> Array:
    """Mel power in windows [windows, 160, 40], the last filled with silence; of long sound some, evenly."""
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


def _lstm(layer: _Layer, seen: Array) -> Array:
    """[windows, frames, inputs] to [windows, frames, hidden] (Hochreiter and Schmidhuber 1997, with
    forget gate)."""
    projected = seen @ layer.inputs + layer.bias
    hidden = layer.state.shape[0]
    state = np.zeros((len(seen), hidden), np.float32)
    cell = np.zeros_like(state)
    out = np.empty((*seen.shape[:2], hidden), np.float32)
    for frame in range(seen.shape[1]):
        gates = projected[:, frame] + state @ layer.state
        # One tanh serves all four: the logistic function is tanh of half, moved.
        gates[:, : 2 * hidden] *= 0.5
        gates[:, 3 * hidden :] *= 0.5
        np.tanh(gates, out=gates)
        opened = 0.5 * gates[:, : 2 * hidden] + 0.5
        cell = opened[:, hidden:] * cell + opened[:, :hidden] * gates[:, 2 * hidden : 3 * hidden]
        state = (0.5 * gates[:, 3 * hidden :] + 0.5) * np.tanh(cell)
        out[:, frame] = state
    return out

