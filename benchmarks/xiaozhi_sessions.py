"""Devices that one core carries: real Opus both ways, everything else from a script.

  python benchmarks/xiaozhi_sessions.py                      1 and 40 devices
  python benchmarks/xiaozhi_sessions.py --devices 1,40,60 --seconds 40 --json out.json

The server runs on core 0, the devices on core 1. Each device says 2 s, is answered with 5.5 s of
sound, and speaks again a second after ``tts stop``; its packets leave at the pace of a microphone.
``first audio`` counts from the end of what it said to the first packet of the answer; a gap is
the time between two packets of an answer. Devices come in and take a first turn, which is not
counted; the figures, and the server's processor time for each answered turn, are those of the
``--seconds`` after that. ``callers late`` is how late the devices themselves sent: it bounds
what can be believed of the rest. ``codec_seconds_a_turn`` is what a turn's Opus work takes in a bare loop
on the server's core, measured all along: the least that any server spends, and how fast the core
was. ``idle_percent`` is what the server takes of a core while no device is there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import uvloop
from capacity_servers import SCRIPTED, Running, Server, started
from websockets.asyncio.client import ClientConnection, connect

from kaikou.audio.opus import OpusDecoder, OpusEncoder
from kaikou.audio.resampling import resample
from kaikou.cli.caller_voice import babble
from kaikou.cli.watch import usage_of
from kaikou.machine import about_machine, kaikou_version
from kaikou.settings.services import XiaozhiSettings

FRAME = 0.06
SAID_SECONDS = 2.0
WORDS = 22
PAUSE = 1.0
TURN = 10.0
"""Seconds of one turn, about."""
IDLE_SECONDS = 3.0
PROBE = 12
"""Packets by which the speed of the server's core is measured, twice a second."""
SETTINGS = SCRIPTED | {
    "KAIKOU_VAD__ENGINE": "energy",
    "KAIKOU_LLM__SCRIPTED__REPLIES": " ".join(["word"] * WORDS) + ".",
    "KAIKOU_XIAOZHI__AUTO_BIND": "loopback",
}


@dataclass
class Figures:
    """What all devices of one run saw."""

    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    packets: list[int] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answer: list[bytes] = field(default_factory=list)
    """The packets of one answer."""
    counting: bool = False
    over: bool = False


def said() -> tuple[list[bytes], bytes]:
    """The packets of one utterance, and one of silence."""
    encoder = OpusEncoder(16_000, 60, bitrate=16_000, complexity=0)
    voice = resample(babble(SAID_SECONDS), 16_000).samples[: int(SAID_SECONDS * 16_000)]
    packets = encoder.feed(np.concatenate((voice, np.zeros(960 - len(voice) % 960 or 960, np.float32))))
    return packets, packets[-1]


class Device:
    """One device: speaks, listens until it is answered, speaks again."""

    def __init__(self, number: int, port: int, figures: Figures) -> None:
        self.mac = f"02:00:00:00:{number // 256:02x}:{number % 256:02x}"
        self.port = port
        self.figures = figures

    def token(self) -> str:
        headers = {"Device-Id": self.mac, "Client-Id": self.mac}
        url = f"http://127.0.0.1:{self.port}/xiaozhi/ota/"
        with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=30) as answer:
            found: str = json.load(answer)["websocket"]["token"]
            return found

    async def live(self, wait: float, utterance: list[bytes], quiet: bytes) -> None:
        try:
            token = await asyncio.to_thread(self.token)
            await asyncio.sleep(wait)
            headers = {"Authorization": f"Bearer {token}", "Device-Id": self.mac, "Client-Id": self.mac}
            url = f"ws://127.0.0.1:{self.port}/xiaozhi/v1/"
            async with connect(url, additional_headers=headers, compression=None, ping_interval=None) as line:
                await line.send('{"type":"hello","version":1,"transport":"websocket"}')
                await line.recv()
                while not self.figures.over:
                    await self.turn(line, utterance, quiet)
                    await asyncio.sleep(PAUSE)
        except Exception as error:  # noqa: BLE001 - counted, and shown with the figures
            self.figures.errors.append(f"{type(error).__name__}: {error}")

    async def turn(self, line: ClientConnection, utterance: list[bytes], quiet: bytes) -> None:
        await line.send('{"type":"listen","state":"start","mode":"auto"}')
        answered = asyncio.Event()
        ended: list[float] = []
        speaking = asyncio.create_task(self.speak(line, utterance, quiet, answered, ended))
        arrived: list[float] = []
        packets: list[bytes] = []
        try:
            async with asyncio.timeout(30):
                while True:
                    message = await line.recv()
                    if isinstance(message, bytes):
                        arrived.append(time.perf_counter())
                        packets.append(message)
                        continue
                    body = orjson.loads(message)
                    if body["type"] == "tts" and body["state"] == "start":
                        answered.set()
                    if body["type"] == "tts" and body["state"] == "stop":
                        break
        finally:
            answered.set()
            await speaking
        self.figures.answer = packets or self.figures.answer
        if self.figures.counting and arrived:
            self.figures.first.append(arrived[0] - ended[0])
            self.figures.gaps += [after - before for before, after in pairwise(arrived)]
            self.figures.packets.append(len(arrived))

    async def speak(
        self,
        line: ClientConnection,
        utterance: list[bytes],
        quiet: bytes,
        answered: asyncio.Event,
        ended: list[float],
    ) -> None:
        """A microphone: one packet each 60 ms, by the clock, closed once the agent speaks."""
        begun = time.perf_counter()
        sent = 0
        while not answered.is_set():
            due = begun + (sent + 1) * FRAME
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.figures.late.append(time.perf_counter() - due)
            await line.send(utterance[sent] if sent < len(utterance) else quiet)
            sent += 1
            if sent * FRAME >= SAID_SECONDS and not ended:
                ended.append(begun + SAID_SECONDS)


class Codec:
    """A turn's Opus work in a bare loop on the server's core: the least that a turn costs there and then."""

    def __init__(self, up: Sequence[bytes], answer: Sequence[bytes]) -> None:
        settings = XiaozhiSettings()
        hearing = OpusDecoder(settings.output_rate)
        sound = np.concatenate([hearing.decode(packet).samples for packet in answer])
        self.share = PROBE / len(answer)
        self._up = up[: round(len(up) * self.share)]
        whole = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
        self._answer = whole[: round(len(whole) * self.share)]
        self._decoder = OpusDecoder(16_000)
        self._encoder = OpusEncoder(
            settings.output_rate,
            round(FRAME * 1000),
            bitrate=settings.bitrate,
            complexity=settings.complexity,
            application="low-delay",
        )

    def seconds(self) -> float:
        """Of the processor, for a whole turn; measured by a part of one, to be in nobody's way."""
        ours = cores()
        pin({0})
        began = time.thread_time()
        for packet in self._up:
            self._decoder.decode(packet)
        self._encoder.feed(self._answer)
        spent = time.thread_time() - began
        pin(ours)
        return spent / self.share


def cores() -> set[int]:
    return set(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else set()


def pin(wanted: set[int]) -> None:
    if wanted and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, wanted)


async def measure(running: Running, devices: int, seconds: float) -> dict[str, Any]:
    """One run."""
    figures = Figures()
    utterance, quiet = said()
    before, at = used(running), time.perf_counter()
    await asyncio.sleep(IDLE_SECONDS)
    idle = (used(running) - before) / (time.perf_counter() - at)
    # Spread over a turn's length, as people are.
    lives = [
        asyncio.create_task(
            Device(number, running.port, figures).live(number * TURN / devices, utterance, quiet)
        )
        for number in range(devices)
    ]
    await asyncio.sleep(2.2 * TURN)
    figures.late.clear()
    figures.counting = True
    codec = Codec([*utterance, *[quiet] * ((len(utterance) * 2) // 3)], figures.answer)
    before, at = used(running), time.perf_counter()
    floor = []
    while time.perf_counter() < at + seconds:
        await asyncio.sleep(0.5)
        floor.append(await asyncio.to_thread(codec.seconds))
    spent, took = used(running) - before, time.perf_counter() - at
    least = statistics.median(floor)
    figures.counting, figures.over = False, True
    await asyncio.gather(*lives)
    turns = len(figures.first)
    first = sorted(figures.first)
    return {
        "devices": devices,
        "turns": turns,
        "first_audio_ms": {
            "p50": round(statistics.median(first) * 1000, 1),
            "p95": round(first[min(len(first) - 1, int(len(first) * 0.95))] * 1000, 1),
        },
        "longest_gap_ms": round(max(figures.gaps) * 1000, 1),
        "gaps_over_120_ms": sum(gap > 0.12 for gap in figures.gaps),
        "packets_a_turn": round(statistics.mean(figures.packets), 1),
        "cpu_seconds_a_turn": round(spent / turns, 4),
        "codec_seconds_a_turn": round(least, 4),
        "times_codec": round(spent / turns / least, 2),
        "idle_percent": round(idle * 100, 2),
        "core_percent": round(spent / took * 100, 1),
        "threads": threads(running),
        "callers_late_ms": round(sorted(figures.late)[int(len(figures.late) * 0.99)] * 1000, 1),
        "errors": figures.errors[:3],
    }


def used(running: Running) -> float:
    usage = usage_of(running.pid)
    return usage.cpu if usage else 0.0


def threads(running: Running) -> int:
    tasks = Path(f"/proc/{running.pid}/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--devices", default="1,40")
    parser.add_argument("--seconds", type=float, default=20.0, help="counted, of one run")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    server = Server("kaikou, devices", settings=SETTINGS)
    rows: list[dict[str, Any]] = []
    with started([server], None) as [running]:
        pin({max(cores(), default=0)})
        for devices in (int(one) for one in options.devices.split(",")):
            rows.append(uvloop.run(measure(running, devices, options.seconds)))
            print(json.dumps(rows[-1]), flush=True)
    if options.json:
        about = {"version": kaikou_version(), "machine": about_machine(), "rows": rows}
        options.json.write_text(json.dumps(about, indent=1, default=str) + "\n")


if __name__ == "__main__":
    main()
