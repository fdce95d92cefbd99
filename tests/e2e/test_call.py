"""The call page against a real server whose engines are scripted: quick, and sure of its timing."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.conftest import HEARD, Open, Serve, Server, Visit, recording
from e2e.dropping_proxy import DroppingProxy
from e2e.test_page import SHOWN

pytestmark = pytest.mark.browser

LONG = " ".join(f"This is sentence number {number} of a very long answer." for number in range(1, 30))
BESIDE = {"transcript": True}
"""Preferences that show the whole transcript and the field to write in beside the call."""
STORY = LONG[:300].rpartition(" ")[0]


def start(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Start talking").click()


def cut_long(visit: Visit) -> str:
    """The words of ``LONG`` that were heard before it was interrupted. On a slow machine the greeting
    may have been, too."""
    line = visit.page.locator(".line.assistant.cut").filter(has_text="This is").last
    line.get_by_text("interrupted").wait_for()
    text: str = line.locator(".words").inner_text()
    return text


def test_a_spoken_turn_is_heard_answered_and_shown(
    echo_server: Server, open_page: Open, tmp_path: Path
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=5, after=6)
    visit = open_page(echo_server.url, microphone=microphone, preferences=BESIDE)
    start(visit)
    visit.wait_status("Speaking")  # the agent greets
    visit.wait_status("Hearing you")
    visit.wait_status("Speaking")
    assert visit.wait_lines("user", 1)[0] == HEARD
    visit.wait_status("Listening")
    assert visit.lines("assistant")[-1] == HEARD
    timing = visit.page.locator(".timing").last
    timing.locator("summary").click()
    assert timing.get_by_role("row").count() >= 4


def test_a_microphone_that_hears_the_agent_is_told_of(echo_server: Server, open_page: Open) -> None:
    """Tests play their recordings without the browser's processing: nobody takes the agent's voice out."""
    visit = open_page(echo_server.url)
    sent: list[str] = []
    visit.page.on("websocket", lambda line: line.on("framesent", lambda frame: sent.append(str(frame))))
    start(visit)
    visit.wait_status("Listening", "Speaking")
    updates = [one for one in sent if '"session.update"' in one]
    assert updates and all('"hears_itself":true' in one for one in updates)


def test_a_voice_interrupts_and_history_keeps_what_was_heard(
    echo_server: Server, open_page: Open, tmp_path: Path
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=7, after=1)
    visit = open_page(echo_server.url, microphone=microphone, preferences=BESIDE)
    start(visit)
    visit.wait_status("Listening")
    visit.write(LONG)
    heard = cut_long(visit)
    assert 0 < len(heard) < len(LONG)
    assert LONG.startswith(heard)
    assert HEARD in visit.wait_lines("user", 2)


def test_the_interrupt_button_silences_at_once(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, preferences=BESIDE)
    start(visit)
    visit.wait_status("Listening")
    visit.write(LONG)
    visit.wait_status("Speaking")
    visit.page.wait_for_timeout(1500)
    visit.page.get_by_role("button", name="Interrupt").click()
    visit.wait_status("Listening")
    heard = cut_long(visit)
    assert 0 < len(heard) < len(LONG) / 2
    assert LONG.startswith(heard)


def test_escape_interrupts_too(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, preferences=BESIDE)
    start(visit)
    visit.wait_status("Listening")
    visit.write(LONG)
    visit.wait_status("Speaking")
    visit.page.wait_for_timeout(1500)
    visit.page.keyboard.press("Escape")
    visit.wait_status("Listening")
    assert len(cut_long(visit)) < len(LONG)


def test_ending_closes_the_microphone(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    start(visit)
    visit.wait_status("Listening", "Speaking")
    states = "() => window.microphones.map((track) => track.readyState)"
    assert visit.page.evaluate(states) == ["live"]
    visit.page.get_by_role("button", name="End", exact=True).click()
    assert visit.page.evaluate(states) == ["ended"]
    assert visit.status() == "The call has ended. The microphone is closed."


def test_leaving_the_page_frees_the_place(serve: Serve, open_page: Open) -> None:
    server = serve(KAIKOU_LIVE__MAX_SESSIONS="1")
    visit = open_page(server.url)
    for _ in range(2):
        start(visit)
        visit.wait_status("Listening", "Speaking")
        visit.page.goto("about:blank")
        visit.page.goto(server.url)


def test_being_signed_out_closes_the_microphone(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    start(visit)
    visit.wait_status("Listening", "Speaking")
    visit.page.route("**/api/login", lambda route: route.fulfill(json={"authenticated": False}))
    visit.page.evaluate(SHOWN, "hidden")
    visit.page.evaluate(SHOWN, "visible")
    visit.page.get_by_label("Password").wait_for()
    assert visit.page.evaluate("() => window.microphones.map((one) => one.readyState)") == ["ended"]


def test_muting_keeps_the_call_and_silences_the_user(
    echo_server: Server, open_page: Open, tmp_path: Path
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=1, after=0.5)
    visit = open_page(echo_server.url, microphone=microphone, preferences=BESIDE)
    start(visit)
    visit.page.get_by_role("button", name="Mute").click()
    visit.wait_status("Your microphone is muted")
    before = len(visit.lines("user"))
    visit.page.wait_for_timeout(5500)  # longer than the recording takes to come round
    assert len(visit.lines("user")) == before
    visit.page.get_by_role("button", name="Unmute").click()
    visit.wait_lines("user", before + 1)


def test_a_dropped_line_is_taken_up_again(echo_server: Server, open_page: Open) -> None:
    with DroppingProxy(echo_server.port) as proxy:
        visit = open_page(f"http://127.0.0.1:{proxy.port}", errors_expected=True, preferences=BESIDE)
        start(visit)
        visit.wait_status("Listening")
        visit.write(STORY)
        visit.wait_status("Speaking")
        visit.page.wait_for_timeout(1000)
        proxy.drop(for_seconds=1.5)
        visit.wait_status("Connection lost. Coming back")
        visit.wait_status("Speaking")
        visit.wait_status("Listening", seconds=120)
        assert visit.lines("assistant")[-1] == STORY
        assert visit.lines("user") == [STORY]


def test_a_conversation_written_then_spoken_then_written_is_one(serve: Serve, open_page: Open) -> None:
    replies = '["First answer.", "Second answer.", "Third answer."]'
    server = serve(KAIKOU_LLM__SCRIPTED__REPLIES=replies)
    visit = open_page(server.url, preferences=BESIDE)
    visit.write("First question")
    assert visit.wait_lines("assistant", 1) == ["First answer."]
    visit.page.get_by_role("button", name="Call Robin").click()
    visit.wait_status("Listening")
    visit.write("Second question")
    visit.wait_status("Speaking")
    # The scripted model counts the questions it is given: the written one is among them.
    assert visit.wait_lines("assistant", 2)[1] == "Second answer."
    visit.page.get_by_role("button", name="End", exact=True).click()
    visit.write("Third question")
    assert visit.wait_lines("assistant", 3)[2] == "Third answer."
    assert visit.lines("user") == ["First question", "Second question", "Third question"]
    visit.page.get_by_role("button", name="New conversation").click()
    visit.write("Afresh")
    assert visit.wait_lines("assistant", 1) == ["First answer."]


def test_a_refused_microphone_says_what_to_do(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.page.evaluate(
        """() => {
            const refuse = () => Promise.reject(new DOMException("", "NotAllowedError"));
            navigator.mediaDevices.getUserMedia = refuse;
        }"""
    )
    start(visit)
    visit.page.get_by_role("alert").get_by_text("Allow it for this page").wait_for()
    assert visit.status() == "Ready when you are"
    visit.write("Then I write.")
    assert visit.wait_lines("assistant", 1) == ["Then I write."]
