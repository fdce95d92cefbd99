"""How loud it sounds (ITU-R BS.1770, EBU R 128), and making it as loud as wanted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import av
import av.filter
import numpy as np

from kaikou.audio.pcm import Pcm, Samples

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Loudness:
    """``integrated`` in LUFS, gated as BS.1770 says; ``range`` in LU; ``true_peak`` in dBTP. Silence,
    and sound too short to measure (under 0.4 s), has -inf; mono is measured as one channel."""

    integrated: float
    range: float
    true_peak: float


def measure(pcm: Pcm) -> Loudness:
    """Measured by FFmpeg's ``ebur128`` filter (true peak by oversampling). Blocking: on the pool."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="flt", sample_rate=pcm.rate, layout="mono")
    meter = graph.add("ebur128", "metadata=1:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    found: dict[str, str] = {}
    # The filter speaks every 100 ms; silence behind lets it speak of the last sound too.
    padded = np.concatenate((pcm.samples, np.zeros(pcm.rate // 10, np.float32)))
    for start in range(0, len(padded), _PIECE):
        frame = av.AudioFrame.from_ndarray(padded[None, start : start + _PIECE], format="flt", layout="mono")
        frame.sample_rate = pcm.rate
        frame.pts = start
        graph.push(frame)
        found |= _last_metadata(graph)
    graph.push(None)
    found |= _last_metadata(graph)
    peak = float(found.get("lavfi.r128.true_peak", 0))
    integrated = float(found.get("lavfi.r128.I", "-inf"))
    return Loudness(
        # The filter starts at the absolute gate, -70 LUFS: nothing was above it.
        integrated=integrated if integrated > -70 else -math.inf,
        range=float(found.get("lavfi.r128.LRA", 0)),
        true_peak=20 * math.log10(peak) if peak > 0 else -math.inf,
    )


def _last_metadata(graph: av.filter.Graph) -> dict[str, str]:
    found: dict[str, str] = {}
    while True:
        try:
            found |= dict(graph.pull().metadata)
        except (av.BlockingIOError, av.EOFError):
            return found


def gain(pcm: Pcm, decibels: float) -> Pcm:
    """The same, louder or quieter; may leave [-1, 1]."""
    return Pcm(pcm.samples * np.float32(10 ** (decibels / 20)), pcm.rate)


def normalise(pcm: Pcm, target: float = -16.0, *, peak: float = -1.0) -> Pcm:
    """At ``target`` LUFS, with no true peak above ``peak`` dBTP.

    Peaks that the gain lifts too high are held down by a limiter, so that speech with one loud
    click still reaches its loudness. Silence stays as it is.
    """
    loudness = measure(pcm)
    if math.isinf(loudness.integrated):
        return pcm
    decibels = target - loudness.integrated
    louder = gain(pcm, decibels)
    if loudness.true_peak + decibels <= peak:
        return louder
    limited = limit(louder, peak)
    # Between samples the limiter cannot look: what is left over is taken from the whole.
    over = measure(limited).true_peak - peak
    return gain(limited, -over) if over > 0 else limited


def limit(pcm: Pcm, peak: float = -1.0, *, look_ahead: float = 0.005) -> Pcm:
    """No sample above ``peak`` dB: the gain falls smoothly within ``look_ahead`` seconds before a
    peak and recovers as smoothly after it."""
    ceiling = np.float32(10 ** (peak / 20))
    needed = np.minimum(1.0, ceiling / np.maximum(np.abs(pcm.samples), 1e-9)).astype(np.float32)
    if needed.min(initial=1.0) >= 1.0:
        return pcm
    reach = max(1, round(look_ahead * pcm.rate))
    lowest = _lowest_within(needed, reach)
    # Two means (a triangle) together no wider than the window of the minimum stay below ``needed``.
    smooth = _mean_within(_mean_within(lowest, reach // 2), reach - reach // 2)
    return Pcm(pcm.samples * np.minimum(smooth, needed), pcm.rate)


def _lowest_within(values: Samples, reach: int) -> Samples:
    """The minimum of each value and its ``reach`` neighbours on both sides, by doubling windows."""
    lowest = np.pad(values, reach, mode="constant", constant_values=1.0)
    width, window = 1, 2 * reach + 1
    while width < window:
        step = min(width, window - width)
        lowest = np.minimum(lowest[:-step], lowest[step:])
        width += step
    return lowest


def _mean_within(values: Samples, reach: int) -> Samples:
    """The mean of each value and its ``reach`` neighbours on both sides; 1.0 lies outside."""
    padded = np.pad(values.astype(np.float64), (reach + 1, reach), mode="constant", constant_values=1.0)
    sums = np.cumsum(padded)
    window = 2 * reach + 1
    return ((sums[window:] - sums[:-window]) / window).astype(np.float32)
