"""The load behind ``kaikou bench live``: many callers on one Realtime server, measured outside it.

Each caller streams a voice in real time (20 ms frames), keeps the microphone open with silence,
and takes the time from the last voiced sample it sent to the first audio of the answer.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
import orjson
import pybase64
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from kaikou.audio.pcm import Pcm
from kaikou.errors import KaikouError

RATE = 24_000
FRAME_SECONDS = 0.02
OPEN_SECONDS = 20.0
FRAME = round(RATE * FRAME_SECONDS)
SILENCE = pybase64.b64encode(bytes(FRAME * 2)).decode()


@dataclass(frozen=True, slots=True)
class Load:
    """What to drive: ``url`` ``ws://host:port/v1/realtime``; times in seconds."""

    url: str
    sessions: int = 1
    seconds: float = 20.0
    think: float = 1.0
    """Pause between an answer and the caller's next turn."""
    pause: float = 0.0
    """A pause in the middle of each turn, as people make."""
    silence_ms: int = 200
    """``silence_duration_ms`` asked of the server; it is no part of the added latency."""
    expected: float = 0.0
    """Delays the server's scripted engines add by design; no part of the added latency either."""
    reply_timeout: float = 20.0
    key: str | None = None


@dataclass(slots=True)
class Caller:
    """What one caller saw."""

    turns: int = 0
    answered: int = 0
    latencies: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    """How late each frame left this process: large values mean the bench itself is the bottleneck."""
    errors: list[str] = field(default_factory=list)
    refused: str = ""


def frames_of(voice: Pcm, pause: float) -> tuple[list[str], int]:
    """The voice as base64 PCM16 frames with ``pause`` seconds of silence in its middle, and the index
    one past the last voiced frame."""
    samples = voice.samples
    if pause > 0:
        middle = _quiet_middle(samples)
        gap = np.zeros(round(pause * voice.rate), np.float32)
        samples = np.concatenate((samples[:middle], gap, samples[middle:]))
    padded = np.pad(samples, (0, -len(samples) % FRAME))
    cut = padded.reshape(-1, FRAME)
    loud = np.flatnonzero(np.sqrt(np.mean(cut**2, axis=1)) > 0.01)
    last = int(loud[-1]) + 1 if len(loud) else len(cut)
    encoded = [pybase64.b64encode(Pcm(row, RATE).to_int16()).decode() for row in cut[:last]]
    return encoded, last


def babble(seconds: float = 1.6) -> Pcm:
    """A voice-like sound (a buzz in syllables) for servers whose recogniser is scripted."""
    time_axis = np.arange(round(seconds * RATE)) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * n * time_axis) / n for n in range(1, 20))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * time_axis)
    return Pcm((0.12 * buzz * syllables).astype(np.float32), RATE)


def _quiet_middle(samples: np.ndarray[Any, Any]) -> int:
    """The quietest 20 ms in the middle third, as a sample index."""
    third = len(samples) // 3
    starts = np.arange(third, 2 * third, FRAME)
    energy = [float(np.sum(samples[start : start + FRAME] ** 2)) for start in starts]
    return int(starts[int(np.argmin(energy))]) if len(starts) else len(samples) // 2


async def run(load: Load, voice: Pcm) -> list[Caller]:
    """All callers to the end. KaikouError when not even one could connect."""
    frames, _ = frames_of(voice, load.pause)
    callers = [Caller() for _ in range(load.sessions)]
    until = time.perf_counter() + load.seconds
    async with asyncio.TaskGroup() as group:
        for index, caller in enumerate(callers):
            # Callers start spread over one turn, as people do, not all in one tick.
            delay = index * min(2.0, load.seconds / 4) / load.sessions
            group.create_task(_call(load, frames, caller, delay, until))
    if all(caller.refused for caller in callers):
        raise KaikouError(f"No session could be opened: {callers[0].refused}", code="server_unreachable")
    return callers


async def _call(load: Load, frames: list[str], caller: Caller, delay: float, until: float) -> None:
    await asyncio.sleep(delay)
    headers = {"Authorization": f"Bearer {load.key}"} if load.key else {}
    try:
        async with connect(
            load.url, additional_headers=headers, compression=None, max_size=None, open_timeout=OPEN_SECONDS
        ) as socket:
            first = orjson.loads(await asyncio.wait_for(socket.recv(), OPEN_SECONDS))
            if first.get("type") == "error":
                caller.refused = f"{first['error'].get('code')}: {first['error'].get('message')}"
                return
            heard = _Ears(caller)
            listening = asyncio.create_task(heard.listen(socket))
            try:
                await socket.send(_session(load))
                await _talk(load, socket, frames, caller, heard, until)
            finally:
                listening.cancel()
                with suppress(asyncio.CancelledError):
                    await listening
    except InvalidStatus as error:
        caller.refused = (
            f"HTTP {error.response.status_code} {error.response.body.decode(errors='replace')[:200]}"
        )
    except (OSError, TimeoutError, WebSocketException) as error:
        if not caller.turns:
            caller.refused = str(error) or type(error).__name__
        else:
            caller.errors.append(str(error) or type(error).__name__)


class _Ears:
    """Reads one socket and says when an answer's first audio and its end came."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.first_audio: float | None = None
        self.done = asyncio.Event()

    async def listen(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                self._take(orjson.loads(message))
        except ConnectionClosed as error:
            self.caller.errors.append(f"closed: {error.rcvd.reason if error.rcvd else 'connection lost'}")
        finally:
            self.done.set()

    def reset(self) -> None:
        self.first_audio = None
        self.done.clear()

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("type", "")
        if kind in {"response.output_audio.delta", "response.audio.delta"}:
            if self.first_audio is None:
                self.first_audio = time.perf_counter()
        elif kind == "response.done":
            # A reply thrown away before any sound (the turn went on) is no answer.
            if self.first_audio is not None or event["response"].get("status") == "failed":
                self.done.set()
        elif kind == "error":
            self.caller.errors.append(str(event.get("error", {}).get("message", "error")))


def _session(load: Load) -> bytes:
    detection = {"type": "server_vad", "silence_duration_ms": load.silence_ms, "prefix_padding_ms": 200}
    audio_input = {"format": {"type": "audio/pcm", "rate": RATE}, "turn_detection": detection}
    return orjson.dumps(
        {"type": "session.update", "session": {"type": "realtime", "audio": {"input": audio_input}}}
    )


async def _talk(
    load: Load, socket: ClientConnection, frames: list[str], caller: Caller, ears: _Ears, until: float
) -> None:
    """Turns until the time is over; the microphone never stops sending."""
    clock = time.perf_counter()

    async def send(audio: str) -> None:
        nonlocal clock
        # A microphone gives a frame away once it is full: wait first, then send.
        clock += FRAME_SECONDS
        wait = clock - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        caller.lags.append(max(0.0, time.perf_counter() - clock))
        await socket.send(f'{{"type":"input_audio_buffer.append","audio":"{audio}"}}')

    while time.perf_counter() < until:
        ears.reset()
        caller.turns += 1
        for frame in frames:
            await send(frame)
        spoken = time.perf_counter()
        while not ears.done.is_set() and time.perf_counter() - spoken < load.reply_timeout:
            await send(SILENCE)
        if ears.first_audio is not None:
            caller.answered += 1
            caller.latencies.append(ears.first_audio - spoken)
        rest = time.perf_counter() + load.think
        while time.perf_counter() < rest:
            await send(SILENCE)


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` (0..1) of ``values`` lie; nan for none."""
    return float(np.quantile(values, share)) if values else float("nan")


def summary(load: Load, callers: list[Caller]) -> dict[str, Any]:
    """The figures of one run, JSON-ready; latencies in milliseconds."""
    latencies = [value for caller in callers for value in caller.latencies]
    lags = [value for caller in callers for value in caller.lags]
    by_design = load.silence_ms / 1000 + load.expected
    added = [value - by_design for value in latencies]
    errors = [text for caller in callers for text in caller.errors]

    def ms(value: float) -> float | None:
        return None if np.isnan(value) else round(value * 1000, 1)

    return {
        "sessions": load.sessions,
        "refused": sum(bool(caller.refused) for caller in callers),
        "refusal": next((caller.refused for caller in callers if caller.refused), None),
        "turns": sum(caller.turns for caller in callers),
        "answered": sum(caller.answered for caller in callers),
        "latency_ms": {"p50": ms(percentile(latencies, 0.5)), "p95": ms(percentile(latencies, 0.95))},
        "added_ms": {
            "p50": ms(percentile(added, 0.5)),
            "p95": ms(percentile(added, 0.95)),
            "mean": ms(fmean(added)) if added else None,
        },
        "send_lag_ms": {"p95": ms(percentile(lags, 0.95)), "max": ms(max(lags, default=float("nan")))},
        "errors": len(errors),
        "first_errors": errors[:3],
    }
