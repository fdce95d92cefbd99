"""Recorded speech and the embedded models, with Chromium, a device or a program in between: the whole
product, nothing scripted. One server for all of them, since each must read its prompts first."""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from e2e.conftest import PICTURES, SPEECH, Open, Server, Visit, recording, running_server
from e2e.device import SimulatedDevice
from test_spoken_conversation import kaikou, likeness
from websockets.sync.client import connect

from kaikou.audio.decoding import decode
from kaikou.audio.pcm import Pcm
from kaikou.cli.sound import write_sound

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.timeout(900)]

DOWNLOADS = 600
"""Seconds the first start may take where the models must be fetched first."""
PICTURE = {"viewport": {"width": 1180, "height": 740}, "device_scale_factor": 1.5}
"""The README's pictures: KAIKOU_TEST_PICTURES=docs/images writes them, as call.png and call-chinese.png."""
BESIDE = {"transcript": True}
PATIENCE = 120
"""Seconds a step of a call may take where two cores do everything."""


@pytest.fixture(scope="module")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The default settings: what a stranger gets from ``make serve``, but for answers that come to their
    end sooner and do not depend on chance."""
    settings = {"KAIKOU_LLM__MAX_TOKENS": "40", "KAIKOU_LLM__TEMPERATURE": "0"}
    with running_server(tmp_path_factory.mktemp("real"), settings, ready_within=DOWNLOADS) as server:
        yield server


def call(visit: Visit, agent: str) -> None:
    visit.page.get_by_role("radio", name=agent, exact=False).check()
    visit.page.locator(".call-start .primary").click()


def user_said(visit: Visit, *words: str) -> str:
    """Wait for a user's line with one of the words, and return it."""
    for _ in range(PATIENCE):
        for line in visit.lines("user"):
            if any(word in line.lower() for word in words):
                return line
        visit.page.wait_for_timeout(1000)
    pytest.fail(f"heard none of {words}; the page says:\n{visit.page.inner_text('main')}")


def portrait(visit: Visit, name: str) -> None:
    """The README's picture: the call alone, the agent greeting. Then all words are shown beside it."""
    if PICTURES is not None:
        visit.page.mouse.move(0, 0)
        visit.page.locator(".live-captions.assistant mark:not(:empty)").wait_for(timeout=PATIENCE * 1000)
        visit.page.wait_for_timeout(600)
        visit.wait_status("Speaking", "正在说", seconds=PATIENCE)
        visit.picture(name)
    visit.page.get_by_role("button", name=re.compile("^(Transcript|文字记录)$")).click()


def test_a_conversation_in_english(real_server: Server, open_page: Open, tmp_path: Path) -> None:
    microphone = recording(tmp_path, "en_no_one_wants_to_talk.opus", before=10, after=60)
    visit = open_page(real_server.url, microphone=microphone, **PICTURE)
    call(visit, "Robin")
    visit.wait_status("Speaking", seconds=PATIENCE)
    portrait(visit, "call")
    assert visit.wait_lines("assistant", 1, PATIENCE)[0].strip()  # the greeting
    user_said(visit, "talk", "tonight")
    visit.wait_status("Speaking", seconds=PATIENCE)
    answer = visit.wait_lines("assistant", 2, PATIENCE)[-1]
    assert len(answer.split()) >= 2
    visit.page.locator(".timing summary").last.click()
    assert visit.page.get_by_role("alert").inner_text() == ""


def test_a_conversation_in_chinese(real_server: Server, open_page: Open, tmp_path: Path) -> None:
    microphone = recording(tmp_path, "zh_play_music.flac", before=10, after=25)
    visit = open_page(real_server.url, microphone=microphone, locale="zh-CN", **PICTURE)
    call(visit, "小开")
    visit.wait_status("正在说", seconds=PATIENCE)
    portrait(visit, "call-chinese")
    user_said(visit, "音乐", "音樂", "歌", "播放")
    visit.wait_status("正在说", seconds=PATIENCE)
    answer = visit.wait_lines("assistant", 2, PATIENCE)[-1]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer)
    assert visit.page.get_by_role("alert").inner_text() == ""


def test_a_voice_interrupts_a_spoken_answer(real_server: Server, open_page: Open, tmp_path: Path) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=4, after=1)
    visit = open_page(real_server.url, microphone=microphone, preferences=BESIDE)
    call(visit, "Robin")
    field = visit.page.get_by_label("Write a message")
    field.fill("Please tell me a long story about the sea, in ten sentences.")
    visit.wait_status("Speaking", "Listening", seconds=PATIENCE)
    field.press("Enter")
    # The recording comes round every few seconds, in the middle of whatever is being said.
    cut = visit.page.locator(".line.assistant.cut").first
    cut.wait_for(timeout=PATIENCE * 1000)
    assert cut.inner_text().strip()
    user_said(visit, "agree", "disagree")


# -- devices and programs -------------------------------------------------------------------------


def until(true: Callable[[], object], what: str, seen: object) -> None:
    """The bound only ends a test that would hang."""
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        if true():
            return
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
    until(lambda: said("stop"), f"an answer to {recording}", device.heard)
    return " ".join(said("sentence_start"))


def test_a_device_is_asked_the_time_and_told_to_be_quieter(real_server: Server) -> None:
    """What an owner asks a device: the time in Chinese, the loudness in English. The questions are
    recordings of two synthetic voices."""
    device = SimulatedDevice(real_server.url)
    httpx.post(f"{real_server.url}/api/devices/bind", json={"code": device.code}).raise_for_status()
    with device.connected():
        before = datetime.now()
        answer = asked(device, "zh_what_time_is_it.opus")
        hours = {f"{moment.hour % 12 or 12}点" for moment in (before, datetime.now())} | {"12点", "0点"}
        assert answer.startswith("现在是") and any(hour in answer for hour in hours), device.heard

        answer = asked(device, "en_set_the_volume_to_thirty.opus")
        assert device.volume == 30 and "30" in answer, device.heard


def spoken_turn(server: Server, agent: str, sound: Pcm) -> tuple[str, str, Pcm]:
    """One turn of a program that holds a button: what was understood, the answer, and its sound."""
    rate = 24_000
    address = f"ws://127.0.0.1:{server.port}/v1/realtime?agent={agent}"
    with connect(address, max_size=None, proxy=None) as line:

        def send(kind: str, **fields: Any) -> None:
            line.send(json.dumps({"type": kind, **fields}))

        def response() -> list[dict[str, Any]]:
            """All that comes until one is done."""
            events: list[dict[str, Any]] = []
            while not events or events[-1]["type"] != "response.done":
                events.append(json.loads(line.recv(timeout=PATIENCE)))
                assert events[-1]["type"] != "error", events[-1]
            return events

        response()  # the greeting
        send("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
        samples = (np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes()
        for start in range(0, len(samples), rate):
            send("input_audio_buffer.append", audio=b64encode(samples[start : start + rate]).decode())
        send("input_audio_buffer.commit")
        send("response.create", response={"max_output_tokens": 20})
        heard = response()

    def only(kind: str, name: str) -> str:
        return "".join(event[name] for event in heard if event["type"] == kind)

    data = b"".join(b64decode(one["delta"]) for one in heard if one["type"] == "response.output_audio.delta")
    said = only("response.output_audio_transcript.done", "transcript")
    understood = only("conversation.item.input_audio_transcription.completed", "transcript")
    return understood, said, Pcm.from_int16(data, rate)


def test_chinese_is_answered_aloud_and_the_answer_is_understood(real_server: Server, tmp_path: Path) -> None:
    question = decode((SPEECH / "zh_play_music.flac").read_bytes(), 24_000)
    understood, said, sound = spoken_turn(real_server, "xiaokai", question)
    assert likeness(understood, "播放周杰伦的晴天") > 0.6, "nobody said which language it would be"
    write_sound(tmp_path / "reply.wav", sound)
    (heard,) = kaikou(tmp_path, "transcribe", str(tmp_path / "reply.wav"), "--language", "zh")
    assert likeness(heard["text"], said) > 0.75, (heard["text"], said)
