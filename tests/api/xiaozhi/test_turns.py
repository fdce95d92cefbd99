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


async def test_push_to_talk_waits_for_the_button(house: Home) -> None:
    async with house.device() as device:
        await device.send(type="listen", state="start", mode="manual")
        await device.speak(0.6)
        await device.speak(2.0, loud=False)  # a pause, however long, ends nothing
        await device.speak(0.6)
        before = len(device.log)
        await device.send(type="listen", state="stop")
        await device.until("tts", state="stop")
        assert device.texts("stt") == ["I spoke for 1.2 seconds."]
        assert device.names(before)[:3] == ["stt", "tts start", "llm"]
        # A button only touched is no turn, and the next one is whole.
        await device.send(type="listen", state="start", mode="manual")
        await device.send(type="listen", state="stop")
        await device.send(type="listen", state="start", mode="manual")
        await device.speak(0.6)
        await device.send(type="listen", state="stop")
        await device.until("tts", state="stop")
        assert len(device.texts("stt")) == 2
        assert house.desk.figures.dropped["empty_turn"] == 1


async def test_listen_stop_ends_a_turn_under_way(house: Home) -> None:
    async with house.device() as device:
        await device.send(type="listen", state="start", mode="auto")
        await device.speak(0.6)
        await device.send(type="listen", state="stop")
        await device.until("stt")
        await device.until("tts", state="stop")


async def test_sound_before_listening_is_not_meant(house: Home) -> None:
    async with house.device() as device:
        await device.speak(1.2)  # the wake word, as some devices send it
        await device.ask()
        assert (await device.until("stt"))["text"] == "I spoke for 0.7 seconds."


async def test_the_wake_word_is_greeted_and_other_texts_are_answered(house: Home) -> None:
    await house.server.runtime.agents.update("partner", {"greeting": "你好呀。"})
    token = await house.bound(agent="partner")
    async with house.device(token) as device:
        before = len(device.log)
        await device.send(type="listen", state="detect", text="你好，小智！")
        await device.until("tts", state="stop")
        assert device.texts("stt") == ["你好，小智！"]
        assert device.texts("tts", state="sentence_start") == ["你好呀。"]
        assert device.names(before)[:2] == ["stt", "tts start"]
        assert house.server.llm.prompts == []
        await device.send(type="listen", state="detect", text="What is the time?")
        await device.until("tts", state="stop")
        assert house.server.llm.prompts[-1][-1].content == "What is the time?"
        made = house.server.tts.spoken.count("你好呀。")
        await device.send(type="listen", state="detect", text="你好小智")
        await device.until("tts", state="stop")
        assert house.server.tts.spoken.count("你好呀。") == made == 1, "the greeting's sound is kept"
        await device.send(type="listen", state="detect", text="[device_call]客厅找你。")
        assert (await device.until("tts", state="sentence_start"))["text"] == "客厅找你。"


async def test_an_abort_is_answered_with_stop_and_silence(house: Home) -> None:
    house.server.llm.reply = lambda messages: "One long sentence after another. " * 20
    async with house.device() as device:
        await device.send(type="listen", state="detect", text="Tell me a story.")
        await device.until("tts", state="sentence_start")
        await device.next()
        await device.send(type="abort", reason="wake_word_detected")
        await device.until("tts", state="stop")
        before = len(device.log)
        await device.send(type="ping")
        await device.until("pong")
        assert device.names(before) == ["pong"], "no sound after stop"
        await device.send(type="abort")
        await device.until("tts", state="stop")  # also where nothing was said
        [session] = house.server.live.sessions
        said = session.conversation.items[-1]
        assert said.role == "assistant" and len(said.text) < 200, "history keeps what was heard"


async def test_in_realtime_mode_a_voice_breaks_in(house: Home) -> None:
    house.server.llm.reply = lambda messages: "A story. " * 30 if len(messages) == 1 else "Yes?"
    async with house.device() as device:
        await device.send(type="listen", state="start", mode="realtime")
        await device.send(type="listen", state="detect", text="Tell me a story.")
        await device.until("tts", state="start")
        await device.speak(0.9)
        await device.speak(1.8, loud=False)
        await device.until("tts", state="stop")
        await device.until("stt")
        await device.until("tts", state="sentence_start")
        assert device.texts("tts", state="sentence_start")[-1] == "Yes?"


@pytest.mark.parametrize("said", ["再见。", "Goodbye!"])
async def test_exit_words_end_the_conversation(house: Home, said: str) -> None:
    async with house.device() as device:
        house.server.stt.words = lambda seconds: said
        await device.ask()
        await device.until("stt")
        assert (await device.until("tts", state="sentence_start"))["text"].startswith("那我先下线啦")
        await device.until("tts", state="stop")
        await device.socket.wait_closed()
        assert device.socket.close_code == 1000
        # What the turn had begun was never heard.
        assert device.names().count("tts start") == 1
    await house.settled()


async def test_emotions_and_emoji_are_shown_not_spoken(house: Home) -> None:
    house.server.llm.reply = lambda messages: "[happy] Nice to see you. 🎉"
    async with house.device() as device:
        await device.send(type="listen", state="detect", text="Hello 👋 there")
        await device.until("tts", state="stop")
        assert device.texts("stt") == ["Hello  there"]
        assert [
            one["emotion"] for _, one in device.log if isinstance(one, dict) and one["type"] == "llm"
        ] == ["happy"]
        assert device.texts("tts", state="sentence_start") == ["Nice to see you."]


async def test_a_failed_reply_is_an_alert(house: Home) -> None:
    house.server.llm.fail = RuntimeError("boom")
    async with house.device() as device:
        await device.send(type="listen", state="detect", text="Hello")
        alert = await device.until("alert")
        assert alert["status"] and alert["emotion"] and "boom" not in alert["message"]
        house.server.llm.fail = None
        await device.send(type="listen", state="detect", text="Hello")
        await device.until("tts", state="stop")


async def test_stop_comes_when_the_last_frame_was_played(house: Home) -> None:
    async with house.device() as device:
        await device.send(type="listen", state="detect", text="Hello")
        await device.until("tts", state="stop")
        audio = [moment for moment, one in device.log if isinstance(one, bytes)]
        stopped = device.log[-1][0]
        played = audio[0] + len(audio) * 0.06
        assert stopped >= played - 0.02, "the device is still playing"
        assert stopped - played < 1.0


async def test_nobody_there(tmp_path: Path) -> None:
    async with home(tmp_path, xiaozhi={"idle_seconds": 0.3, "farewell": "Bye now."}) as house:
        async with house.device() as device:
            await device.send(type="listen", state="start", mode="auto")
            assert (await device.until("tts", state="sentence_start"))["text"] == "Bye now."
            await device.until("tts", state="stop")
            await device.socket.wait_closed()
            assert device.socket.close_code == 1000
        await house.settled()
