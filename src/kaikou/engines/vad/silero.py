"""Silero VAD: one ONNX call for the windows of all sessions.

The model takes 512 new samples (32 ms at 16 kHz) after 64 of context, and a state for each stream.
Windows of several streams run as a batch, with the same probabilities as alone, at less than half
the cost each. They are collected for about 10 ms; a window that comes after a pause starts at once.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import numpy as np
import onnxruntime

from kaikou.audio.pcm import Samples
from kaikou.engines.onnx import open_session
from kaikou.engines.ports import Card, Health, Lane, OnProbability, Progress
from kaikou.engines.registry import EngineContext
from kaikou.engines.vad.windows import Windows
from kaikou.errors import KaikouError, NotReady

WINDOW, CONTEXT = 512, 64
_TICK = 0.010  # seconds between calls
_MOST_WINDOWS = 32  # of one stream in one call: a second of audio sent at once
_MOST_STREAMS = 128  # in one call: about 8 ms
_RETRY = 0.2  # seconds after a call that failed
_RATE = np.array(16_000, np.int64)

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Part:
    """A stream's share of one call: its windows [n, 512] and what the model remembers of it."""

    stream: _Stream
    generation: int
    windows: Samples
    state: Samples
    context: Samples
    probabilities: list[float] = field(default_factory=list)


class SileroVad:
    """Voice activity by Silero (see the module)."""

    def __init__(self, context: EngineContext) -> None:
        self._pool = context.pool
        self._weights = context.weights
        self._session: onnxruntime.InferenceSession | None = None
        self._health = Health("waiting")
        self._ready: dict[_Stream, None] = {}  # streams with whole windows, in order
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._last = 0.0
        self._closed = False

    @property
    def card(self) -> Card:
        return Card(
            kind="vad",
            name="silero",
            title="Silero VAD",
            model="silero-vad 6.2 (16 kHz)",
            licence="MIT / MIT",
            sample_rate=16_000,
            streaming=True,
            weights="silero-vad from the package registry, or a folder",
        )

    async def load(self, progress: Progress) -> None:
        self._health = Health("loading")
        try:
            folder = await self._weights.fetch("silero-vad", progress)
            self._session = await self._pool.run(
                "vad", Lane.LIVE, open_session, folder / "silero_vad_16k_op15.onnx", 1
            )
            stream = _Stream(self, lambda probability, end: None)
            warm = _Part(stream, 0, np.zeros((1, WINDOW), np.float32), stream.state, stream.context)
            await self._pool.run("vad", Lane.LIVE, _infer, self._session, [warm])
        except KaikouError as error:
            self._health = Health("failed", error.message)
            raise
        self._health = Health("ready")
        self._closed = False
        self._schedule()

    async def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._session = None
        self._ready.clear()
        self._health = Health("waiting")

    def health(self) -> Health:
        return self._health

    def stream(self, on_probability: OnProbability) -> _Stream:
        """Probabilities for one session; raises NotReady before ``load``."""
        if self._session is None:
            raise NotReady("Speech detection is still being loaded.", hint=self._health.detail)
        return _Stream(self, on_probability)

    # -- the tick

    def wants(self, stream: _Stream) -> None:
        """The stream has a whole window."""
        self._ready[stream] = None
        self._schedule()

    def drop(self, stream: _Stream) -> None:
        """The stream has none any more."""
        self._ready.pop(stream, None)

    def _schedule(self, wait: float = 0.0) -> None:
        if self._closed or not self._ready or self._timer is not None or self._task is not None:
            return
        loop = asyncio.get_running_loop()
        due = max(self._last + _TICK - loop.time(), wait)
        if due <= 0:
            self._tick()
        else:
            self._timer = loop.call_later(due, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._closed or not self._ready:
            return
        self._last = asyncio.get_running_loop().time()
        self._task = asyncio.create_task(self._run(), name="silero tick")

    async def _run(self) -> None:
        parts = [stream.part() for stream in list(self._ready)[:_MOST_STREAMS]]
        wait = 0.0
        try:
            for part in parts:
                self._ready.pop(part.stream)
            await self._pool.run("vad", Lane.LIVE, _infer, self._session, parts)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # Nothing is lost: the windows go back and are tried again.
            if self._health.state != "degraded":
                log.exception("a call of Silero VAD failed; trying again")
            self._health = Health("degraded", str(error) or type(error).__name__)
            wait = _RETRY
            for part in parts:
                part.stream.give_back(part)
        else:
            if self._health.state == "degraded":
                self._health = Health("ready")
            for part in parts:
                part.stream.accept(part)
        self._task = None
        self._schedule(wait)


class _Stream:
    """One session's windows and the model's memory of it."""

    def __init__(self, vad: SileroVad, on_probability: OnProbability) -> None:
        self._vad = vad
        self._on_probability = on_probability
        self._windows = Windows(WINDOW)
        self._generation = 0
        self._busy = False
        self._closed = False
        self.state: Samples
        self.context: Samples
        self._fresh()

    def feed(self, samples: Samples) -> None:
        """Queue float32 mono samples at 16 kHz."""
        if self._closed:
            return
        self._windows.push(samples)
        self._offer()

    def reset(self) -> None:
        """Forget queued samples and the model's state; a call under way is ignored."""
        self._generation += 1
        self._windows.forget()
        self._vad.drop(self)
        self._fresh()

    def close(self) -> None:
        """No callback comes after this."""
        self._closed = True
        self.reset()

    # -- for the tick

    def part(self) -> _Part:
        """The windows to run now."""
        self._busy = True
        return _Part(self, self._generation, self._windows.take(_MOST_WINDOWS), self.state, self.context)

    def accept(self, part: _Part) -> None:
        """Tell the probabilities, unless the stream was reset meanwhile."""
        self._busy = False
        if part.generation == self._generation:
            self.state, self.context = part.state, part.context
            # What was queued meanwhile is not counted as taken yet, so the count is the call's end.
            end = self._windows.taken - WINDOW * (len(part.windows) - 1)
            for probability in part.probabilities:
                self._tell(probability, end)
                end += WINDOW
                if part.generation != self._generation:
                    break  # reset from within the callback
        self._offer()

    def give_back(self, part: _Part) -> None:
        """The call failed."""
        self._busy = False
        if part.generation == self._generation:
            self._windows.give_back(part.windows)
        self._offer()

    def _offer(self) -> None:
        # One call at a time for each stream: the next needs the state that this one gives.
        if self._windows.ready and not self._busy:
            self._vad.wants(self)

    def _fresh(self) -> None:
        self.state = np.zeros((2, 128), np.float32)
        self.context = np.zeros(CONTEXT, np.float32)

    def _tell(self, probability: float, end: int) -> None:
        try:
            self._on_probability(probability, end)
        except Exception:
            # One session's failure must not take the others' probabilities with it.
            log.exception("a listener to speech detection failed")


def _infer(session: onnxruntime.InferenceSession, parts: list[_Part]) -> None:
    """Run all windows of all parts, one window of each part a call; on a thread of the pool."""
    parts = sorted(parts, key=lambda part: -len(part.windows))
    state = np.stack([part.state for part in parts], axis=1)
    context = np.stack([part.context for part in parts])
    probabilities: list[list[float]] = [[] for _ in parts]
    for step in range(len(parts[0].windows)):
        active = sum(len(part.windows) > step for part in parts)
        new = np.stack([part.windows[step] for part in parts[:active]])
        window = np.concatenate((context[:active], new), axis=1)
        output, after = session.run(None, {"input": window, "state": state[:, :active], "sr": _RATE})
        state[:, :active] = after
        context[:active] = window[:, -CONTEXT:]
        for index in range(active):
            probabilities[index].append(float(output[index, 0]))
    for index, part in enumerate(parts):
        part.state, part.context = state[:, index].copy(), context[index].copy()
        part.probabilities = probabilities[index]
