"""What the page is to those who look, who listen and who only have a keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from e2e.conftest import ROOT, Open, Serve, Server, Visit, hold, recording

pytestmark = pytest.mark.browser

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 360, "height": 700}
DESKTOP = {"width": 1280, "height": 800}
PATHS = (
    "/app",
    "/app/conversations",
    "/app/agents",
    "/app/agents/partner",
    "/app/voices",
    "/app/devices",
    "/app/knowledge",
    "/app/memory",
    "/app/tools",
    "/app/settings",
    "/app/performance",
    "/app/nowhere",
)


def accessibility_problems(visit: Visit) -> list[str]:
    """What axe-core objects to, as lines a person can act on."""
    visit.page.evaluate(AXE.read_text(encoding="utf-8"))
    for landmark in ("main", "h1"):  # until they are there the page's script is on its way
        visit.page.locator(landmark).first.wait_for(state="attached")
    found: dict[str, Any] = visit.page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html']} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def too_wide(visit: Visit) -> list[str]:
    """What reaches out of the page at its right, where it is not meant to be scrolled to."""
    found: list[str] = visit.page.evaluate(
        """() => {
          const edge = document.documentElement.clientWidth + 1;
          const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflowX);
          const inside = (one) => one.closest(".beside") === one || !one
            ? false : scrolls(one) || inside(one.parentElement);
          return [...document.querySelectorAll(".beside *")]
            .filter((one) => one.getBoundingClientRect().right > edge && !inside(one))
            .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`);
        }"""
    )
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_everybody_can_use_it(
    echo_server: Server, open_page: Open, tmp_path: Path, locale: str, scheme: str
) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=4, after=2)
    visit = open_page(echo_server.url, microphone=microphone, locale=locale, color_scheme=scheme)
    visit.page.locator(".agents").wait_for()
    assert accessibility_problems(visit) == []
    visit.picture(f"welcome-{locale}-{scheme}")
    visit.page.locator(".call-start .primary").click()
    visit.page.locator(".timing summary").first.click()
    assert accessibility_problems(visit) == []
    visit.picture(f"talking-{locale}-{scheme}")


@pytest.mark.parametrize(
    ("locale", "viewport"), [("en-US", DESKTOP), ("zh-CN", PHONE)], ids=["desktop", "phone-chinese"]
)
def test_every_page_is_accessible_and_fits(
    echo_server: Server, open_page: Open, locale: str, viewport: dict[str, int]
) -> None:
    hold(echo_server, ["One conversation that the pages have to show"])
    visit = open_page(echo_server.url, locale=locale, viewport=viewport)
    found: dict[str, list[str]] = {}
    for path in PATHS:
        visit.page.goto(f"{echo_server.url}{path}")
        if path == "/app":  # its heading changes with the first answer of the server
            visit.page.locator(".agents").wait_for()
        found[path] = accessibility_problems(visit) + too_wide(visit)
        if visit.page.evaluate("() => document.documentElement.scrollWidth") > viewport["width"]:
            found[path].append("the page is wider than the window")
    assert found == {path: [] for path in PATHS}


def test_every_part_of_a_call_is_accessible_and_still(echo_server: Server, open_page: Open) -> None:
    """On a phone, held to talk, with less motion: the transcript, the devices, the bar elsewhere."""
    kept = {"mode": "push", "transcript": True}
    visit = open_page(
        echo_server.url, preferences=kept, viewport=PHONE, reduced_motion="reduce", has_touch=True
    )
    visit.page.get_by_role("button", name="Start talking").click()
    visit.wait_status("Hold the button and speak")
    assert accessibility_problems(visit) == []
    visit.picture("transcript-phone")
    moving = "() => document.getAnimations().filter((one) => one.playState === 'running').length"
    assert visit.page.evaluate(moving) == 0
    visit.page.get_by_role("button", name="Sound").click()
    assert accessibility_problems(visit) == []
    visit.picture("sound-phone")
    visit.page.get_by_role("button", name="Close").click()
    visit.page.get_by_role("button", name="Menu").click()
    visit.page.get_by_role("link", name="Agents").click()
    visit.page.get_by_role("region", name="Call with Robin").wait_for()
    assert accessibility_problems(visit) == []
    assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    visit.picture("call-bar-phone")


def test_it_fits_a_phone(echo_server: Server, open_page: Open, tmp_path: Path) -> None:
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=4, after=2)
    visit = open_page(echo_server.url, microphone=microphone, viewport=PHONE)
    visit.page.locator(".agents").wait_for()
    for moment in ("welcome", "talking"):
        width = visit.page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        visit.picture(f"{moment}-phone")
        for button in visit.page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44, button.inner_text()
            assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"], button.inner_text()
        if moment == "welcome":
            visit.page.locator(".call-start .primary").click()
            visit.page.locator(".live-captions.user").wait_for()


def test_the_language_follows_the_browser_and_the_switch(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, locale="zh-CN")
    visit.page.get_by_role("heading", name="和小开聊聊").wait_for()
    assert visit.page.evaluate("() => document.documentElement.lang") == "zh-CN"
    visit.page.get_by_role("button", name="Switch to English").click()
    visit.page.get_by_role("heading", name="Talk with Robin").wait_for()
    visit.page.reload()
    visit.page.get_by_role("heading", name="Talk with Robin").wait_for()


def test_a_call_needs_no_mouse(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    visit.page.get_by_role("button", name="Start talking").wait_for()
    keys = visit.page.keyboard
    visit.page.get_by_role("radio", name="Robin").focus()
    keys.press("ArrowDown")
    assert visit.page.get_by_role("radio", name="小开").is_checked()
    keys.press("Tab")
    keys.press("Enter")
    visit.wait_status("Listening", "Speaking")
    assert visit.page.evaluate("() => document.activeElement.id") == "content"
    for _ in range(12):
        keys.press("Tab")
        if visit.page.evaluate("() => document.activeElement.innerText") == "End":
            break
    keys.press("Enter")
    visit.wait_status("The call has ended. The microphone is closed.")
    assert visit.page.evaluate("() => document.activeElement.id") == "content"


def test_the_keys_are_listed_and_lead_to_the_search(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, locale="zh-CN")
    visit.page.get_by_role("heading", name="和小开聊聊").wait_for()
    keys = visit.page.keyboard
    keys.press("?")
    visit.page.get_by_role("dialog", name="键盘快捷键").wait_for()
    assert accessibility_problems(visit) == []
    visit.picture("shortcuts-zh")
    keys.press("Escape")
    visit.page.get_by_role("dialog").wait_for(state="detached")
    keys.press("/")
    assert visit.page.evaluate("() => document.activeElement.type") == "search"
    keys.press("?")
    assert visit.page.get_by_role("searchbox").input_value() == "?"
    assert visit.page.get_by_role("dialog").count() == 0


def test_a_password_is_asked_for(serve: Serve, open_page: Open) -> None:
    server = serve(KAIKOU_PASSWORD="open sesame")
    visit = open_page(server.url, errors_expected=True)
    password = visit.page.get_by_label("Password")
    password.fill("let me in")
    password.press("Enter")
    visit.page.get_by_text("That is not the password").wait_for()
    assert accessibility_problems(visit) == []
    visit.picture("login")
    password.fill("open sesame")
    password.press("Enter")
    visit.page.get_by_role("button", name="Start talking").click()
    visit.wait_status("Listening", "Speaking")


SHOWN = """state => {
  Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What browsers tell a page that another one covers; a test's pages all believe that they are seen."""


def test_many_windows_leave_a_connection_for_the_next(echo_server: Server, open_page: Open) -> None:
    """Browsers give a site six connections over HTTP/1.1, in all windows together."""
    visit = open_page(echo_server.url)
    visit.page.locator(".agents").wait_for()
    for _ in range(7):
        visit.page.context.pages[-1].evaluate(SHOWN, "hidden")
        another = visit.page.context.new_page()
        another.goto(f"{echo_server.url}/app/conversations")
        another.get_by_role("heading", level=1).wait_for()
    # The first one has missed something meanwhile, and learns of it when it is looked at.
    identifier = hold(echo_server, ["Said behind its back"])
    visit.page.evaluate(SHOWN, "visible")
    visit.page.get_by_role("complementary").get_by_text("Said behind its back").wait_for()
    httpx.patch(f"{echo_server.url}/api/conversations/{identifier}", json={"title": "Said before its eyes"})
    visit.page.get_by_role("complementary").get_by_text("Said before its eyes").wait_for()
