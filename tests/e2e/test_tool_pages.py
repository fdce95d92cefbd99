"""Tools in the page: found, tried, MCP servers added and removed, an agent's list of tools."""

from __future__ import annotations

import re

import httpx
import pytest
from e2e.conftest import Open, Server
from e2e.test_page import PHONE, accessibility_problems, too_wide
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_tool_is_tried_and_an_mcp_server_added(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url)
    page = visit.page
    page.get_by_role("link", name="Tools").click()
    builtin = page.locator(".source").filter(has=page.get_by_role("heading", name="Built in"))
    expect(builtin).to_contain_text("Works")
    assert accessibility_problems(visit) == []
    visit.picture("tools-en-desktop")
    page.get_by_label("Find a tool").fill("web")
    search = page.locator(".tool").filter(has_text="web_search")
    expect(search).to_contain_text("KAIKOU_TOOLS__SEARCH_KEY")
    expect(search.get_by_role("button", name="Try")).to_be_disabled()
    page.get_by_label("Find a tool").fill("get_time")
    page.get_by_role("button", name=re.compile("^Try.*get_time$")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("zone").fill("Asia/Tokyo")
    dialog.get_by_role("button", name="Call it").click()
    expect(dialog.locator(".trial-result")).to_contain_text("It worked")
    assert accessibility_problems(visit) == []
    visit.picture("tool-trial-en-desktop")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=re.compile("^Try.*get_time$"))).to_be_focused()
    expect(page.locator(".tool").filter(has_text="get_time")).to_contain_text("ms")

    page.get_by_label("Find a tool").fill("")
    page.get_by_role("button", name="Add an MCP server").click()
    dialog.get_by_label("Name").fill("calendar")
    dialog.get_by_label("Address").fill("http://127.0.0.1:9/mcp")
    assert accessibility_problems(visit) == []
    dialog.get_by_role("button", name="Add and connect").click()
    source = page.locator(".source").filter(has_text="MCP server calendar")
    expect(source).to_contain_text("Has a problem")
    expect(source.get_by_role("alert")).not_to_be_empty()
    visit.picture("mcp-failed-en-desktop")
    more = source.get_by_role("button", name="More about calendar")
    more.press("Enter")
    assert accessibility_problems(visit) == []
    page.get_by_role("menuitem", name="Who may use it").press("Enter")
    dialog.get_by_label("Only these").check()
    dialog.get_by_label("Robin").check()
    assert accessibility_problems(visit) == []
    visit.picture("mcp-grant-en-desktop")
    dialog.get_by_role("button", name="Save").click()
    expect(source).to_contain_text("for Robin")
    expect(more).to_be_focused()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(source).not_to_contain_text("for Robin")
    more.click()
    page.get_by_role("menuitem", name="Leave out for now").click()
    page.get_by_role("button", name=re.compile("^Use again.*calendar$")).click()
    expect(source).to_have_count(1)
    more.click()
    page.get_by_role("menuitem", name="Remove").click()
    expect(source).to_have_count(0)
    page.locator(".toast").filter(has_text="calendar was removed").get_by_role("button", name="Undo").click()
    expect(source).to_have_count(1)


def test_an_agents_tools_are_chosen_on_a_phone(echo_server: Server, open_page: Open) -> None:
    visit = open_page(echo_server.url, locale="zh-CN", viewport=PHONE)
    page = visit.page
    page.goto(f"{echo_server.url}/app/tools")
    expect(page.locator(".source").filter(has_text="内置")).to_be_visible()
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("tools-zh-phone")
    page.goto(f"{echo_server.url}/app/agents/partner?tab=tools")
    page.get_by_label("只限勾选的").check()
    page.get_by_label("内置：全部").check()
    expect(page.get_by_label("时间", exact=True)).to_be_checked()
    page.get_by_label("天气", exact=True).uncheck()
    expect(page.get_by_label("内置：全部")).not_to_be_checked()
    assert too_wide(visit) == []
    assert accessibility_problems(visit) == []
    visit.picture("agent-tools-zh-phone")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("button", name="保存")).to_be_disabled()
    page.reload()
    expect(page.get_by_label("时间", exact=True)).to_be_checked()
    expect(page.get_by_label("天气", exact=True)).not_to_be_checked()
    httpx.delete(f"{echo_server.url}/api/agents/partner").raise_for_status()  # as it came
