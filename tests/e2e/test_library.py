"""Agents and voices in the page: made, tried, changed, deleted and brought back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.conftest import SCRIPTED, Open, Server, running_server
from e2e.test_page import PHONE, accessibility_problems
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_agent_is_made_copied_deleted_and_brought_back(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    page = visit.page
    page.get_by_role("link", name="Agents").click()
    page.get_by_role("button", name="New agent").click()
    page.get_by_label("Name", exact=True).fill("Captain")
    page.get_by_label("Description").fill("Sails the seven seas.")
    page.get_by_label("Character and task").fill("You are a ship's captain.")
    page.get_by_label("Greeting").fill("Ahoy!")
    page.get_by_label("Language", exact=True).select_option("en")
    assert accessibility_problems(visit) == []
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Captain is saved.")
    expect(page).to_have_url(re.compile(r"/app/agents/agent_[0-9a-f]+$"))

    page.get_by_role("link", name="All agents").click()
    page.get_by_role("button", name="More about Captain").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Captain (copy)")

    page.get_by_role("link", name="All agents").click()
    card = page.locator(".agent-card").filter(has=page.get_by_role("heading", name="Captain", exact=True))
    card.get_by_role("button", name="More about Captain").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card).to_have_count(1)
    visit.picture("agents-en-desktop")
    card.get_by_role("button", name="Talk").click()
    page.get_by_role("heading", name="Talk with Captain").wait_for()


def test_a_changed_agent_is_not_lost_by_a_click_and_can_be_set_back(
    echo_server: Server, open_page: Open
) -> None:
    visit = open_page(echo_server.url, locale="zh-CN", viewport=PHONE)
    page = visit.page
    page.goto(f"{echo_server.url}/app/agents/xiaokai")
    page.get_by_label("开场白").fill("喂？")
    page.get_by_role("link", name="全部角色").click()
    page.get_by_role("heading", name="不保存就离开？").wait_for()
    page.get_by_role("button", name="取消").click()
    expect(page.get_by_label("开场白")).to_have_value("喂？")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toast")).to_contain_text("已保存小开")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    visit.picture("agent-zh-phone")
    page.get_by_role("link", name="全部角色").click()
    page.get_by_text("已修改").wait_for()
    page.get_by_role("button", name="小开的更多操作").click()
    page.get_by_role("menuitem", name="恢复原样").click()
    expect(page.get_by_text("已修改")).to_have_count(0)
    assert accessibility_problems(visit) == []


def test_voices_are_found_and_heard(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    page = visit.page
    page.get_by_role("link", name="Voices").click()
    page.get_by_label("Find").fill("high")
    expect(page.locator(".voice")).to_have_count(1)
    page.get_by_label("Words to say").fill("Can you hear me?")
    with page.expect_response("**/api/voices/preview") as answer:
        page.get_by_role("button", name="Listen to Scripted high").click()
    assert answer.value.headers["content-type"] == "audio/wav"
    page.get_by_role("button", name="Stop Scripted high").wait_for()
    page.get_by_role("button", name="Listen to Scripted high").wait_for()  # it has come to its end
    page.get_by_label("Find").fill("nobody")
    page.get_by_role("heading", name="No voice fits").wait_for()
    assert accessibility_problems(visit) == []
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".voice")).to_have_count(2)


@pytest.fixture
def kokoro_server(tmp_path: Path) -> Iterator[Server]:
    """A server that really speaks; all else is scripted. Its first start downloads the voices."""
    settings = {**SCRIPTED, "KAIKOU_TTS__ENGINE": "kokoro"}
    with running_server(tmp_path, settings, ready_within=300) as server:
        yield server


@pytest.mark.models
def test_a_voice_is_blended(kokoro_server: Server, open_page: Open) -> None:
    server = kokoro_server
    visit = open_page(server.url, color_scheme="dark")
    page = visit.page
    page.goto(f"{server.url}/app/voices")
    page.get_by_role("button", name="Blend a voice").click()
    page.get_by_label("Share of voice 1").fill("75")
    page.get_by_label("Share of voice 2").fill("25")
    expect(page.locator("output").first).to_have_text("75 %")
    with page.expect_response("**/api/voices/preview", timeout=60_000) as answer:
        page.get_by_role("button", name="Listen to the mixture").click()
    assert int(answer.value.headers["content-length"]) > 24_000  # more than half a second of 24 kHz sound
    page.get_by_label("Name", exact=True).fill("Evening")
    assert accessibility_problems(visit) == []
    visit.picture("blend-en-dark")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    own = page.locator(".voice").filter(has_text="Evening")
    expect(own).to_contain_text("75 %")
    visit.picture("voices-en-dark")
    own.get_by_role("button", name="More about Evening").click()
    page.get_by_role("menuitem", name="Edit the blend").click()
    page.get_by_label("Share of voice 2").fill("75")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(own).to_contain_text("50 %")
    own.get_by_role("button", name="More about Evening").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(own).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(own).to_have_count(1)
