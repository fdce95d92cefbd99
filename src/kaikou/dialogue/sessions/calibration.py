"""How many sessions this machine may be expected to carry, before there are any.

In two parts. What a session costs the event loop is known relative to a small piece of arithmetic,
which is timed. What it costs the processor is measured on the local models themselves, once they are
loaded.
"""

from __future__ import annotations

import time
from contextlib import aclosing

import numpy as np

from kaikou.engines.ports import Card, Engines, Generation, Lane, Message

_FRAMES_PER_SECOND = 50
_FRAME_COST = 145.0
"""What one 20 ms frame costs a session, turns and the journal included, in rounds of the calibration's
arithmetic: `benchmarks/live_capacity.py` with 60 sessions took 210 µs a frame where a round takes 1.45 µs."""
_SPEAKING = 0.45
_TOKENS_PER_SECOND = 4.0
_SENTENCE = "This is how long it takes to say one sentence."


def calibrate(rounds: int = 20) -> float:
    """The share of its time that one session is expected to cost an event loop on this processor, when it
    is at its fastest. Blocking.

    Times a fixed piece of array arithmetic like that of one audio frame; the best of ``rounds`` counts, of
    which each takes 0.1 ms.
    """
    frame = np.linspace(-1, 1, 480, dtype=np.float32)
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(50):
            float(np.dot(frame, frame))
            frame.tobytes()
        best = min(best, (time.perf_counter() - started) / 50)
    return best * _FRAME_COST * _FRAMES_PER_SECOND


async def sessions_models_carry(engines: Engines) -> int | None:
    """Sessions whose replies the local models can think and speak in time (at least 2); None where
    both are remote or scripted, and somebody else's capacity counts.

    In a conversation the agent speaks about 45 % of the time; for each second of its speech a
    local voice needs its real-time factor and a local language model about four tokens' time.
    """
    load = 0.0
    if _measured_here(engines.tts.card):
        started, spoken = time.perf_counter(), 0.0
        async with aclosing(engines.tts.stream(_SENTENCE, lane=Lane.INTERACTIVE)) as chunks:
            async for chunk in chunks:
                spoken += chunk.pcm.seconds
        if spoken:
            load += (time.perf_counter() - started) / spoken
    if _measured_here(engines.llm.card):
        tokens, first = 0, 0.0
        asked = [Message("user", "Count from one to ten in words.")]
        answer = engines.llm.stream(asked, Generation(max_tokens=12), lane=Lane.INTERACTIVE)
        async with aclosing(answer) as deltas:
            async for delta in deltas:
                if delta.text:
                    first = first or time.perf_counter()
                    tokens += 1
        if tokens > 1:
            load += _TOKENS_PER_SECOND * (time.perf_counter() - first) / (tokens - 1)
    return max(2, int(1 / (_SPEAKING * load))) if load else None


def _measured_here(card: Card) -> bool:
    return card.local and not card.scripted
