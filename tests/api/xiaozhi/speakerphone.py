"""A device that plays what it is sent into a room, and whose microphone hears the room all the time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from api.xiaozhi.device import Device

from kaikou.audio.opus import OpusDecoder
from kaikou.audio.pcm import Samples

RATE, PACKET = 16_000, 960
_MOST = 90 * RATE
_NOISE = 10 ** (-60 / 20)


class Speakerphone:
    """Nobody cancels its echo. ``response`` is the way from loudspeaker to microphone; sound is played
    ``delay`` seconds after it came, and packets go out up to ``jitter`` seconds late."""

    def __init__(self, device: Device, response: Samples, *, delay: float, jitter: float) -> None:
        device.decoder = OpusDecoder(RATE)
        self.heard: Samples = np.zeros(_MOST, np.float32)
        """By its microphone since ``began``."""
        self._device = device
        self._past = len(response) - 1
        """Samples before a packet that are still heard in it."""
        self._size = 1 << (self._past + PACKET).bit_length()
        self._response = np.fft.rfft(response, self._size)
        self._delay = delay
        self._jitter = jitter
        self._played: Samples = np.zeros(_MOST, np.float32)
        self._said: Samples = np.zeros(_MOST, np.float32)
        self._random = np.random.default_rng(1)
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._at = 0
        self._read = 0
        self._decoded = 0
        self._plays_until = 0

    @property
    def loudness(self) -> float:
        """Root mean square of what was heard in the last second."""
        return float(np.sqrt(np.mean(np.square(self.heard[max(0, self._at - RATE) : self._at]))))

    @property
    def loudest(self) -> float:
        """The largest sample heard."""
        return float(np.abs(self.heard).max())

    def say(self, voice: Samples, loudness: float) -> None:
        """Somebody speaks into the room."""
        start = self._at + PACKET
        self._said[start : start + len(voice)] = voice * (loudness / np.sqrt(np.mean(np.square(voice))))

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Speakerphone]:
        task = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while self._at + PACKET < _MOST:
            late = self._random.uniform(0, self._jitter)
            end = self._began + (self._at + PACKET) / RATE
            await asyncio.sleep(max(0.0, end + late - self._loop.time()))
            self._play()
            start, stop = self._at, self._at + PACKET
            heard = self._played[max(0, start - self._past) : stop]
            echo = np.fft.irfft(np.fft.rfft(heard, self._size) * self._response)[: len(heard)][-PACKET:]
            noise = self._random.standard_normal(PACKET) * _NOISE
            self.heard[start:stop] = echo + noise + self._said[start:stop]
            self._at = stop
            await self._device.packet(self._device.encoder.encode(self.heard[start:stop]))

    def _play(self) -> None:
        """Queue what came since; ``tts stop`` empties the queue."""
        log, self._read = self._device.log[self._read :], len(self._device.log)
        for moment, one in log:
            now = round((moment - self._began) * RATE)
            if isinstance(one, bytes):
                sound = self._device.pcm[self._decoded]
                self._decoded += 1
                start = max(self._plays_until, now + round(self._delay * RATE))
                self._plays_until = start + len(sound)
                self._played[start : self._plays_until] = sound
            elif one["type"] == "tts" and one["state"] == "stop":
                self._played[max(now, self._at) :] = 0
                self._plays_until = now
