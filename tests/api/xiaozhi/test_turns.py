"""A device's turns on a real socket: spoken, pushed to talk, written, broken off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from api.live_server import ANSWER
from api.xiaozhi.device import Home, home


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as running:
        yield running


async def test_from_the_first_call_to_a_spoken_answer(house: Home) -> None:
    async with house.device() as device:
        before = len(device.log)
        await device.ask()
        await device.until("tts", state="stop")
        names = [name for name in device.names(before) if name != "tts sentence_start"]
        assert names[:4] == ["stt", "tts start", "llm", "audio"] and names[-1] == "tts stop"
        assert device.texts("stt") == ["I spoke for 0.7 seconds."]
        assert " ".join(device.texts("tts", state="sentence_start")) == ANSWER
        # Decoded at the rate the hello told, it is as long as what was synthesised.
        seconds = sum(map(len, device.pcm)) / device.decoder.rate
        assert seconds == pytest.approx(device.packets * 0.06)
        assert np.abs(np.concatenate(device.pcm)).max() > 0.1
    await house.settled()
