"""The load generator measures what it says."""

from __future__ import annotations

import numpy as np
import pybase64

from kaikou.audio.pcm import Pcm
from kaikou.cli.bench import _socket_url
from kaikou.cli.load import FRAME, RATE, Caller, Load, babble, frames_of, summary
from kaikou.cli.watch import Watch


def sound(frames: list[str]) -> np.ndarray:
    return Pcm.from_int16(b"".join(pybase64.b64decode(frame) for frame in frames), RATE).samples


def test_the_clock_starts_at_the_last_voiced_sample_not_at_the_end_of_the_file() -> None:
    voice = babble(1.0) + Pcm.silence(0.7, RATE)
    frames, last = frames_of(voice, pause=0)
    assert len(frames) == last == 50


def test_a_pause_is_put_in_the_middle() -> None:
    frames, _ = frames_of(babble(1.2), pause=0.6)
    heard = sound(frames)
    assert len(heard) == round(1.8 * RATE)
    quiet = np.abs(heard).reshape(-1, FRAME).max(axis=1) < 1e-4
    runs = np.flatnonzero(quiet)
    assert 29 <= len(runs) <= 31
    assert runs[0] >= 20 and runs[-1] < 40 + 30  # the middle third of 60 voiced frames


def test_latency_that_was_asked_for_is_not_counted_as_added() -> None:
    load = Load("ws://x", sessions=2, silence_ms=200, expected=0.1)
    callers = [
        Caller(turns=2, answered=2, latencies=[0.35, 0.45], lags=[0.0, 0.002]),
        Caller(refused="HTTP 429"),
    ]
    figures = summary(load, callers)
    assert figures["added_ms"] == {"p50": 100.0, "p95": 145.0, "mean": 100.0}
    assert figures["latency_ms"]["p50"] == 400.0
    assert (figures["refused"], figures["refusal"]) == (1, "HTTP 429")
    assert figures["send_lag_ms"]["max"] == 2.0


def test_no_turn_at_all_is_no_number() -> None:
    figures = summary(Load("ws://x"), [Caller(turns=1)])
    assert figures["latency_ms"] == {"p50": None, "p95": None}
    assert figures["answered"] == 0


def test_addresses_of_pages_and_sockets_mean_the_same() -> None:
    assert _socket_url("http://127.0.0.1:8000") == "ws://127.0.0.1:8000/v1/realtime"
    assert _socket_url("https://voice.example/") == "wss://voice.example/v1/realtime"
    assert _socket_url("ws://gpu:9/other?model=x") == "ws://gpu:9/other?model=x"


def test_a_server_that_cannot_be_watched_gives_no_figures() -> None:
    watch = Watch("ws://127.0.0.1:9/v1/realtime")
    watch.begin()
    assert watch.end() is None
