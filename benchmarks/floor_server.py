"""The floor: what a bare FastAPI socket needs for the same conversation, with no framework around it.

  python benchmarks/floor_server.py [--port 8600] [--vad energy|silero] [--reply-seconds 1.25]

It speaks just enough of /v1/realtime for ``kaikou bench live`` and answers every turn at once with the
same tone, paced as Kaikou paces it. Turns end after the silence the client asks for. A frame of 20 ms
is one window of the energy VAD, so no window boundary adds to its latency; with Silero the windows are
the model's 32 ms. One session's work is one coroutine and, while it speaks, one timer.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pybase64
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

RATE = 24_000
LOUD = 0.01
"""RMS from which 20 ms are speech."""
ONSET = 0.064
LEAD, PACKET = 0.4, 0.04
"""Seconds of audio sent ahead of playback, and in one message."""

Detector = Callable[[np.ndarray], list[tuple[bool, float]]]
"""Samples at 24 kHz in, (voiced, seconds) of each window that became whole out."""


def energy() -> Detector:
    """Loudness of each frame as it comes."""

    def heard(samples: np.ndarray) -> list[tuple[bool, float]]:
        loud = float(np.dot(samples, samples)) >= LOUD**2 * len(samples)
        return [(loud, len(samples) / RATE)]

    return heard


def silero(model: Path) -> Callable[[], Detector]:
    """The model itself, called in place for each window; 24 kHz becomes 16 kHz by soxr, as in Kaikou."""
    import onnxruntime
    import soxr

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options)
    rate = np.array(16_000, np.int64)

    def detector() -> Detector:
        resampler = soxr.ResampleStream(RATE, 16_000, 1, dtype="float32", quality="HQ")
        state = np.zeros((2, 1, 128), np.float32)
        waiting = np.zeros(64, np.float32)  # 64 samples of context before the 512 new ones
        speaking = False

        def heard(samples: np.ndarray) -> list[tuple[bool, float]]:
            nonlocal state, waiting, speaking
            waiting = np.concatenate((waiting, resampler.resample_chunk(samples)))
            found = []
            while len(waiting) >= 576:
                feed = {"input": waiting[None, :576], "state": state, "sr": rate}
                probability, state = session.run(None, feed)
                waiting = waiting[512:]
                speaking = float(probability[0, 0]) >= (0.35 if speaking else 0.5)
                found.append((speaking, 0.032))
            return found

        return heard

    return detector


def tone(seconds: float) -> list[str]:
    """The reply in base64: what is sent at once, then packet by packet."""
    at = np.arange(round(seconds * RATE)) / RATE
    data = np.rint(np.sin(2 * np.pi * 180 * at) * 0.02 * 2**0.5 * 32767).astype("<i2").tobytes()
    first, size = round(LEAD * RATE) * 2, round(PACKET * RATE) * 2
    cuts = [0, *range(first, len(data), size), len(data)]
    return [pybase64.b64encode(data[a:b]).decode() for a, b in itertools.pairwise(cuts) if b > a]


class Talk:
    """One session: turns by silence, replies by a timer."""

    def __init__(self, socket: WebSocket, detector: Detector, reply: list[str]) -> None:
        self.socket, self.detector, self.reply = socket, detector, reply
        self.silence = 0.5
        self.run = self.quiet = 0.0
        self.speaking = False
        self.replies = 0
        self.waiting: list[str] = []
        self.ready = asyncio.Event()
        self.timer: asyncio.TimerHandle | None = None

    def put(self, **event: Any) -> None:
        self.waiting.append(orjson.dumps(event).decode())
        self.ready.set()

    def hear(self, samples: np.ndarray) -> None:
        for voiced, seconds in self.detector(samples):
            self.run = self.run + seconds if voiced else 0.0
            self.quiet = 0.0 if voiced else self.quiet + seconds
            if not self.speaking and self.run >= ONSET:
                self.speaking = True
                self.stop()
                self.put(type="input_audio_buffer.speech_started")
            elif self.speaking and self.quiet >= self.silence - 1e-9:
                self.speaking = False
                self.put(type="input_audio_buffer.speech_stopped")
                self.answer()

    def answer(self) -> None:
        self.replies += 1
        name = f"resp_{self.replies}"
        self.put(type="response.created", response={"id": name, "status": "in_progress"})
        self.send(name, 0, asyncio.get_running_loop().time())

    def send(self, name: str, number: int, due: float) -> None:
        """One packet, and a timer for the next; by the clock, so that delays don't add up."""
        self.put(type="response.output_audio.delta", response_id=name, delta=self.reply[number])
        if number + 1 == len(self.reply):
            self.timer = None
            self.put(type="response.done", response={"id": name, "status": "completed"})
            return
        loop = asyncio.get_running_loop()
        self.timer = loop.call_at(due + PACKET, self.send, name, number + 1, due + PACKET)

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
            self.put(type="response.done", response={"id": f"resp_{self.replies}", "status": "cancelled"})

    async def drain(self) -> None:
        while True:
            await self.ready.wait()
            self.ready.clear()
            sent, self.waiting = self.waiting, []
            for text in sent:
                await self.socket.send_text(text)

    async def receive(self) -> None:
        while True:
            event = orjson.loads(await self.socket.receive_text())
            if event["type"] == "input_audio_buffer.append":
                data = pybase64.b64decode(event["audio"], validate=True)
                self.hear(np.frombuffer(data, "<i2").astype(np.float32) * np.float32(1 / 32768))
            elif event["type"] == "session.update":
                detection = event["session"].get("audio", {}).get("input", {}).get("turn_detection", {})
                self.silence = detection.get("silence_duration_ms", 500) / 1000
                self.put(type="session.updated", session=event["session"])


def make_app(detector: Callable[[], Detector] = energy, reply_seconds: float = 1.25) -> FastAPI:
    """The whole server."""
    app, reply = FastAPI(), tone(reply_seconds)

    @app.websocket("/v1/realtime")
    async def realtime(socket: WebSocket) -> None:
        await socket.accept()
        talk = Talk(socket, detector(), reply)
        talk.put(type="session.created", session={})
        draining = asyncio.create_task(talk.drain())
        try:
            await talk.receive()
        except WebSocketDisconnect:
            pass
        finally:
            if talk.timer is not None:
                talk.timer.cancel()
            draining.cancel()

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--vad", choices=["energy", "silero"], default="energy")
    parser.add_argument("--reply-seconds", type=float, default=1.25)
    given = parser.parse_args()
    detector = energy
    if given.vad == "silero":
        from kaikou.engines.weights.store import WeightStore
        from kaikou.settings.tree import Settings

        folder = WeightStore(Settings().models).path("silero-vad")
        detector = silero(folder / "silero_vad_16k_op15.onnx")
    uvicorn.run(
        make_app(detector, given.reply_seconds),
        port=given.port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
