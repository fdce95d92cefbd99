"""Change the sample rate: whole clips with soxr, streams with a filter of a few milliseconds.

soxr's streaming mode holds back 24 to 90 ms at these rates, which a conversation would hear in
every turn. A polyphase FIR filter needs 2 to 4 ms (plus one block of input, see ``Resampler``).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import soxr

from kaikou.audio.pcm import Pcm, Samples

_ATTENUATION = 70.0  # dB in the stop band
_PASS, _STOP = 0.90, 1.04  # edges of the transition band, in Nyquist frequencies of the lower rate
_LONGEST_BLOCK = 0.0101  # seconds
_FLOAT32 = np.dtype(np.float32)
_SLAB = 4096  # windows filtered at once
_WIDE = 32  # output samples of one window, at least


def resample(pcm: Pcm, rate: int) -> Pcm:
    """The whole clip at ``rate`` Hz; its length is the duration times ``rate``, rounded."""
    if rate == pcm.rate:
        return pcm
    length = round(len(pcm) * rate / pcm.rate)
    samples = soxr.resample(pcm.samples, pcm.rate, rate, quality="HQ").astype(np.float32, copy=False)
    if len(samples) < length:
        samples = np.pad(samples, (0, length - len(samples)))
    return Pcm(samples[:length], rate)


@lru_cache(maxsize=32)
def _bank(up: int, down: int) -> tuple[Samples, int]:
    """Filter bank for ``up``/``down`` in lowest terms: (weights, samples of history).

    Every ``down`` input samples make ``up`` output samples: their window of input times
    ``weights`` [window, up]. The window starts ``history`` samples before the block.

    The filter is a sinc with a Kaiser window; length and beta from the attenuation after Kaiser
    (Oppenheim & Schafer, Discrete-Time Signal Processing, 3rd ed., eq. 7.75 and 7.76).
    """
    nyquist = math.pi / max(up, down)  # of the lower rate, at the common rate, in radians
    width = (_STOP - _PASS) * nyquist
    half = math.ceil((_ATTENUATION - 8) / (2.285 * width) / 2)
    beta = 0.1102 * (_ATTENUATION - 8.7)
    cutoff = (_STOP + _PASS) / 2 * nyquist
    at = np.arange(-half, half + 1)
    taps = np.sinc(at * cutoff / math.pi) * np.kaiser(2 * half + 1, beta)
    history = half // up
    window = history + ((up - 1) * down + half) // up + 1
    # Output p of a block lies at p * down and input j at (j - history) * up, at the common rate.
    distance = np.arange(up)[None, :] * down - (np.arange(window)[:, None] - history) * up
    inside = np.abs(distance) <= half
    weights = np.where(inside, taps[np.clip(distance + half, 0, 2 * half)], 0.0)
    weights /= weights.sum(axis=0, keepdims=True)  # the same gain for every output of the block
    return weights.astype(np.float32), history


@lru_cache(maxsize=32)
def _wide_bank(up: int, down: int) -> tuple[Samples, int]:
    """The same filters for several blocks in a row: (weights [window, blocks * up], blocks).

    Neighbouring blocks share nearly all of their input. One matrix product over a window that
    covers them together copies it once, and is three times as fast for 20 ms of audio.
    """
    weights, _ = _bank(up, down)
    blocks = -(-_WIDE // up)
    wide = np.zeros((len(weights) + (blocks - 1) * down, blocks * up), np.float32)
    for block in range(blocks):
        at = block * down
        wide[at : at + len(weights), block * up : (block + 1) * up] = weights
    return wide, blocks


class Resampler:
    """Change the rate of a stream, frame by frame; all that went in comes out, in time with it.

    ``process`` gives what is ready. The rest is held back: half the filter (about 2 to 4 ms), and
    what does not fill a block (24 kHz to 16 kHz: 3 samples; 44.1 kHz: 10 ms). ``flush`` gives the
    remainder, so that the whole is the input's duration, and makes the resampler new. Equal rates
    pass through. Rates with no short common block (11025 Hz to 16000 Hz, say) are left to soxr.
    """

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        common = math.gcd(source, target)
        self._up, self._down = target // common, source // common
        self._soxr: soxr.ResampleStream | None = None
        if self._down / source > _LONGEST_BLOCK:
            self._soxr = soxr.ResampleStream(source, target, 1, dtype="float32", quality="MQ")
        elif source != target:
            self._weights, self._history = _bank(self._up, self._down)
            self._wide, self._blocks_wide = _wide_bank(self._up, self._down)
        self._reset()

    def process(self, samples: Samples) -> Samples:
        """float32 mono samples at ``source`` Hz in, at ``target`` Hz out (possibly none yet)."""
        if self.source == self.target:
            return samples
        self._taken += len(samples)
        out = self._filter(samples) if self._soxr is None else np.asarray(self._soxr.resample_chunk(samples))
        self._given += len(out)
        return out

    def flush(self) -> Samples:
        """What is still held back, as if silence followed."""
        if self.source == self.target:
            return np.zeros(0, np.float32)
        missing = round(self._taken * self.target / self.source) - self._given
        if self._soxr is not None:
            tail: Samples = self._soxr.resample_chunk(np.zeros(0, np.float32), last=True)
            self._soxr.clear()
        else:
            blocks = -(-missing // self._up)
            tail = self._filter(np.zeros(len(self._weights) + blocks * self._down, np.float32))
        self._reset()
        tail = np.pad(tail, (0, max(0, missing - len(tail))))
        return tail[: max(0, missing)]

    def _reset(self) -> None:
        self._taken = self._given = 0
        if self.source != self.target and self._soxr is None:
            self._held = np.zeros(self._history, np.float32)

    def _filter(self, samples: Samples) -> Samples:
        held = np.concatenate((self._held, samples))
        blocks = (len(held) - len(self._weights)) // self._down + 1
        if blocks <= 0:
            self._held = held
            return np.zeros(0, np.float32)
        self._held = held[blocks * self._down :].copy()
        groups, single = divmod(blocks, self._blocks_wide)
        if not single:  # frames of 20 ms, as nearly all are
            return _product(held, groups, self._blocks_wide * self._down, self._wide)
        done = groups * self._blocks_wide
        last = _product(held[done * self._down :], single, self._down, self._weights)
        if not groups:
            return last
        return np.concatenate((_product(held, groups, self._blocks_wide * self._down, self._wide), last))


def _product(held: Samples, count: int, step: int, weights: Samples) -> Samples:
    """``count`` windows of ``held``, ``step`` apart, times ``weights``, in a row."""
    # A view made by hand: ``as_strided`` takes longer than the product itself.
    windows: Samples = np.ndarray((count, len(weights)), _FLOAT32, held, 0, (4 * step, 4))
    # The product copies the overlapping windows: in slabs, so that a long clip stays small. ``dot`` does
    # so in half the time that ``matmul`` takes for 20 ms.
    if count <= _SLAB:
        product: Samples = windows.dot(weights)
        return product.reshape(-1)
    rows = np.empty((count, weights.shape[1]), np.float32)
    for at in range(0, count, _SLAB):
        np.dot(windows[at : at + _SLAB], weights, out=rows[at : at + _SLAB])
    return rows.reshape(-1)
