"""Writing with an agent: Markdown, the buttons under messages, the field below, the address above.

The echo server answers with what it is sent, so that a test writes the answer it wants to see.
"""

from __future__ import annotations

import re

import pytest
from e2e.conftest import Open, Server, Visit, hold
from e2e.test_page import accessibility_problems
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

LONG = "\n\n".join(f"This is line {number} of a long answer." for number in range(40))
ENDLESS = "\n\n".join(f"This is line {number} of an answer of a minute." for number in range(300))
RICH = """## 周末的计划 for you

Take the **early** train, see [the timetable](https://example.org/trains), and mind `--platform 4`.

- 带上雨伞 and a *light* coat
- [x] book seats

| City | 天气 | Wind |
|---|---|---|
| Shanghai 上海 | 多云, 18 °C, later rain from the north-west | 4 |
| Oslo | klart | 2 |

```python
def greet(name: str) -> str:
    return f"你好, {name}"  # a comment that is long enough to need a scroll bar on a phone
```

![a cat](https://example.org/cat.png) <script>alert(1)</script>

> Say hello from me."""


def composer(visit: Visit) -> Locator:
    return visit.page.get_by_label("Write a message").or_(visit.page.get_by_label("写一条消息"))


def answered(visit: Visit, count: int = 1) -> list[str]:
    """The answers, once there are this many and the last is whole."""
    visit.wait_lines("assistant", count)
    visit.page.locator(".line.assistant.hearing").wait_for(state="detached")
    visit.page.get_by_role("button", name=re.compile("Stop answering|停止回答")).wait_for(state="detached")
    return visit.lines("assistant")


def button(visit: Visit, line: str, name: str) -> Locator:
    """A button under the last line of one side."""
    found = visit.page.locator(f".line.{line}").last
    found.hover()
    return found.get_by_role("button", name=name)


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ({"viewport": {"width": 1280, "height": 1500}}, "wide-light"),
        (
            {"color_scheme": "dark", "locale": "zh-CN", "viewport": {"width": 1280, "height": 1500}},
            "wide-dark-zh",
        ),
        ({"viewport": {"width": 360, "height": 1600}}, "phone"),
    ],
    ids=["wide", "dark-chinese", "phone"],
)
def test_an_answer_in_markdown(
    echo_server: Server, open_page: Open, context: dict[str, object], name: str
) -> None:
    visit = open_page(echo_server.url, **context)
    fetched: list[str] = []
    visit.page.on("request", lambda request: fetched.append(request.url))
    visit.write(RICH)
    answered(visit)
    answer = visit.page.locator(".line.assistant .markdown")
    expect(answer.get_by_role("heading", name="周末的计划 for you")).to_be_visible()
    expect(answer.get_by_role("cell", name="Oslo")).to_be_visible()
    link = answer.get_by_role("link", name="the timetable")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    expect(link).to_have_attribute("target", "_blank")
    expect(answer.locator("pre .hljs-keyword").first).to_have_text("def")
    # No HTML of the model's, and nothing fetched from elsewhere.
    assert answer.locator("script, img").count() == 0
    assert all(address.startswith(echo_server.url) for address in fetched)
    assert visit.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    visit.picture(f"markdown-{name}")


def test_a_message_is_copied_edited_answered_anew_and_deleted(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, permissions=["clipboard-read", "clipboard-write"])
    visit.write("Frist words")
    assert answered(visit) == ["Frist words"]

    button(visit, "assistant", "Copy").click()
    assert visit.page.evaluate("() => navigator.clipboard.readText()") == "Frist words"
    button(visit, "user", "Edit").click()
    editor = visit.page.get_by_label("Edit your message")
    editor.press("Escape")
    expect(button(visit, "user", "Edit")).to_be_focused()
    expect(visit.page.locator(".line.user")).to_have_text(re.compile("Frist words"))
    button(visit, "user", "Edit").click()
    editor.fill("First words")
    assert accessibility_problems(visit) == []
    editor.press("Enter")
    expect(visit.page.locator(".line.assistant .words")).to_have_text("First words")
    assert visit.lines("user") == ["First words"]

    visit.write("Second words")
    answered(visit, 2)
    before = visit.page.locator(".line.assistant").first
    before.hover()
    before.get_by_role("button", name="Answer again").click()
    expect(visit.page.locator(".line")).to_have_count(2)
    assert answered(visit) == ["First words"]

    button(visit, "assistant", "Delete message").click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(visit.page.locator(".line")).to_have_count(1)
    visit.page.reload()
    expect(visit.page.locator(".line .words")).to_have_text("First words")
    visit.page.get_by_role("button", name="Try for an answer again").click()
    assert answered(visit) == ["First words"]


def test_each_paragraph_runs_the_way_its_letters_do(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.write("Left to right.\n\nمن اليمين إلى اليسار")
    answered(visit)
    left, right = (
        visit.page.locator(".line.assistant .markdown p")
        .nth(at)
        .evaluate(
            """node => {
                const words = document.createRange();
                words.selectNodeContents(node);
                return words.getBoundingClientRect().left - node.getBoundingClientRect().left;
            }"""
        )
        for at in (0, 1)
    )
    assert left < 1 < 100 < right


def test_on_paper_the_whole_conversation_is_seen_and_no_button(echo_server: Server, open_page: Open) -> None:
    identifier = hold(echo_server, [f"Message number {number}" for number in range(40)])
    visit = open_page(echo_server.url, color_scheme="dark")
    visit.page.goto(f"{echo_server.url}/app/c/{identifier}")
    visit.page.get_by_text("Message number 39").first.wait_for()
    visit.page.emulate_media(media="print")
    visit.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    expect(visit.page.locator(".line")).to_have_count(80)
    assert visit.page.locator("button:visible, textarea:visible, nav:visible").count() == 0
    # Nothing scrolls on paper: the page itself is as long as what was said.
    last = visit.page.locator(".line").last.bounding_box()
    assert last is not None
    assert visit.page.evaluate("() => document.documentElement.scrollHeight") >= last["y"] + last["height"]


def test_an_answer_is_stopped_and_keeps_what_was_written(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.write(ENDLESS)
    visit.page.get_by_text("This is line 3 ").nth(1).wait_for()
    visit.page.get_by_role("button", name="Stop answering").click()
    line = visit.page.locator(".line.assistant.cut")
    expect(line.get_by_text("stopped", exact=True)).to_be_visible()
    assert "line 299" not in line.inner_text()


def test_the_newest_words_stay_in_sight_unless_one_reads_above(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    scroller = visit.page.locator(".messages-scroll")
    distance = "node => node.scrollHeight - node.clientHeight - node.scrollTop"
    visit.write(LONG)
    visit.page.get_by_text("This is line 8 ").nth(1).wait_for()
    assert scroller.evaluate(distance) < 60
    scroller.hover()
    visit.page.mouse.wheel(0, -400)
    jump = visit.page.get_by_role("button", name="Jump to the newest")
    jump.wait_for()
    place = scroller.evaluate("node => node.scrollTop")
    answered(visit)
    assert scroller.evaluate("node => node.scrollTop") == place
    jump.click()
    jump.wait_for(state="detached")
    visit.page.wait_for_function(
        "() => { const n = document.querySelector('.messages-scroll');"
        " return n.scrollHeight - n.clientHeight - n.scrollTop < 60 }"
    )


def test_the_field_grows_keeps_drafts_and_counts(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    field = composer(visit)
    field.fill("One")
    small = field.bounding_box()
    field.press("Shift+Enter")
    field.press_sequentially("two")
    assert field.input_value() == "One\ntwo"
    large = field.bounding_box()
    assert small is not None and large is not None
    assert large["height"] > small["height"]
    visit.page.reload()
    expect(composer(visit)).to_have_value("One\ntwo")
    composer(visit).fill("x" * 20_001)
    visit.page.get_by_text("1 character too many").wait_for()
    assert visit.page.get_by_role("button", name="Send").is_disabled()
    composer(visit).fill("x" * 19_000)
    visit.page.get_by_text("1000 characters left").wait_for()
    composer(visit).fill("")


def test_an_input_method_keeps_its_enter(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, locale="zh-CN")
    field = composer(visit)
    field.focus()
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Input.imeSetComposition", {"text": "ni hao", "selectionStart": 6, "selectionEnd": 6})
    # As browsers report the Enter that chooses the characters.
    field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "isComposing": True, "bubbles": True})
    assert visit.page.locator(".line").count() == 0
    session.send("Input.insertText", {"text": "你好"})
    field.press("Enter")
    assert answered(visit) == ["你好"]


def test_the_address_follows_and_opens_a_conversation(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.write("Where am I?")
    visit.page.wait_for_url("**/app/c/*")
    assert composer(visit).evaluate("node => node === document.activeElement")
    answered(visit)
    address = visit.page.url
    visit.page.get_by_role("complementary").get_by_role("button", name="New conversation").click()
    assert visit.page.locator(".line").count() == 0
    visit.page.goto(address)
    assert visit.wait_lines("assistant", 1) == ["Where am I?"]
    assert visit.page.title().startswith("Where am I?")
    visit.write("And now?")
    assert answered(visit, 2) == ["Where am I?", "And now?"]
    assert visit.page.url == address
    visit.page.go_back()
    expect(visit.page.locator(".agents")).to_be_visible()
    visit.page.go_forward()
    visit.wait_lines("assistant", 2)
    visit.page.goto(f"{echo_server.url}/app/c/conv_nobody")
    visit.page.get_by_role("heading", name="This conversation is not here").wait_for()
    visit.errors = [error for error in visit.errors if "404" not in error]


def test_two_windows_show_the_same_conversation(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.write("From the first window")
    answered(visit)
    other = visit.page.context.new_page()
    other.goto(visit.page.url)
    other.locator(".line.assistant").wait_for()
    field = other.get_by_label("Write a message")
    field.fill("From the second")
    field.press("Enter")
    assert answered(visit, 2)[-1] == "From the second"
    assert visit.lines("user") == ["From the first window", "From the second"]


def test_a_stored_conversation_goes_on_by_voice(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.write("Written first")
    answered(visit)
    visit.page.wait_for_url("**/app/c/*")
    visit.page.reload()
    visit.wait_lines("assistant", 1)
    visit.page.get_by_role("button", name="Call Robin").click()
    visit.wait_status("Listening", "Speaking")
    assert "/app/c/" in visit.page.url
    visit.page.get_by_role("button", name="End", exact=True).click()
    assert visit.wait_lines("user", 1)[0] == "Written first"


def test_a_long_conversation_shows_its_end_and_more_on_the_way_up(
    echo_server: Server, open_page: Open
) -> None:
    identifier = hold(echo_server, [f"Message number {number}" for number in range(40)])
    visit = open_page(echo_server.url)
    visit.page.goto(f"{echo_server.url}/app/c/{identifier}")
    visit.page.get_by_text("Message number 39").first.wait_for()
    assert visit.page.locator(".line").count() == 50
    visit.page.locator(".messages-scroll").evaluate("node => node.scrollTo({top: 0})")
    expect(visit.page.locator(".line")).to_have_count(80)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_everybody_can_write(echo_server: Server, open_page: Open, locale: str) -> None:
    dark = locale == "zh-CN"
    visit = open_page(
        echo_server.url,
        locale=locale,
        color_scheme="dark" if dark else "light",
        viewport={"width": 360, "height": 700} if dark else {"width": 1280, "height": 800},
    )
    visit.write(RICH)
    answered(visit)
    visit.page.locator(".hljs-keyword").first.wait_for()
    assert accessibility_problems(visit) == []
    visit.picture(f"chat-{locale}")
