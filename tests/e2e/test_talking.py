"""How one is heard in a call: by voice or by a held key, through which devices, on which page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from e2e.conftest import HEARD, Open, Serve, Server, Visit, recording

pytestmark = pytest.mark.browser

PUSH = {"mode": "push"}
BESIDE = {"transcript": True}
STATES = "() => window.microphones.map((track) => track.readyState)"
SENTENCE = "One two three four five six seven eight nine ten eleven twelve."

# Keeps each word that lights up, in order, and those of them that lay within the captions.
WATCH_WORDS = """() => {
  window.lit = [];
  window.seen = new Set();
  const look = () => {
    const mark = document.querySelector(".live-words mark");
    const word = mark?.textContent ?? "";
    if (word && word !== window.lit.at(-1)) window.lit.push(word);
    if (word) {
      const [at, box] = [mark, mark.parentElement].map((one) => one.getBoundingClientRect());
      if (at.top >= box.top - 1 && at.bottom <= box.bottom + 1) window.seen.add(word);
    }
    requestAnimationFrame(look);
  };
  look();
}"""

# Counts what keeps the screen on.
WATCH_SCREEN = """() => {
  window.screenHeld = 0;
  navigator.wakeLock.request = async () => {
    window.screenHeld += 1;
    return { release: async () => { window.screenHeld -= 1; } };
  };
}"""


def start(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Start talking").click()


def captions(visit: Visit, role: str) -> str:
    text: str = visit.page.locator(f".live-captions.{role} .live-words").inner_text()
    return text


def test_words_light_up_in_order_as_they_are_spoken(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, preferences=BESIDE, reduced_motion="reduce")
    # Two short rows: the captions have to follow the words.
    visit.page.add_style_tag(content=".call .live-captions { --rows: 2; width: 9rem; }")
    start(visit)
    visit.wait_status("Listening")
    visit.page.evaluate(WATCH_WORDS)
    visit.write(SENTENCE)
    visit.wait_status("Speaking")
    visit.wait_status("Listening")
    lit = visit.page.evaluate("() => window.lit")
    words = SENTENCE.rstrip(".").split()
    assert lit == sorted(set(lit), key=words.index)
    # A page that is drawn too seldom, on a busy machine, passes over a word, and never goes back.
    assert len(lit) > len(words) / 2
    # The captions have gone on to them, which their first two rows don't hold.
    assert set(words[-4:]) & set(visit.page.evaluate("() => [...window.seen]"))
    assert captions(visit, "assistant") == SENTENCE
    assert visit.page.locator(".live-words .coming").inner_text() == ""


def test_with_push_to_talk_only_what_is_held_is_heard(
    echo_server: Server, open_page: Open, tmp_path: Path
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=0, after=0.2)
    visit = open_page(echo_server.url, microphone=microphone, preferences={**PUSH, **BESIDE})
    start(visit)
    visit.wait_status("Hold the button and speak")
    visit.page.wait_for_timeout(2000)  # of speech, most of it
    assert visit.lines("user") == []
    talk = visit.page.get_by_role("button", name="Hold to talk")
    box = talk.bounding_box()
    assert box is not None
    visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.page.mouse.down()
    visit.wait_status("Hearing you")
    visit.page.wait_for_timeout(1000)
    visit.picture("push-to-talk")
    visit.page.mouse.move(box["x"], box["y"] - 200)  # the finger slips: it is still held
    assert visit.status() == "Hearing you"
    visit.page.mouse.up()
    visit.wait_status("Speaking")
    assert visit.lines("user") == [HEARD]
    # Space does the same, and takes the floor from the agent.
    visit.page.locator("h1").first.click()
    visit.page.keyboard.down(" ")
    visit.wait_status("Hearing you")
    visit.page.wait_for_timeout(1000)
    visit.page.keyboard.up(" ")
    visit.wait_lines("user", 2)


def test_a_touch_by_mistake_is_no_turn(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, preferences={**PUSH, **BESIDE})
    start(visit)
    visit.wait_status("Hold the button and speak")
    visit.page.get_by_role("button", name="Hold to talk").click()
    visit.page.wait_for_timeout(1500)
    assert visit.status() == "Hold the button and speak"
    assert visit.lines("user") == []
    assert visit.page.get_by_role("alert").inner_text() == ""


def test_the_mode_changes_in_a_call_and_is_remembered(
    echo_server: Server, open_page: Open, tmp_path: Path
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=1, after=1)
    visit = open_page(echo_server.url, microphone=microphone, preferences={"mode": "push", **BESIDE})
    start(visit)
    visit.wait_status("Hold the button and speak")
    visit.page.get_by_role("radio", name="Hands-free").click()
    assert HEARD in visit.wait_lines("user", 1)
    visit.page.get_by_role("radio", name="Push to talk").click()
    visit.page.get_by_role("button", name="End", exact=True).click()
    visit.page.goto(echo_server.url)
    assert visit.page.get_by_role("radio", name="Push to talk").is_checked()


def test_keys_mute_and_show_the_words_but_not_while_writing(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    start(visit)
    visit.wait_status("Listening")
    keys = visit.page.keyboard
    keys.press("m")
    visit.wait_status("Your microphone is muted")
    assert visit.page.evaluate("() => window.microphones[0].enabled") is False
    keys.press("t")
    field = visit.page.get_by_label("Write a message")
    field.press_sequentially("mmt")
    assert field.input_value() == "mmt"
    assert visit.status() == "Your microphone is muted"


def test_space_talks_after_a_click_on_something_else(echo_server: Server, open_page: Open) -> None:
    """A button keeps the focus when it was clicked, and Space would press it once more."""
    visit = open_page(echo_server.url)
    start(visit)
    visit.wait_status("Listening")
    keys = visit.page.keyboard
    talking = visit.page.get_by_role("button", name="Let go to send")
    transcript = visit.page.get_by_role("button", name="Transcript")
    visit.page.get_by_role("radio", name="Push to talk").click()
    visit.wait_status("Hold the button and speak")
    keys.down(" ")
    talking.wait_for()
    keys.up(" ")
    transcript.click()
    keys.down(" ")
    talking.wait_for()
    keys.up(" ")
    talking.wait_for(state="detached")
    assert transcript.get_attribute("aria-pressed") == "true"
    # Who goes from button to button by keyboard presses them.
    keys.press("Tab")
    keys.press("Shift+Tab")
    keys.press(" ")
    assert transcript.get_attribute("aria-pressed") == "false"


def test_another_microphone_in_the_middle_of_a_call(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    start(visit)
    visit.wait_status("Listening")
    visit.page.get_by_role("button", name="Sound").click()
    choice = visit.page.get_by_label("Microphone", exact=True)
    names = choice.get_by_role("option").all_inner_texts()
    assert names[0] == "System default"
    assert len(names) >= 3
    visit.picture("sound-settings")
    choice.select_option(names[2])
    visit.page.wait_for_function("() => window.microphones.length === 2")
    assert visit.page.evaluate(STATES) == ["ended", "live"]
    wished, got = visit.page.evaluate(
        """() => [JSON.parse(localStorage["kaikou.call"]).microphone,
                  window.microphones[1].getSettings().deviceId]"""
    )
    assert wished == got
    visit.page.keyboard.press("Escape")
    visit.page.get_by_role("button", name="End", exact=True).click()
    assert visit.page.evaluate(STATES) == ["ended", "ended"]


def test_a_headset_that_goes_away_does_not_end_the_call(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    start(visit)
    visit.wait_status("Listening")
    visit.page.evaluate("() => window.microphones[0].dispatchEvent(new Event('ended'))")
    visit.page.wait_for_function("() => window.microphones.length === 2")
    assert visit.page.evaluate(STATES) == ["ended", "live"]
    assert visit.status() == "Listening"
    # And where no other is left, the page says so and is silent.
    visit.page.evaluate(
        """() => {
            navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotFoundError"));
            window.microphones[1].dispatchEvent(new Event("ended"));
        }"""
    )
    visit.page.get_by_role("alert").get_by_text("The microphone was unplugged").wait_for()
    assert visit.page.evaluate(STATES) == ["ended", "ended"]


def test_the_microphone_can_be_tried_before_a_call(
    echo_server: Server, open_page: Open, tmp_path: Path
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=0, after=0)
    visit = open_page(echo_server.url, microphone=microphone)
    visit.page.get_by_role("button", name="Sound settings").click()
    visit.page.get_by_role("button", name="Test").click()
    visit.page.wait_for_function(
        "() => Number(document.querySelector('.meter span').style.getPropertyValue('--level')) > 0.2"
    )
    visit.picture("sound-test")
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_function("() => window.microphones[0].readyState === 'ended'")


def test_a_call_goes_on_while_one_looks_around(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.page.evaluate(WATCH_SCREEN)
    start(visit)
    visit.wait_status("Listening")
    assert visit.page.evaluate("() => window.screenHeld") == 1
    assert visit.page.title() == "Listening · Robin"
    visit.page.get_by_role("link", name="Performance").click()
    bar = visit.page.get_by_role("region", name="Call with Robin")
    bar.get_by_role("button", name="Mute", exact=True).click()
    visit.wait_status("Your microphone is muted")
    visit.picture("call-bar")
    assert visit.page.title() == "Your microphone is muted · Robin"
    bar.get_by_role("link", name="Back to the call").click()
    visit.page.get_by_role("button", name="Unmute").click()
    visit.wait_status("Listening")
    visit.page.get_by_role("link", name="Performance").click()
    bar.get_by_role("button", name="End").click()
    assert visit.page.evaluate(STATES) == ["ended"]
    assert visit.page.title().startswith("Performance")
    assert visit.page.evaluate("() => window.screenHeld") == 0


def test_a_full_server_is_waited_for(serve: Serve, open_page: Open) -> None:
    server = serve(KAIKOU_LIVE__MAX_SESSIONS="1")
    first = open_page(server.url)
    start(first)
    first.wait_status("Listening", "Speaking")
    second = open_page(server.url)
    start(second)
    second.wait_status("All lines are busy. Waiting for one")
    second.picture("busy")
    first.page.get_by_role("button", name="End", exact=True).click()
    second.wait_status("Listening", "Speaking")


def test_the_first_start_tells_what_it_fetches(echo_server: Server, open_page: Open) -> None:
    """The server's answers are canned here: a real first start would fetch gigabytes."""
    visit = open_page(echo_server.url, errors_expected=True)
    asked: list[Any] = []

    def retry(route: Any) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(status=202, json={"retried": ["whisper"]})

    visit.page.route("**/api/health", lambda route: route.fulfill(status=503, json=STARTING))
    visit.page.route("**/api/models", lambda route: route.fulfill(json=FETCHING))
    visit.page.route("**/api/models/retry", retry)
    visit.page.reload()
    visit.page.get_by_text("123 MB of 456 MB · 3 MB/s · 4 min left").wait_for()
    visit.page.get_by_text("456 MB · licence Apache-2.0").first.wait_for()
    visit.page.get_by_text("The download broke off. Check the line.").wait_for()
    assert visit.page.get_by_role("button", name="Start talking").is_disabled()
    visit.picture("first-start")
    visit.page.get_by_role("button", name="Try again").first.click()
    visit.page.wait_for_timeout(300)
    assert asked == [{"model": "whisper"}]
    visit.page.unroute("**/api/health")
    visit.page.get_by_role("button", name="Start talking").click()
    visit.wait_status("Listening", "Speaking")


def engine(kind: str, state: str, progress: float | None = None) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": kind,
        "title": kind,
        "local": True,
        "scripted": False,
        "state": state,
        "detail": "",
        "progress": progress,
    }


def model(name: str, purpose: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": purpose,
        "purpose": purpose,
        "licence": {"code": "MIT", "weights": "Apache-2.0"},
        "size": 456_000_000,
        "needed": True,
        "done": 0,
        "total": 456_000_000,
        "rate": None,
        "remaining_seconds": None,
        "error": None,
        **fields,
    }


STARTING = {
    "status": "starting",
    "engines": [engine("vad", "ready"), engine("stt", "failed"), engine("llm", "loading", 0.27)],
}
BROKEN = {"code": "download_failed", "message": "The download broke off.", "hint": "Check the line."}
FETCHING = {
    "models": [
        model("whisper", "Whisper small", state="failed", error=BROKEN),
        model(
            "qwen",
            "Qwen 2.5 instruct",
            state="downloading",
            done=123_000_000,
            rate=2_900_000.0,
            remaining_seconds=200.0,
        ),
    ]
}
