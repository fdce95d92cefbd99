"""What an owner asks a device, spoken aloud to the default models: the time in Chinese, the loudness in
English. The questions are recordings of two synthetic voices."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from e2e.device import SimulatedDevice

from kaikou.audio.decoding import decode

SPEECH = Path(__file__).parent / "data" / "speech"
pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server on the default models; its address once it takes calls."""
    env = {**os.environ, "KAIKOU_DATA_DIR": str(folder)}
    log = folder / "server.log"
    command = [sys.executable, "-m", "kaikou", "serve", "--port", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out)
    try:
        until(lambda: re.search(r"http://[\w.]+:\d+", log.read_text("utf-8")), "an address", process)
        found = re.search(r"http://[\w.]+:(\d+)", log.read_text("utf-8"))
        url = f"http://127.0.0.1:{found[1] if found else 0}"
        until(lambda: httpx.get(f"{url}/ready", timeout=20).status_code == 200, "the models", process)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def until(
    true: Callable[[], object], what: str, process: subprocess.Popen[bytes] | None = None, seen: object = None
) -> None:
    """The bound only ends a test that would hang."""
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        try:
            if true():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{what} never came: {seen!r}")


def asked(device: SimulatedDevice, recording: str) -> str:
    """Ask a device something aloud; its answer."""
    before = len(device.heard)

    def said(state: str) -> list[str]:
        return [
            str(one.get("text"))
            for one in device.heard[before:]
            if one["type"] == "tts" and one["state"] == state
        ]

    device.say(decode((SPEECH / recording).read_bytes(), 16_000))
    until(lambda: said("stop"), f"an answer to {recording}", seen=device.heard)
    return " ".join(said("sentence_start"))


def test_a_device_is_asked_the_time_and_told_to_be_quieter(tmp_path: Path) -> None:
    with server(tmp_path) as url:
        device = SimulatedDevice(url)
        httpx.post(f"{url}/api/devices/bind", json={"code": device.code}).raise_for_status()
        with device.connected():
            before = datetime.now()
            answer = asked(device, "zh_what_time_is_it.opus")
            hours = {f"{moment.hour % 12 or 12}点" for moment in (before, datetime.now())} | {"12点", "0点"}
            assert answer.startswith("现在是") and any(hour in answer for hour in hours), device.heard

            answer = asked(device, "en_set_the_volume_to_thirty.opus")
            assert device.volume == 30 and "30" in answer, device.heard
