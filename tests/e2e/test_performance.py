"""The performance page: the turns that were measured, drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from e2e.conftest import Open, Serve, recording
from e2e.test_page import PHONE, accessibility_problems
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_turns_are_drawn_as_they_were_measured(serve: Serve, open_page: Open, tmp_path: Path) -> None:
    server = serve(KAIKOU_LLM__SCRIPTED__ECHO="true", KAIKOU_STT__SCRIPTED__TRANSCRIPTS="Good morning.")
    microphone = recording(tmp_path, "en_agree_to_disagree.opus", before=1, after=2)
    visit = open_page(server.url, microphone=microphone, preferences={"transcript": True})
    page = visit.page
    page.get_by_role("link", name="Performance").click()
    page.get_by_role("heading", name="No turns in this time").wait_for()
    visit.picture("performance-empty")
    page.get_by_role("link", name="Start talking").click()
    page.get_by_role("button", name="Start talking").click()
    visit.wait_lines("assistant", 2)
    page.get_by_role("button", name="End", exact=True).click()

    page.get_by_role("link", name="Performance").click()
    page.get_by_role("heading", name="Time to the first sound").wait_for()
    page.get_by_role("img", name="Time to the first sound").wait_for()
    expect(page.get_by_role("row", name="First sound sent")).to_contain_text("s")
    expect(page.locator(".turn").first).to_be_visible()
    page.locator(".turn summary").first.click()
    expect(page.locator(".turn table").first).to_be_visible()
    expect(page.get_by_text("Scripted recogniser")).to_be_visible()
    assert accessibility_problems(visit) == []
    visit.picture("performance-en-desktop")
    page.set_viewport_size(PHONE)
    page.get_by_role("heading", name="Performance", level=1).scroll_into_view_if_needed()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    assert accessibility_problems(visit) == []
    visit.picture("performance-en-phone")
