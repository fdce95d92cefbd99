"""Recorded speech, the embedded models, and Chromium in between: the whole product, nothing scripted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.conftest import PICTURES, Open, Server, Visit, recording, running_server

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
    """The default settings: what a stranger gets from ``make serve``."""
    with running_server(tmp_path_factory.mktemp("real"), {}, ready_within=DOWNLOADS) as server:
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
    microphone = recording(tmp_path, "en_no_one_wants_to_talk.opus", before=14, after=60)
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
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=4, after=4)
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
