"""The downlink in virtual time: never starving, never more than a device can hold."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from dialogue.scripted import open_stage
from dialogue.virtual_time import run

from kaikou.api.xiaozhi.framing import Framing
from kaikou.api.xiaozhi.speaker import Speaker
from kaikou.api.xiaozhi.voice import TAIL_SECONDS, Voice
from kaikou.dialogue.session import SessionConfig
from kaikou.settings.services import XiaozhiSettings

QUEUE_SECONDS = 2.4
FRAME = 0.06


class Line:
    """What went to the device, with its time."""

    def __init__(self) -> None:
        self.log: list[tuple[float, str | bytes]] = []

    def send(self, message: str | bytes) -> None:
        self.log.append((asyncio.get_running_loop().time(), message))

    @property
    def audio(self) -> list[float]:
        return [moment for moment, one in self.log if isinstance(one, bytes)]

    def at(self, text: str) -> list[float]:
        return [moment for moment, one in self.log if isinstance(one, str) and text in one]


def speaker(line: Line) -> Speaker:
    return Speaker(Framing(), line.send, XiaozhiSettings(), "opus")


@pytest.mark.parametrize("lead", [120, 600, 1_800])
def test_a_long_reply_neither_starves_nor_overflows(lead: int) -> None:
    async def scene() -> Line:
        line = Line()
        stage = open_stage(SessionConfig(input_rate=16_000, send_ahead_ms=lead))
        stage.llm.reply = lambda messages: "This sentence is as long as the others here. " * 12
        voice = Voice(speaker(line), "s", lambda _: None)
        stage.conversation.sink = voice.take
        stage.conversation.say("Go on.")
        while not line.at('"stop"'):
            await asyncio.sleep(0.1)
        voice.close()
        await stage.conversation.close()
        return line

    line = run(scene())
    audio = line.audio
    assert len(audio) * FRAME > 20
    plays = audio[0]
    most = starved = 0.0
    for index, moment in enumerate(audio):
        starved = max(starved, moment - plays)
        plays = max(plays, moment) + FRAME
        most = max(most, plays - moment)
        assert plays == pytest.approx(audio[0] + (index + 1) * FRAME), "the device ran dry"
    assert starved <= 0 and most <= min(QUEUE_SECONDS, lead / 1000 + 2 * FRAME)
    if lead <= 600:  # beyond it, what is there is sent at once, and synthesis has to catch up
        assert max(np.diff(audio)) <= 0.12
    [stopped] = line.at('"stop"')
    assert plays <= stopped <= plays + 2 * TAIL_SECONDS + FRAME


def test_what_was_not_sent_at_an_interruption_never_is() -> None:
    async def scene() -> Line:
        line = Line()
        one = speaker(line)
        sound = bytes(2880 * 4)
        one.say({"type": "a"})
        one.sound(sound + bytes(2))
        one.say({"type": "b"})
        one.drop()
        one.say({"type": "c"})
        one.sound(sound)
        one.end()
        return line

    kinds = ["audio" if isinstance(one, bytes) else one[9] for _, one in run(scene()).log]
    assert kinds == ["a", *["audio"] * 4, "b", "c", *["audio"] * 4]


def test_a_rest_is_filled_up_to_a_whole_frame() -> None:
    async def scene() -> Line:
        line = Line()
        one = speaker(line)
        one.sound(bytes(2880 + 2))
        one.end()
        one.end()  # nothing is left
        await asyncio.sleep(0.1)
        return line

    assert len(run(scene()).audio) == 2
