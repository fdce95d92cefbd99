"""An open microphone that hears the agent, on a real socket in real time. Voices are recorded ones."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from api.live_server import Tts
from api.xiaozhi.device import Device, Home, home
from api.xiaozhi.speakerphone import RATE, Speakerphone
from dialogue.scripted import FakeStt

from kaikou.audio.pcm import Pcm, Samples
from kaikou.engines.ports import AudioChunk, Transcript
from kaikou.engines.registry import EngineContext
from kaikou.engines.vad.energy import EnergyVad
from kaikou.engines.weights.store import WeightStore

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from echo_rooms import Room, voice

ROOM = Room(180, -12.0, 0.25)
DELAY, JITTER = 0.18, 0.04
VOICES = ("en_tell_me_if_you_feel", "zh_what_model_are_you", "en_elbows_on_the_table")
STORY = "This is the first of three sentences. This is the second one, said after it. And this is the last."
USER = "en_not_here_to_be_loved"


class RecordedTts(Tts):
    """Speaks each sentence with a recorded voice."""

    __hash__ = object.__hash__

    async def stream(self, text: str, **more: Any) -> AsyncGenerator[AudioChunk, None]:
        name = VOICES[len(self.spoken) % len(VOICES)]
        self.spoken.append(text)
        yield AudioChunk(Pcm(voice(name), RATE), (0, len(text)))


@dataclass
class KeepingStt(FakeStt):
    """Understands the same words whatever it is given, and keeps what that was."""

    heard: list[Samples] = field(default_factory=list)

    async def transcribe(self, audio: Pcm, **more: Any) -> Transcript:
        self.heard.append(audio.samples)
        return Transcript("Please wait a moment.", "en", seconds=audio.seconds)


@asynccontextmanager
async def house_with_voices(folder: Path, **changes: Any) -> AsyncIterator[tuple[Home, KeepingStt]]:
    """A home whose agent speaks with recorded voices, and takes what is loud for a voice."""
    async with home(folder, **changes) as house:
        runtime = house.server.runtime
        settings = runtime.settings
        context = EngineContext("energy", settings.vad, settings, runtime.pool, WeightStore(settings.models))
        detector, stt = EnergyVad(context), KeepingStt()
        assert runtime.engines is not None
        tts = RecordedTts()
        runtime.engines = replace(runtime.engines, vad=detector, stt=stt, tts=tts)  # type: ignore[arg-type]
        house.server.llm.reply = lambda messages: STORY
        yield house, stt
        await house.settled()


@asynccontextmanager
async def speakerphone(house: Home) -> AsyncIterator[tuple[Device, Speakerphone]]:
    """In the room, listening all the time, half a second ago."""
    async with house.device() as device:
        phone = Speakerphone(
            device, ROOM.response() * 10 ** (ROOM.attenuation / 20), delay=DELAY, jitter=JITTER
        )
        await device.send(type="listen", state="start", mode="realtime")
        async with phone.open():
            await asyncio.sleep(0.5)
            yield device, phone


def likeness(part: Samples, whole: Samples) -> float:
    """Largest normalised correlation of ``part`` with a stretch of ``whole`` (1: the same sound)."""
    size = 1 << (len(part) + len(whole)).bit_length()
    product = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size)), size)
    ones = np.fft.rfft(np.ones(len(part), np.float32), size)
    power = np.fft.irfft(np.fft.rfft(np.square(whole), size) * np.conj(ones), size)
    least = 0.1 * power.max()  # where it is nearly silent anything resembles it
    return float((np.abs(product) / np.sqrt((part @ part) * np.maximum(power, least))).max())


async def test_the_agent_hears_the_user_and_not_itself(tmp_path: Path) -> None:
    async with house_with_voices(tmp_path) as (house, stt), speakerphone(house) as (device, phone):
        await device.send(type="listen", state="detect", text="Tell me a story.")
        await device.until("tts", seconds=60, state="stop")
        await asyncio.sleep(1.0)  # the room's last sound must be no turn either
        await device.send(type="ping")
        await device.until("pong")
        [session] = house.server.live.sessions
        items = session.conversation.items
        assert [(item.role, item.text) for item in items] == [
            ("user", "Tell me a story."),
            ("assistant", STORY),
        ]
        assert device.texts("stt") == ["Tell me a story."]
        assert sum(map(len, device.pcm)) >= sum(len(voice(name)) for name in VOICES), "spoken to its end"
        assert phone.loudest > 0.05, "there was something to hear"

        await device.send(type="listen", state="detect", text="Once more.")
        await device.until("tts", state="start")
        packets = device.packets
        while device.packets < packets + 40:  # 2.4 s
            await device.next()
        stt.heard.clear()
        said = voice(USER)
        phone.say(said, 2 * phone.loudness)
        await device.until("tts", seconds=60, state="stop")
        assert (await device.until("stt", seconds=60))["text"] == "Please wait a moment."
        told = session.conversation.items[3]
        assert told.role == "assistant" and len(told.text) < len(STORY), "interrupted"
        assert max(likeness(heard, said) for heard in stt.heard) > 0.5, (
            "the user's voice is what was understood"
        )
        await device.until("tts", state="start")


async def test_without_the_guard_it_takes_its_own_words_for_the_users(tmp_path: Path) -> None:
    """What the other test rests on: this room's echo is loud enough to be taken for a voice."""
    async with (
        house_with_voices(tmp_path, live={"echo": False}) as (house, _),
        speakerphone(house) as (device, _),
    ):
        await device.send(type="listen", state="detect", text="Tell me a story.")
        await device.until("stt", text="Tell me a story.")
        assert (await device.until("stt", seconds=60))["text"] == "Please wait a moment."
        [session] = house.server.live.sessions
        assert len(session.conversation.items[1].text) < len(STORY), "interrupted"
